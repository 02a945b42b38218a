// A stretch of a medium or an image.

#pragma once

#include <cstdint>

namespace ntt::stages {

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool operator==(const ByteRange&) const = default;
};

}  // namespace ntt::stages
