// What every fuzz target needs: its input as bytes, and a check.

#pragma once

#include <cstdint>
#include <string_view>

#include "events/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace ntt::events {

inline std::string_view input(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace ntt::events
