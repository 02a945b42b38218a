// Differences between tables and log, as `ntt diff`, `ntt audit` and `ntt verify tables` print
// them.

#pragma once

#include <string>

#include "events/log.h"
#include "projector/comparison.h"
#include "tools/ntt/json.h"

namespace ntt::tools {

// The event behind a difference, with its type and time; null when there is none.
Json json_of_event_behind(const events::Log& log, events::Sequence seq);

Json json_of(const projector::Difference& difference, const events::Log& log);

// One line for people.
std::string text_of(const projector::Difference& difference, const events::Log& log);

}  // namespace ntt::tools
