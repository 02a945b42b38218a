// Histories of any shape.

#include "tests/projector/history.h"

#include <rapidcheck.h>

namespace ntt::tests {

std::vector<events::Event> any_history(events::Origin origin, bool with_causes) {
  History history;
  std::uint32_t generation = 0;
  std::vector<events::Sequence> loads;
  const int count = *rc::gen::inRange(0, 30);
  for (int i = 0; i < count; ++i) {
    const std::int64_t at = *rc::gen::inRange<std::int64_t>(0, 12);
    const auto cause = [&]() -> events::Sequence {
      if (!with_causes || history.events_.empty()) return {};
      return {*rc::gen::inRange<std::uint64_t>(0, history.events_.size() + 1)};
    };
    switch (*rc::gen::inRange(0, 10)) {
      case 0:
        history.add(events::MediumLabelled{std::to_string(i)}, at, {}, origin);
        break;
      case 1:
        history.add(events::LoadStart{}, at, {}, origin);
        break;
      case 2: {
        events::LoadSuccess load;
        load.generation = ++generation;
        loads.push_back(history.add(load, at, cause(), origin));
        break;
      }
      case 3: {
        events::CopySuccess copy;
        copy.generation = *rc::gen::inRange(0U, generation + 2);
        if (with_causes && !loads.empty()) copy.load = (*rc::gen::elementOf(loads)).value;
        history.add(copy, at, cause(), origin);
        break;
      }
      case 4:
        history.add(events::CopyStart{}, at, {}, origin);
        break;
      case 5:
        history.add(events::CopyError{}, at, cause(), origin);
        break;
      case 6: {
        events::MapfileObserved map;
        map.total_bytes = 100;
        map.rescued_bytes = *rc::gen::inRange<std::uint64_t>(0, 101);
        history.add(map, at, {}, origin);
        break;
      }
      case 7: {
        events::VerifySuccess verify;
        verify.generation = *rc::gen::inRange(0U, generation + 2);
        verify.mismatched = *rc::gen::inRange<std::uint64_t>(0, 2);
        history.add(verify, at, cause(), origin);
        break;
      }
      case 8: {
        events::MediumIdentified facts;
        facts.medium_human = std::to_string(i);
        facts.source = {"image", {std::to_string(i)}};
        history.add(facts, at, {}, origin);
        break;
      }
      default:
        if (with_causes && !history.events_.empty()) history.retract({1}, at);
        break;
    }
  }
  return history.events_;
}

std::vector<events::Event> any_mixed_history() {
  std::vector<events::Event> events = any_history(events::Origin::native, true);
  for (events::Event& event : events) {
    event.origin = *rc::gen::element(events::Origin::native, events::Origin::native,
                                     events::Origin::imported, events::Origin::backfilled);
    if (event.type != events::Retraction::kType) continue;
    const auto target = *rc::gen::inRange<std::uint64_t>(1, event.seq.value + 1);
    event.data = events::to_data(events::Retraction{target, "why"});
  }
  return events;
}

}  // namespace ntt::tests
