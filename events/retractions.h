// Retractions decides which events count as absent: the one rule for every fold and every stage.

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "events/event.h"
#include "events/result.h"

namespace ntt::events {

// Filled in log order with the events of one stream; others than retractions are passed over. Not
// thread-safe.
class Retractions {
 public:
  Status add(const Event& event);

  // The sequence numbers of what is retracted. A retraction that was itself retracted does not
  // count; one that names a later event does nothing.
  [[nodiscard]] std::set<std::uint64_t> retracted() const;

  // The same, each with the retraction that withdraws it (the first, if several do).
  [[nodiscard]] std::map<std::uint64_t, std::uint64_t> in_force() const;

 private:
  std::vector<std::pair<std::uint64_t, std::uint64_t>> pairs_;  // retraction, what it retracts
};

}  // namespace ntt::events
