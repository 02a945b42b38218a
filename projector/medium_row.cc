// A folded medium as the values of its row.

#include "projector/medium_row.h"

#include "events/bytes.h"
#include "projector/copy_writer.h"

namespace ntt::projector {

namespace {

RowValue text(const std::string& value) {
  if (value.empty()) return {};
  const bool fits = value.find('\0') == value.npos && events::is_valid_utf8(value);
  return fits ? value : events::escape_bytes(value);
}

RowValue path(const std::string& bytes) {
  return events::escape_bytes(bytes);
}

RowValue time(const std::optional<Stamp>& stamp) {
  return stamp ? RowValue(stamp->at) : RowValue();
}

RowValue seq(const std::optional<Stamp>& stamp) {
  return stamp ? RowValue(clamped(stamp->seq.value)) : RowValue();
}

template <class Payload>
std::string basis(const std::optional<Payload>& fact, events::Origin origin) {
  if (!fact) return "";
  if (!fact->evidence) return std::string(events::to_string(origin));
  if (fact->evidence->time_is == "unknown") return "unknown";
  const bool is_bound = fact->evidence->time_is == "upper_bound";
  return (is_bound ? "not later than " : "") + fact->evidence->dated_by;
}

}  // namespace

std::string enum_done_basis(const MediumState& state) {
  return basis(state.load, state.load_origin);
}

std::string copy_done_basis(const MediumState& state) {
  return basis(state.copy, state.copy_origin);
}

std::vector<RowColumn> medium_row(const MediumState& state) {
  return {
      {"medium_hash", text(state.medium.text)},
      {"medium_human", text(state.medium_human)},
      {"added_at", time(state.added_at)},
      {"health", state.health},
      {"image_path", state.image_path ? path(*state.image_path) : RowValue()},
      {"enum_done", time(state.enum_done)},
      {"copy_done", time(state.copy_done)},
      {"message", text(state.message)},
      {"diagnostics", text(state.diagnostics)},
      {"problems", state.problems.empty() ? RowValue() : RowValue(state.problems)},
      {"size", state.size ? RowValue(clamped(*state.size)) : RowValue()},
      {"source_kind", text(state.source_kind)},
      {"source_path", state.source_kind.empty() ? RowValue() : path(state.source_path)},
      {"archive_done", time(state.archive_done)},
      {"verify_done", time(state.verify_done)},
      {"generation", static_cast<std::int32_t>(state.generation)},
      {"enum_done_seq", seq(state.enum_done)},
      {"copy_done_seq", seq(state.copy_done)},
      {"archive_done_seq", seq(state.archive_done)},
      {"verify_done_seq", seq(state.verify_done)},
      {"enum_done_basis", text(enum_done_basis(state))},
      {"copy_done_basis", text(copy_done_basis(state))},
      {"last_seq", clamped(state.last_seq.value)},
  };
}

std::vector<RowDifference> row_differences(const std::vector<RowColumn>& before,
                                           const std::vector<RowColumn>& after) {
  CHECK(before.size() == after.size());
  std::vector<RowDifference> out;
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (before[i].value == after[i].value) continue;
    out.push_back({after[i].name, before[i].value, after[i].value});
  }
  return out;
}

}  // namespace ntt::projector
