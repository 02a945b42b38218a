// Bringing the tables up to the log.

#pragma once

#include "projector/projector.h"
#include "stages/stage.h"
#include "tools/ntt/context.h"

namespace ntt::tools {

// Connects to the database of the settings and folds everything up to the log's head.
events::Result<projector::ProjectReport> project(Context& context, stages::Progress& progress);

}  // namespace ntt::tools
