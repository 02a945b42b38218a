// Events and the records of their batches as JSON.

#pragma once

#include <functional>

#include "events/batch.h"
#include "events/log.h"
#include "tools/ntt/json.h"

namespace ntt::tools {

Json json_of(const events::Event& event);

// The time of a file: "2025-10-10T15:41:03.123456789", nine digits and no zone, which the volume's
// time_basis tells. Empty when there is none.
std::string text_of_nanos(const std::optional<events::Nanos>& time);

// Calls `visit` with each record of a batch event's attachment. Errors: invalid (the event's type
// has no batch), corruption (it does not decode).
events::Status visit_records(const events::Event& event, const std::string& attachment,
                             const std::function<void(const Json&)>& visit);

}  // namespace ntt::tools
