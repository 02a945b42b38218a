// Folding a stretch of the log into the tables of the session's schema.

#pragma once

#include <optional>
#include <vector>

#include "events/log.h"
#include "projector/pg.h"
#include "projector/projector.h"

namespace ntt::projector {

// The tables hold the fold of the events up to `from` and are to hold that up to `to`.
struct FoldRange {
  events::Sequence from;
  events::Head to;
  // Only this medium's rows, for looking at one; `blobs` belongs to no medium and is left alone.
  std::optional<events::MediumId> medium;
};

struct FoldedLog {
  std::uint64_t rows = 0;               // inode and path rows written
  std::vector<UnfoldedEvent> unfolded;  // what the tables lack now
};

// Needs a transaction, at whose end rows and checkpoint are committed together. Media that are
// stopped are tried again, even if the range is empty. Errors: corruption (the log is damaged),
// conflict (a reader holds a partition that has to be replaced, or the checkpoint does not stand at
// `from`), unavailable, io.
//
// `aside`: a second connection, in a transaction of its own, to tables that nobody reads yet and
// that are empty. It writes `blobs` while the other writes the rest; both have to be committed.
events::Result<FoldedLog> fold_log(Pg& pg, const events::Log& log, const FoldRange& range,
                                   const ProjectProgress& progress, Pg* aside = nullptr);

// Folds the medium's events up to the checkpoint again and writes all its rows anew, whatever they
// say now; the checkpoint stays. `unfolded` is that of the medium. Needs a transaction.
events::Result<FoldedLog> fold_medium_again(Pg& pg, const events::Log& log,
                                            const events::MediumId& medium,
                                            const ProjectProgress& progress);

}  // namespace ntt::projector
