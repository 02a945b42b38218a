// Reading a whole file that is expected to be small.

#pragma once

#include <cstddef>
#include <string>

#include "events/result.h"

namespace ntt::stages {

// Errors: not_found, invalid (larger than `bytes_max`), io.
events::Result<std::string> read_small_file(const std::string& path, std::size_t bytes_max);

}  // namespace ntt::stages
