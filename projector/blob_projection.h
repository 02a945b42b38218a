// The table `blobs`: every blob that any copy ever stored or found, and its latest check.

#pragma once

#include "events/log.h"
#include "projector/event_projection.h"
#include "projector/pg.h"

namespace ntt::projector {

// Folds new copy_batch and verify_batch events. A retraction does not take a blob away: the store
// still has it. A batch that cannot be decoded is left out; once a program can, the table is folded
// anew. `known`: what could not be folded before. Returns the batches that are left out now.
events::Result<std::vector<UnfoldedEvent>> project_blobs(Pg& pg, const events::Log& log,
                                                         const NewEvents& found,
                                                         const std::vector<UnfoldedEvent>& known);

// The same into a table that is empty and that nobody reads yet: its key is made at the end, which
// takes a third of the time.
events::Result<std::vector<UnfoldedEvent>> project_first_blobs(Pg& pg, const events::Log& log,
                                                               const NewEvents& found);

}  // namespace ntt::projector
