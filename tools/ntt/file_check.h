// A file against what was recorded of it, in words.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ntt::tools {

struct FileProblem {
  enum class Kind : std::uint8_t { none, missing, unreadable, not_regular, size, content };
  Kind kind = Kind::none;
  std::string message;  // "is missing", "has 5 bytes, the log says 6"; empty: none
  explicit operator bool() const { return kind != Kind::none; }
};

// Whether it is there, a regular file, of this size. Reads no content.
FileProblem check_file(const std::string& path, std::uint64_t size);

// The same of a size that is known already.
FileProblem check_size(std::uint64_t found, std::uint64_t recorded);

// Reads all of it through `buffer` and compares its BLAKE3 (hex). `go_on` is told the bytes read so
// far; when it says no, nothing is found.
FileProblem check_content(const std::string& path, const std::string& blake3,
                          std::vector<char>& buffer,
                          const std::function<bool(std::uint64_t)>& go_on);

// What errno says of a file that could not be examined.
FileProblem problem_of_errno(int error_number);

}  // namespace ntt::tools
