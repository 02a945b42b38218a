// The partitions of `inode` and `path` and the row of `queue_stats`: the current generation of a
// medium.

#pragma once

#include <vector>

#include "events/log.h"
#include "projector/medium_projection.h"
#include "projector/pg.h"
#include "projector/projector.h"

namespace ntt::projector {

// Brings the partitions of the media to their current generations, where generation or outcomes
// changed. New tables are filled and indexed first, unseen; all of them take their places at the
// end, with short locks. A medium whose generation cannot be read is stopped before the event that
// makes it so. Returns the number of inode and path rows written. Errors: conflict (a reader holds
// a table that has to be replaced).
events::Result<std::uint64_t> project_generations(Pg& pg, const events::Log& log, Sequence last,
                                                  std::vector<FoldedMedium>& media,
                                                  const ProjectProgress& progress);

}  // namespace ntt::projector
