// Partial fold: a medium as far as its events can be folded. One event that cannot be read stops
// its own medium, and nothing else. Pure.
//
// A medium that is stopped at an event is what it was before it: the fold of the events with lower
// numbers, and of every retraction, as `ntt state --at` counts them. Once that event is retracted,
// or a newer program can read it, the medium is the fold of all its events again.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "projector/medium_fold.h"

namespace ntt::projector {

struct FoldStop {
  Sequence at;         // the event
  std::string reason;  // in words; names the event that cannot be read
  bool operator==(const FoldStop&) const = default;
};

struct PartialFold {
  MediumState state;
  std::optional<FoldStop> stop;  // nothing: every event was folded
};

// `medium_events` as fold_medium() takes them. `stop`: one that is known from elsewhere, to fold
// only what is before it.
PartialFold fold_partly(std::vector<events::Event> medium_events,
                        std::optional<FoldStop> stop = std::nullopt);

}  // namespace ntt::projector
