// Temporary directories and whole files for tests.

#include "tests/support/temp_dir.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "events/check.h"

namespace ntt::tests {

namespace fs = std::filesystem;

TempDir::TempDir() {
  const char* base = std::getenv("TMPDIR");
  std::string name = std::string(base != nullptr ? base : "/tmp") + "/ntt-test-XXXXXX";
  CHECK(mkdtemp(name.data()) != nullptr);
  path_ = name;
  fs::permissions(path_, fs::perms(0755));
}

TempDir::~TempDir() {
  std::error_code failed;
  fs::remove_all(path_, failed);
  if (!failed) return;
  // Tests make directories that cannot be entered; their owner may open them again.
  std::vector<fs::path> closed = {path_};
  while (!closed.empty()) {
    const fs::path directory = closed.back();
    closed.pop_back();
    fs::permissions(directory, fs::perms::owner_all, fs::perm_options::add, failed);
    for (fs::directory_iterator i(directory, failed), end; !failed && i != end;
         i.increment(failed)) {
      if (!i->is_symlink() && i->is_directory()) closed.push_back(i->path());
    }
  }
  fs::remove_all(path_, failed);
}

void write_file(const fs::path& path, std::string_view bytes) {
  // Not a stream: tests make thousands of files.
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  CHECK(fd >= 0);
  CHECK(write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  CHECK(close(fd) == 0);
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  CHECK(in.is_open());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string some_bytes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

}  // namespace ntt::tests
