// The order of a fold: events, media, blobs, generations, checkpoint.

#include "projector/log_fold.h"

#include <algorithm>
#include <future>
#include <set>
#include <tuple>

#include "events/payload.h"
#include "projector/blob_projection.h"
#include "projector/checkpoint.h"
#include "projector/event_projection.h"
#include "projector/generation_projection.h"
#include "projector/medium_projection.h"
#include "projector/unfolded.h"

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Log;
using events::Result;
using events::Status;

namespace {

// Media that are stopped are touched by what may have changed: this program.
void touch_stopped(std::vector<TouchedMedium>& media, const std::vector<UnfoldedEvent>& known) {
  std::set<std::string> touched;
  for (const TouchedMedium& medium : media) touched.insert(medium.medium.text);
  for (const UnfoldedEvent& event : known) {
    if (event.lacking == Lacking::medium && touched.insert(event.medium.text).second) {
      media.push_back({event.medium, false, false, {}});
    }
  }
}

// Folds the media and writes their rows; which of them are stopped is added to `unfolded`.
Result<std::uint64_t> write_media(Pg& pg, const Log& log, Sequence last,
                                  std::vector<FoldedMedium>& media, const ProjectProgress& progress,
                                  std::vector<UnfoldedEvent>& unfolded) {
  auto rows = project_generations(pg, log, last, media, progress);
  if (!rows) return rows;
  if (auto done = project_media(pg, media); !done) return std::move(done).error();
  for (const FoldedMedium& medium : media) {
    if (!medium.stop) continue;
    unfolded.push_back(
        {medium.stop->at, Lacking::medium, medium.touched.medium, medium.stop->reason});
  }
  return rows;
}

Status write_in_order(Pg& pg, std::vector<UnfoldedEvent>& unfolded) {
  std::sort(unfolded.begin(), unfolded.end(), [](const auto& a, const auto& b) {
    return std::tie(a.seq, a.lacking) < std::tie(b.seq, b.lacking);
  });
  return write_unfolded(pg, unfolded);
}

// Those of no medium that still cannot be read.
Status keep_unreadable(const Log& log, const std::vector<UnfoldedEvent>& known,
                       std::vector<UnfoldedEvent>& unfolded) {
  for (const UnfoldedEvent& event : known) {
    if (event.lacking != Lacking::nothing) continue;
    auto read = log.read(event.seq);
    if (!read) return std::move(read).error();
    if (!events::check_payload(*read)) unfolded.push_back(event);
  }
  return {};
}

}  // namespace

Result<FoldedLog> fold_log(Pg& pg, const Log& log, const FoldRange& range,
                           const ProjectProgress& progress, Pg* aside) {
  const Sequence last = range.to.seq;
  auto known = read_unfolded(pg);
  if (!known) return std::move(known).error();
  auto found = project_events(pg, log, {range.from, last, range.medium}, progress);
  if (!found) return std::move(found).error();
  touch_stopped(found->media, *known);
  auto stored = read_stored_media(pg);
  if (!stored) return std::move(stored).error();
  auto media = fold_media(log, last, found->media, *stored, *known);
  if (!media) return std::move(media).error();
  auto blobs = std::async(aside != nullptr ? std::launch::async : std::launch::deferred,
                          [&]() -> Result<std::vector<UnfoldedEvent>> {
                            if (range.medium) return std::vector<UnfoldedEvent>();
                            return aside != nullptr ? project_first_blobs(*aside, log, *found)
                                                    : project_blobs(pg, log, *found, *known);
                          });
  if (aside == nullptr) blobs.wait();  // one after the other
  FoldedLog folded{0, found->unfolded};
  auto rows = write_media(pg, log, last, *media, progress, folded.unfolded);
  auto lacking = blobs.get();
  if (!rows) return std::move(rows).error();
  if (!lacking) return std::move(lacking).error();
  folded.rows = *rows;
  folded.unfolded.insert(folded.unfolded.end(), lacking->begin(), lacking->end());
  auto done = keep_unreadable(log, *known, folded.unfolded);
  if (done) done = write_in_order(pg, folded.unfolded);
  if (done) done = write_checkpoint(pg, range.from, range.to);
  if (!done) return std::move(done).error();
  return folded;
}

Result<FoldedLog> fold_medium_again(Pg& pg, const Log& log, const events::MediumId& medium,
                                    const ProjectProgress& progress) {
  auto position = read_checkpoint(pg);
  if (!position) return std::move(position).error();
  if (auto same = check_witness(log, *position); !same) return std::move(same).error();
  auto known = read_unfolded(pg);
  if (!known) return std::move(known).error();
  const std::string name = pg.quote(medium.text);
  auto gone = pg.execute("DELETE FROM event WHERE medium_hash = " + name);
  if (!gone) return std::move(gone).error();
  auto found = project_events(pg, log, {{}, position->seq, medium}, progress);
  if (!found) return std::move(found).error();
  if (found->media.empty()) {
    return Error{Errc::not_found, "the tables know no medium " + medium.text + " up to event " +
                                      std::to_string(position->seq.value)};
  }
  auto stored = read_stored_media(pg);
  if (!stored) return std::move(stored).error();
  auto media = fold_media(log, position->seq, found->media, *stored, *known);
  if (!media) return std::move(media).error();
  for (FoldedMedium& folded : *media) folded.is_forced = true;
  FoldedLog folded;
  auto rows = write_media(pg, log, position->seq, *media, progress, folded.unfolded);
  if (!rows) return std::move(rows).error();
  folded.rows = *rows;
  std::vector<UnfoldedEvent> all = folded.unfolded;
  for (const UnfoldedEvent& event : *known) {
    if (event.lacking != Lacking::medium || event.medium != medium) all.push_back(event);
  }
  if (auto done = write_in_order(pg, all); !done) return std::move(done).error();
  return folded;
}

}  // namespace ntt::projector
