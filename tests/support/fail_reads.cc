// A library to preload: reading certain bytes of one file fails with EIO, as a bad sector does.
//
// NTT_TEST_BAD_FILE names the file; bytes from NTT_TEST_BAD_FROM up to NTT_TEST_BAD_UNTIL are bad.
// A read that reaches them stops short of them, and one that begins in them fails.

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace {

long number_in(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? 0 : std::atol(text);
}

bool is_bad_file(int fd) {
  const char* path = std::getenv("NTT_TEST_BAD_FILE");
  struct stat wanted {};
  struct stat found {};
  return path != nullptr && stat(path, &wanted) == 0 && fstat(fd, &found) == 0 &&
         wanted.st_dev == found.st_dev && wanted.st_ino == found.st_ino;
}

}  // namespace

extern "C" ssize_t read(int fd, void* buffer, std::size_t count) {
  static auto* const real =
      reinterpret_cast<ssize_t (*)(int, void*, std::size_t)>(dlsym(RTLD_NEXT, "read"));
  if (!is_bad_file(fd)) return real(fd, buffer, count);
  const long at = lseek(fd, 0, SEEK_CUR);
  const long from = number_in("NTT_TEST_BAD_FROM");
  if (at >= from && at < number_in("NTT_TEST_BAD_UNTIL")) {
    errno = EIO;
    return -1;
  }
  const bool reaches = at < from && at + static_cast<long>(count) > from;
  return real(fd, buffer, reaches ? static_cast<std::size_t>(from - at) : count);
}
