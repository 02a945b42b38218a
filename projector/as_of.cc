// First what was known, then what of it was true.

#include "projector/as_of.h"

#include <algorithm>
#include <set>

#include "events/payload.h"
#include "projector/fold_order.h"

namespace ntt::projector {

namespace {

using events::Event;
using events::Retraction;
using events::Sequence;
using events::Timestamp;

// recorded_at never decreases, so either way it is a beginning of the log.
bool is_known(const Event& event, const Moment& moment) {
  if (const auto* time = std::get_if<Timestamp>(&moment)) return event.recorded_at <= *time;
  return event.seq <= std::get<Sequence>(moment);
}

bool is_retraction(const Event& event) {
  return event.type == Retraction::kType;
}

// What was true by then. Retractions stay whenever they were made, for the event that they name
// never was; one whose event is not among the rest does nothing.
events::Status keep_true(std::vector<Event>& log_order, const Moment& moment) {
  if (const auto* last = std::get_if<Sequence>(&moment)) {
    std::erase_if(log_order,
                  [&](const Event& event) { return event.seq > *last && !is_retraction(event); });
    return {};
  }
  auto story = story_order(log_order);
  if (!story) return std::move(story).error();
  std::set<Sequence> later;
  for (const PlacedEvent& placed : *story) {
    if (placed.at > std::get<Timestamp>(moment)) later.insert(placed.event->seq);
  }
  std::erase_if(log_order, [&](const Event& event) {
    return later.contains(event.seq) && !is_retraction(event);
  });
  return {};
}

}  // namespace

events::Result<std::vector<Event>> events_as_of(std::vector<Event> log_order, const AsOf& as_of) {
  if (as_of.known_at) {
    std::erase_if(log_order, [&](const Event& event) { return !is_known(event, *as_of.known_at); });
  }
  if (as_of.at) {
    if (auto kept = keep_true(log_order, *as_of.at); !kept) return std::move(kept).error();
  }
  if (std::all_of(log_order.begin(), log_order.end(), is_retraction)) log_order.clear();
  return log_order;
}

}  // namespace ntt::projector
