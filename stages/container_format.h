// Archive and disk-container formats by their first bytes.

#pragma once

#include <string_view>

namespace ntt::stages {

inline constexpr std::size_t kContainerHeadBytes = 512;

// What a file that begins with `head` is, in words ("a gzip file"), when it is one of the formats
// that people take for disk images; else empty.
std::string_view container_format(std::string_view head);

}  // namespace ntt::stages
