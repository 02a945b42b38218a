// Retractions, and the merge of native and late events by time.

#include "projector/fold_order.h"

#include <algorithm>
#include <tuple>

#include "events/retractions.h"
#include "projector/event_kind.h"
#include "projector/legacy_fold.h"

namespace ntt::projector {

namespace {

using events::Event;

// What a claim tells of, if it can be read: who folds it says so if not.
EventKind told_by(const Event& event) {
  const EventKind kind = kind_of(event.type);
  if (kind.subject != Subject::claim) return kind;
  const auto claim = events::payload_of<events::LegacyClaim>(event);
  return claim ? claimed_kind(*claim) : kind;
}

// Where an event stands in a pipeline whose events all happened in the same second.
int pipeline_rank(const Event& event) {
  const EventKind kind = told_by(event);
  if (kind.is_stage()) {
    return 10 + static_cast<int>(kind.subject) * 10 + static_cast<int>(kind.phase);
  }
  return kind.subject == Subject::other ? 100 : static_cast<int>(kind.subject) - 10;
}

// Rule 3.
void sort_late(std::vector<PlacedEvent>& late) {
  struct Ranked {
    PlacedEvent placed;
    int rank = 0;
  };
  std::vector<Ranked> ranked;
  ranked.reserve(late.size());
  for (const PlacedEvent& placed : late) ranked.push_back({placed, pipeline_rank(*placed.event)});
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return std::tie(a.placed.at, a.rank, a.placed.event->id) <
           std::tie(b.placed.at, b.rank, b.placed.event->id);
  });
  std::transform(ranked.begin(), ranked.end(), late.begin(),
                 [](const Ranked& r) { return r.placed; });
}

// Gives native events their times. Only those that count hold a clock that went back; the others
// keep between their neighbours, so that they push no late event over one that counts.
void place_native(std::vector<PlacedEvent>& native) {
  events::Timestamp latest{INT64_MIN};
  events::Timestamp latest_of_all{INT64_MIN};
  for (PlacedEvent& placed : native) {
    if (placed.counts) latest = std::max(latest, placed.at);
    placed.at = placed.counts ? latest : std::max(latest_of_all, placed.at);
    latest_of_all = placed.counts ? latest : placed.at;
  }
  events::Timestamp next{INT64_MAX};
  for (auto placed = native.rbegin(); placed != native.rend(); ++placed) {
    if (placed->counts) {
      next = placed->at;
    } else {
      placed->at = std::min(placed->at, next);
    }
  }
}

std::vector<PlacedEvent> merge(const std::vector<PlacedEvent>& native,
                               const std::vector<PlacedEvent>& late) {
  std::vector<PlacedEvent> order;
  order.reserve(native.size() + late.size());
  auto next_late = late.begin();
  for (const PlacedEvent& placed : native) {
    while (next_late != late.end() && next_late->at <= placed.at) order.push_back(*next_late++);
    order.push_back(placed);
  }
  order.insert(order.end(), next_late, late.end());
  return order;
}

}  // namespace

events::Result<std::vector<PlacedEvent>> story_order(std::span<const Event> log_order) {
  events::Retractions retractions;
  for (const Event& event : log_order) retractions.add(event);
  if (auto readable = retractions.retracted(); !readable) return std::move(readable).error();
  const auto by = retractions.in_force();
  std::vector<PlacedEvent> native;
  std::vector<PlacedEvent> late;
  native.reserve(log_order.size());
  for (const Event& event : log_order) {
    const auto retraction = by.find(event.seq.value);
    const events::Sequence retracted_by{retraction == by.end() ? 0 : retraction->second};
    const bool counts = kind_of(event.type).subject != Subject::retraction && !retracted_by;
    (event.origin == events::Origin::native ? native : late)
        .push_back({&event, event.occurred_at, counts, retracted_by});
  }
  place_native(native);
  if (late.empty()) return native;
  sort_late(late);
  return merge(native, late);
}

events::Result<std::vector<const Event*>> fold_order(std::span<const Event> log_order) {
  auto story = story_order(log_order);
  if (!story) return std::move(story).error();
  std::vector<const Event*> order;
  order.reserve(story->size());
  for (const PlacedEvent& placed : *story) {
    if (placed.counts) order.push_back(placed.event);
  }
  return order;
}

}  // namespace ntt::projector
