// Correction: what may be retracted, and what a corrective event will change. Pure.

#pragma once

#include <string>
#include <vector>

#include "projector/medium_row.h"

namespace ntt::projector {

// Why `event` must not be retracted, in words; empty: it may be. `medium_events` are all events of
// its medium but the batches, in the order of the log. Refused are records that no state comes from
// (runs, clean-ups, signatures), what is part of a whole that is retracted as a whole (batches),
// attempts that this program saw begin, and what is retracted already. docs/time.md has the list.
// An event of a medium whose payload cannot be read may always be retracted, but once.
std::string why_not_retractable(const events::Event& event,
                                const std::vector<events::Event>& medium_events);

// What the medium's row becomes by adding `event`, whose seq is behind all others. `last_seq` is
// not listed. Before and after are what they can be folded to (partial_fold.h).
std::vector<RowDifference> effect_of(std::vector<events::Event> medium_events,
                                     const events::Event& event);

}  // namespace ntt::projector
