// What ntt-reader forbids itself before it looks at the first hostile byte.

#pragma once

#include <cstdint>

namespace ntt::reader {

// No new privileges, no core dump, no file growth, few descriptors, bounded memory and CPU, an end
// when the parent is gone. cpu_seconds 0: no limit.
void limit_this_process(std::uint64_t memory_bytes, std::uint64_t cpu_seconds);

}  // namespace ntt::reader
