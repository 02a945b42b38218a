// ContentSample is the first and the last mebibyte of a medium, read whole or not at all.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "events/result.h"

namespace ntt::stages {

struct ContentSample {
  std::uint64_t size = 0;  // bytes of the whole medium
  std::string head;
  std::string tail;  // overlaps head when the medium is small

  // The one byte that head and tail consist of, in hex; none when they have content.
  [[nodiscard]] std::optional<std::string> fill_byte() const;
};

// Errors: invalid (no bytes at all), not_found, io (a byte of either end cannot be read: no hash
// is ever made of less).
events::Result<ContentSample> read_sample(const std::string& path);

}  // namespace ntt::stages
