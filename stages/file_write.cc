// Whole writes, directories of a known mode, and words for failures.

#include "stages/file_write.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "stages/file_descriptor.h"

namespace ntt::stages {

using events::errno_error;
using events::Status;

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return EIO;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

Status make_directories(const std::string& path) {
  for (std::size_t end = 1; end <= path.size(); ++end) {
    if (end != path.size() && path[end] != '/') continue;
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0755) == 0) {
      if (::chmod(part.c_str(), 0755) != 0) return errno_error("chmod " + part, errno);
    } else if (errno != EEXIST) {
      // Directories above may be on a read-only file system: what counts is whether they are there.
      const int error_number = errno;
      struct stat found {};
      if (::stat(part.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
        return errno_error("mkdir " + part, error_number);
      }
    }
  }
  return {};
}

int rename_no_replace(int from_directory, const std::string& from, int to_directory,
                      const std::string& to) {
  if (::renameat2(from_directory, from.c_str(), to_directory, to.c_str(), RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // File systems without RENAME_NOREPLACE have links, which do not replace either.
  if (::linkat(from_directory, from.c_str(), to_directory, to.c_str(), 0) != 0) return errno;
  return ::unlinkat(from_directory, from.c_str(), 0) == 0 ? 0 : errno;
}

int sync_directory(const std::string& path) {
  const FileDescriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) return errno;
  return ::fsync(directory.get()) == 0 ? 0 : errno;
}

std::string write_failure_word(int error_number) {
  switch (error_number) {
    case ENOSPC:
      return "no_space";
    case EDQUOT:
      return "quota";
    case EROFS:
    case EACCES:
    case EPERM:
      return "read_only";
    default:
      return "store_io";
  }
}

std::string write_failure_advice(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return ": make room there and run the same command again, it goes on from here";
    case EROFS:
    case EACCES:
    case EPERM:
      return ": make it writable and run the same command again";
    default:
      return "";
  }
}

}  // namespace ntt::stages
