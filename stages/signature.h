// What the beginning and the end of a medium look like, in words.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ntt::stages {

// Every format whose mark is found in `head` (from byte 0 of the medium) or in `tail` (up to its
// last byte). A mark says what the bytes look like, not that the format is sound.
std::vector<std::string> signatures_of(std::string_view head, std::string_view tail);

}  // namespace ntt::stages
