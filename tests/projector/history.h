// History builds one medium's events as a log would hold them, for tests of pure folds.

#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "events/hash.h"
#include "projector/medium_fold.h"

namespace ntt::tests {

// Seq, id and times are given as a log would: recorded_at is the seq.
class History {
 public:
  template <class Payload>
  events::Sequence add(const Payload& payload, std::int64_t at, events::Sequence cause = {},
                       events::Origin origin = events::Origin::native) {
    events::Event event;
    event.seq = {events_.size() + 1};
    event.id = *events::EventId::from_bytes(
        events::Sha256::of(std::to_string(event.seq.value)).view().substr(0, 16));
    event.type = Payload::kType;
    event.medium = {"aa"};
    event.occurred_at = {at};
    event.recorded_at = {static_cast<std::int64_t>(event.seq.value)};
    event.origin = origin;
    event.cause = cause;
    event.data = events::to_data(payload);
    events_.push_back(std::move(event));
    return events_.back().seq;
  }
  events::Sequence load(std::int64_t at, std::uint32_t generation = 1) {
    const events::Sequence start = add(events::LoadStart{}, at - 1);
    events::LoadSuccess success;
    success.generation = generation;
    return add(success, at, start);
  }
  events::Sequence copy(std::int64_t at, events::Sequence load, std::uint32_t generation = 1) {
    events::CopySuccess success;
    success.load = load.value;
    success.generation = generation;
    return add(success, at);
  }
  events::Sequence retract(events::Sequence seq, std::int64_t at) {
    return add(events::Retraction{seq.value, "a mistake"}, at);
  }
  [[nodiscard]] projector::MediumState fold() const { return fold_of(events_); }
  static projector::MediumState fold_of(const std::vector<events::Event>& events) {
    auto state = projector::fold_medium(events);
    EXPECT_TRUE(state) << state.error().message;
    return std::move(*state);
  }
  std::vector<events::Event> events_;
};

// A history of any shape, chosen by RapidCheck: attempts, ends, generations, labels, clocks that
// jump.
std::vector<events::Event> any_history(events::Origin origin, bool with_causes);
// The same with events of every origin, and retractions of anything before them.
std::vector<events::Event> any_mixed_history();

}  // namespace ntt::tests
