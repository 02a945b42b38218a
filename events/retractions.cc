// A retraction names an earlier event, so going from the last to the first settles each of them
// before it is needed.

#include "events/retractions.h"

#include "events/payload.h"

namespace ntt::events {

Status Retractions::add(const Event& event) {
  if (event.type != Retraction::kType) return {};
  auto payload = payload_of<Retraction>(event);
  if (!payload) {
    return std::move(payload).error().within("event " + std::to_string(event.seq.value));
  }
  if (payload->retracts < event.seq.value) pairs_.emplace_back(event.seq.value, payload->retracts);
  return {};
}

std::set<std::uint64_t> Retractions::retracted() const {
  std::set<std::uint64_t> retracted;
  for (auto it = pairs_.rbegin(); it != pairs_.rend(); ++it) {
    if (!retracted.contains(it->first)) retracted.insert(it->second);
  }
  return retracted;
}

std::map<std::uint64_t, std::uint64_t> Retractions::in_force() const {
  std::map<std::uint64_t, std::uint64_t> by;
  for (auto it = pairs_.rbegin(); it != pairs_.rend(); ++it) {
    if (!by.contains(it->first)) by[it->second] = it->first;
  }
  return by;
}

}  // namespace ntt::events
