// What cannot be folded names itself, so leaving it out is a loop that gets shorter.

#include "projector/partial_fold.h"

#include <algorithm>

namespace ntt::projector {

namespace {

// A retraction stays: the event that it names never was.
void keep_before(std::vector<events::Event>& log_order, Sequence stop) {
  std::erase_if(log_order, [stop](const events::Event& event) {
    return event.seq == stop || (event.seq > stop && event.type != events::Retraction::kType);
  });
}

}  // namespace

PartialFold fold_partly(std::vector<events::Event> medium_events, std::optional<FoldStop> stop) {
  const events::MediumId medium =
      medium_events.empty() ? events::MediumId() : medium_events.front().medium;
  if (stop) keep_before(medium_events, stop->at);
  while (true) {
    auto state = fold_medium(medium_events);
    if (state) {
      state->medium = medium;
      return {std::move(*state), std::move(stop)};
    }
    const Sequence unreadable{state.error().event};
    CHECK(unreadable);
    keep_before(medium_events, unreadable);
    if (!stop || unreadable < stop->at) stop = FoldStop{unreadable, state.error().message};
  }
}

}  // namespace ntt::projector
