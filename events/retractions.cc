// A retraction names an earlier event, so going from the last to the first settles each of them
// before it is needed.

#include "events/retractions.h"

#include "events/payload.h"

namespace ntt::events {

void Retractions::add(const Event& event) {
  if (event.type != Retraction::kType) return;
  Entry& entry = entries_.emplace_back();
  entry.seq = event.seq.value;
  auto payload = payload_of<Retraction>(event);
  if (!payload) {
    entry.unreadable =
        std::move(payload).error().within("event " + std::to_string(entry.seq) + " (retraction)");
  } else if (payload->retracts < entry.seq) {
    entry.retracts = payload->retracts;
  }
}

Result<std::set<std::uint64_t>> Retractions::retracted() const {
  std::set<std::uint64_t> retracted;
  for (auto it = entries_.rbegin(); it != entries_.rend(); ++it) {
    if (retracted.contains(it->seq)) continue;
    if (!it->unreadable) return it->unreadable.error();
    if (it->retracts != 0) retracted.insert(it->retracts);
  }
  return retracted;
}

std::map<std::uint64_t, std::uint64_t> Retractions::in_force() const {
  std::map<std::uint64_t, std::uint64_t> by;
  for (auto it = entries_.rbegin(); it != entries_.rend(); ++it) {
    if (it->retracts != 0 && !by.contains(it->seq)) by[it->retracts] = it->seq;
  }
  return by;
}

}  // namespace ntt::events
