// Retractions, and the merge of native and late events by time.

#include "projector/fold_order.h"

#include <algorithm>
#include <tuple>

#include "events/retractions.h"
#include "projector/event_kind.h"

namespace ntt::projector {

namespace {

using events::Event;

// Where an event stands in a pipeline whose events all happened in the same second.
int pipeline_rank(const Event& event) {
  const EventKind kind = kind_of(event.type);
  if (kind.is_stage()) {
    return 10 + static_cast<int>(kind.subject) * 10 + static_cast<int>(kind.phase);
  }
  return kind.subject == Subject::other ? 100 : static_cast<int>(kind.subject) - 10;
}

bool earlier(const Event* a, const Event* b) {
  if (a->occurred_at != b->occurred_at) return a->occurred_at < b->occurred_at;
  return std::tuple(pipeline_rank(*a), a->id) < std::tuple(pipeline_rank(*b), b->id);
}

std::vector<const Event*> merge(const std::vector<const Event*>& native,
                                const std::vector<const Event*>& late) {
  std::vector<const Event*> order;
  order.reserve(native.size() + late.size());
  auto next_late = late.begin();
  events::Timestamp latest{INT64_MIN};
  for (const Event* event : native) {
    latest = std::max(latest, event->occurred_at);
    while (next_late != late.end() && (*next_late)->occurred_at <= latest) {
      order.push_back(*next_late++);
    }
    order.push_back(event);
  }
  order.insert(order.end(), next_late, late.end());
  return order;
}

}  // namespace

events::Result<std::vector<const Event*>> fold_order(std::span<const Event> log_order) {
  events::Retractions retractions;
  for (const Event& event : log_order) {
    if (auto added = retractions.add(event); !added) return std::move(added).error();
  }
  const auto retracted = retractions.retracted();
  std::vector<const Event*> native;
  std::vector<const Event*> late;
  native.reserve(log_order.size());
  for (const Event& event : log_order) {
    if (kind_of(event.type).subject == Subject::retraction) continue;
    if (retracted.contains(event.seq.value)) continue;
    (event.origin == events::Origin::native ? native : late).push_back(&event);
  }
  if (late.empty()) return native;
  std::sort(late.begin(), late.end(), earlier);
  return merge(native, late);
}

}  // namespace ntt::projector
