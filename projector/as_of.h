// As of: the events that make a medium what it was at some moment, or what it was known to be.
// Pure. What the two times mean: docs/time.md.

#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "events/event.h"
#include "events/result.h"

namespace ntt::projector {

// An instant, or the log when it ended with an event.
using Moment = std::variant<events::Timestamp, events::Sequence>;

struct AsOf {
  // What had become true by then: by the medium's own time (fold_order.h), or up to the event.
  // Retractions say that something never was true: those that are known always count.
  std::optional<Moment> at;
  // What the log had recorded by then, retractions included.
  std::optional<Moment> known_at;
};

// Which of one medium's events, in the order of the log and without batches, fold_medium() has to
// fold. Empty: nothing of the medium was true, or known, by then.
events::Result<std::vector<events::Event>> events_as_of(std::vector<events::Event> log_order,
                                                        const AsOf& as_of);

}  // namespace ntt::projector
