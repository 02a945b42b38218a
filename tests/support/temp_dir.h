// TempDir is a directory of one test's own, under $TMPDIR or /tmp, removed with everything in it.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ntt::tests {

// Other users may enter it (mode 0755): servers that tests start may run as another user.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// Whole files. A failure to read or write ends the test program.
void write_file(const std::filesystem::path& path, std::string_view bytes);
std::string read_file(const std::filesystem::path& path);

// `count` bytes that look random and are the same for the same seed.
std::string some_bytes(std::size_t count, std::uint64_t seed);

}  // namespace ntt::tests
