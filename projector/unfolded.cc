// A table of a few rows: it is merged whole.

#include "projector/unfolded.h"

#include <array>

#include "projector/copy_writer.h"
#include "projector/row_merge.h"

namespace ntt::projector {

using events::Result;
using events::Status;

namespace {

constexpr MergeTable kUnfolded{"unfolded_event", "seq, lacking",
                               "seq, lacking, medium_hash, reason", "seq, lacking"};
constexpr std::array kLacking = {Lacking::medium, Lacking::blobs, Lacking::nothing};

Lacking parse_lacking(const std::string& text) {
  for (const Lacking lacking : kLacking) {
    if (text == to_string(lacking)) return lacking;
  }
  return Lacking::nothing;  // the table's constraint admits no other word
}

}  // namespace

std::string_view to_string(Lacking lacking) {
  switch (lacking) {
    case Lacking::medium:
      return "medium";
    case Lacking::blobs:
      return "blobs";
    case Lacking::nothing:
      return "nothing";
  }
  return "";
}

std::string unfolded_reason(const events::Event& event, const events::Error& error) {
  const std::string name = "event " + std::to_string(event.seq.value);
  if (error.message.starts_with(name)) return error.message;
  return name + " (" + event.type + "): " + error.message;
}

Result<std::vector<UnfoldedEvent>> read_unfolded(Pg& pg) {
  auto rows = pg.query(
      "SELECT seq, lacking, medium_hash, reason FROM unfolded_event ORDER BY seq, lacking");
  if (!rows) return std::move(rows).error();
  std::vector<UnfoldedEvent> unfolded;
  for (const Row& row : *rows) {
    unfolded.push_back({{std::strtoull(row[0]->c_str(), nullptr, 10)},
                        parse_lacking(*row[1]),
                        {row[2].value_or("")},
                        *row[3]});
  }
  return unfolded;
}

Status write_unfolded(Pg& pg, const std::vector<UnfoldedEvent>& unfolded) {
  if (auto made = make_fresh(pg, kUnfolded); !made) return made;
  CopyWriter rows(pg);
  if (auto started = rows.start(kUnfolded.fresh(), kUnfolded.columns, false); !started) {
    return started;
  }
  for (const UnfoldedEvent& event : unfolded) {
    if (auto begun = rows.row(); !begun) return begun;
    rows.int8(clamped(event.seq.value));
    rows.plain(to_string(event.lacking));
    event.medium.empty() ? rows.null() : rows.text(event.medium.text);
    rows.text(event.reason);
  }
  auto finished = rows.finish();
  if (!finished) return std::move(finished).error();
  return merge_rows(pg, kUnfolded, "true");
}

}  // namespace ntt::projector
