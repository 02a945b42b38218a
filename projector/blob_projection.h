// The table `blobs`: every blob that any copy ever stored or found, and its latest check.

#pragma once

#include "events/log.h"
#include "projector/event_projection.h"
#include "projector/pg.h"

namespace ntt::projector {

// Folds new copy_batch and verify_batch events. A retraction does not take a blob away: the store
// still has it.
events::Status project_blobs(Pg& pg, const events::Log& log, const NewEvents& found);

}  // namespace ntt::projector
