// Read and hash, in pieces of the buffer.

#include "stages/file_digest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "stages/file_descriptor.h"

namespace ntt::stages {

FileDigest digest_of(const std::string& path, std::vector<char>& buffer,
                     const std::function<bool(std::uint64_t)>& go_on) {
  FileDigest result;
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat facts {};
  if (!fd.is_open() || ::fstat(fd.get(), &facts) != 0) {
    result.error_number = errno;
    return result;
  }
  if (!S_ISREG(facts.st_mode)) {
    result.error_number = EISDIR;
    return result;
  }
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  events::Blake3 hasher;
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      result.error_number = errno;
      return result;
    }
    if (count == 0) break;
    hasher.update({buffer.data(), static_cast<std::size_t>(count)});
    result.size += static_cast<std::uint64_t>(count);
    if (!go_on(result.size)) {
      result.error_number = ECANCELED;
      return result;
    }
  }
  result.digest = hasher.digest();
  return result;
}

}  // namespace ntt::stages
