// The lifecycle events of synthetic media, for benchmarks: what a pipeline records of a medium but
// for its batches, and what its reruns add.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "events/event.h"

namespace ntt::tests {

inline constexpr std::size_t kLifecycleEvents = 100;  // of one medium

// 32 hex digits that look like a hash's.
std::string synthetic_medium(std::uint64_t number);

// Event `index` (below kLifecycleEvents) of medium `number`, at the instant `micros`. `seq_of` says
// where an earlier event of the medium stands in the log.
events::NewEvent lifecycle_event(std::uint64_t number, std::size_t index, std::int64_t micros,
                                 const std::vector<events::Sequence>& seq_of);

}  // namespace ntt::tests
