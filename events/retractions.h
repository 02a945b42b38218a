// Retractions decides which events count as absent: the one rule for every fold and every stage.

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "events/event.h"
#include "events/result.h"

namespace ntt::events {

// Filled in log order with the events of one stream; others than retractions are passed over. Not
// thread-safe.
class Retractions {
 public:
  void add(const Event& event);

  // The sequence numbers of what is retracted. A retraction that was itself retracted does not
  // count; one that names a later event does nothing. Errc::corruption: a retraction that counts
  // cannot be read (Error::event), so nobody knows what it withdraws.
  [[nodiscard]] Result<std::set<std::uint64_t>> retracted() const;

  // The same, each with the retraction that withdraws it (the first, if several do). Retractions
  // that cannot be read are passed over.
  [[nodiscard]] std::map<std::uint64_t, std::uint64_t> in_force() const;

 private:
  struct Entry {
    std::uint64_t seq = 0;
    std::uint64_t retracts = 0;  // 0: nothing, or `unreadable`
    Status unreadable;
  };
  std::vector<Entry> entries_;
};

}  // namespace ntt::events
