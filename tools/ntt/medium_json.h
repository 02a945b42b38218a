// A medium's state as JSON.

#pragma once

#include "projector/medium_fold.h"
#include "tools/ntt/json.h"

namespace ntt::tools {

// `running`: the run that a process is working on now; zero when none is.
Json json_of(const projector::MediumState& medium, const events::RunId& running);

}  // namespace ntt::tools
