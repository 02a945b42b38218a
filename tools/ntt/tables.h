// Bringing the tables up to the log.

#pragma once

#include "projector/projector.h"
#include "stages/stage.h"
#include "tools/ntt/context.h"

namespace ntt::tools {

// Connects to the database of the settings and folds everything up to the log's head.
events::Result<projector::ProjectReport> project(Context& context, stages::Progress& progress);

// Warns of each event that could not be folded, and what to do. Whether a medium is stopped.
bool warn_of_unfolded(const std::vector<projector::UnfoldedEvent>& unfolded);

// Shows the projector's progress as that of a stage.
projector::ProjectProgress table_progress(stages::Progress& progress, std::string stage);

// `ntt verify tables`.
int verify_tables(Context& context, bool json);

}  // namespace ntt::tools
