// A medium's state as JSON.

#pragma once

#include "projector/partial_fold.h"
#include "projector/projector.h"
#include "tools/ntt/json.h"

namespace ntt::tools {

// `running`: the run that a process is working on now; zero when none is.
Json json_of(const projector::PartialFold& fold, const events::RunId& running);

// What the tables lack.
Json json_of(const std::vector<projector::UnfoldedEvent>& unfolded);

}  // namespace ntt::tools
