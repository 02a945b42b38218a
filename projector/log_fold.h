// Folding a stretch of the log into the tables of the session's schema.

#pragma once

#include <optional>

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

// Needs a transaction, at whose end rows and checkpoint are committed together. Returns the number
// of inode and path rows written. Errors: corruption (an event cannot be folded: named), conflict
// (a reader holds a partition that has to be replaced, or the checkpoint does not stand at `from`),
// unavailable, io.
events::Result<std::uint64_t> fold_log(Pg& pg, const events::Log& log, const FoldRange& range,
                                       const ProjectProgress& progress);

// Folds the medium's events up to the checkpoint again and writes all its rows anew, whatever they
// say now; the checkpoint stays. Needs a transaction.
events::Result<std::uint64_t> fold_medium_again(Pg& pg, const events::Log& log,
                                                const events::MediumId& medium,
                                                const ProjectProgress& progress);

}  // namespace ntt::projector
