// The order in which a fold takes a medium's events.
//
// 1. Retracted events are left out, and so are the retractions themselves. A retraction that is
//    itself retracted has no effect.
// 2. Native events keep the order of the log. The time of a native event is the latest occurred_at
//    of it and of the native events before it, so a clock that went back moves nothing.
// 3. Late events (imported, backfilled) are ordered among themselves by occurred_at; at the same
//    instant (old logs know seconds) by the natural order of a pipeline: identify before image
//    before enum ..., starts before ends; then by id, which comes from their source. Their place in
//    the log does not count, so the order of importing does not either.
// 4. The two are merged by time; at the same instant the late event goes first.

#pragma once

#include <span>
#include <vector>

#include "events/event.h"

namespace ntt::projector {

// An event, and the instant at which the medium's own time has it: rules 2 and 3.
struct PlacedEvent {
  const events::Event* event = nullptr;
  events::Timestamp at;
  bool counts = true;             // false: retracted, or a retraction
  events::Sequence retracted_by;  // 0: it is not
};

// All events, those too that do not count, in such an order that those that count stand as
// fold_order() has them. What does not count stands where it occurred, as near as that order lets
// it. Same parameter and errors.
events::Result<std::vector<PlacedEvent>> story_order(std::span<const events::Event> log_order);

// `log_order` is one medium's events in the order of the log and must outlive the result.
// Errc::corruption names a retraction that cannot be read (Error::event).
events::Result<std::vector<const events::Event*>> fold_order(
    std::span<const events::Event> log_order);

}  // namespace ntt::projector
