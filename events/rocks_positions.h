// Positions: the sequence numbers that one index of the log gives, in ascending order.
//
// What has to be in several indexes is found by asking each for its first position at or after the
// highest that any other gave, so that no event is read which one of them does not have.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "events/rocks_store.h"

namespace ntt::events {

class Positions {
 public:
  virtual ~Positions() = default;
  // The first position at or after `seq`, which never decreases from call to call. nullopt: there
  // is none, or status() says why it could not be read.
  virtual std::optional<Sequence> at_or_after(Sequence seq) = 0;
  [[nodiscard]] virtual Status status() const = 0;
};

using LabelCondition = std::function<bool(std::string_view label)>;

// Of the posting lists whose keys are `prefix` and a sequence number and whose label `is_wanted`;
// empty: any.
// `store` must outlive it.
std::unique_ptr<Positions> prefix_positions(const RocksStore& store, Family family,
                                            std::string prefix, LabelCondition is_wanted);
// Of any of `parts`.
std::unique_ptr<Positions> any_positions(std::vector<std::unique_ptr<Positions>> parts);
// These, which are sorted.
std::unique_ptr<Positions> listed_positions(std::vector<Sequence> sorted);

Status iterator_status(const rocksdb::Iterator& it);

}  // namespace ntt::events
