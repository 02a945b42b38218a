// The order of a fold: events, media, blobs, generations, checkpoint.

#include "projector/log_fold.h"

#include "projector/blob_projection.h"
#include "projector/checkpoint.h"
#include "projector/event_projection.h"
#include "projector/generation_projection.h"
#include "projector/medium_projection.h"

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Log;
using events::Result;
using events::Status;

Result<std::uint64_t> fold_log(Pg& pg, const Log& log, const FoldRange& range,
                               const ProjectProgress& progress) {
  const Sequence last = range.to.seq;
  auto found = project_events(pg, log, {range.from, last, range.medium}, progress);
  if (!found) return std::move(found).error();
  auto stored = read_stored_media(pg);
  if (!stored) return std::move(stored).error();
  auto media = fold_media(log, last, found->media, *stored);
  if (!media) return std::move(media).error();
  if (auto done = project_media(pg, *media); !done) return std::move(done).error();
  if (!range.medium) {
    if (auto done = project_blobs(pg, log, *found); !done) return std::move(done).error();
  }
  auto rows = project_generations(pg, log, last, *media, progress);
  if (!rows) return rows;
  auto moved = write_checkpoint(pg, range.from, range.to);
  if (!moved) return std::move(moved).error();
  return rows;
}

Result<std::uint64_t> fold_medium_again(Pg& pg, const Log& log, const events::MediumId& medium,
                                        const ProjectProgress& progress) {
  auto position = read_checkpoint(pg);
  if (!position) return std::move(position).error();
  if (auto same = check_witness(log, *position); !same) return std::move(same).error();
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
  auto media = fold_media(log, position->seq, found->media, *stored);
  if (!media) return std::move(media).error();
  for (FoldedMedium& folded : *media) folded.is_forced = true;
  if (auto done = project_media(pg, *media); !done) return std::move(done).error();
  return project_generations(pg, log, position->seq, *media, progress);
}

}  // namespace ntt::projector
