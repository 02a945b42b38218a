// Temporary files by O_TMPFILE, or mkostemp and unlink where the filesystem lacks it.

#include "stages/temporary_file.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>

#include "events/bytes.h"

namespace ntt::stages {

using events::Result;
using events::Status;

Result<TemporaryFile> TemporaryFile::create(const std::string& directory) {
  TemporaryFile file;
  file.directory_ = directory;
  file.descriptor_ = FileDescriptor(
      ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, S_IRUSR | S_IWUSR));
  if (!file.descriptor_.is_open() && (errno == EOPNOTSUPP || errno == EISDIR)) {
    std::string name = directory + "/ntt-sort-XXXXXX";
    file.descriptor_ = FileDescriptor(::mkostemp(name.data(), O_CLOEXEC));
    if (file.descriptor_.is_open()) ::unlink(name.c_str());
  }
  if (file.descriptor_.is_open()) return file;
  return events::errno_error("making a temporary file in " + events::escape_bytes(directory),
                             errno);
}

Status TemporaryFile::append(const void* bytes, std::size_t size) {
  const char* rest = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t written = ::pwrite(descriptor_.get(), rest, size, static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      return events::errno_error("writing a temporary file in " + events::escape_bytes(directory_),
                                 errno);
    }
    rest += written;
    size -= static_cast<std::size_t>(written);
    size_ += static_cast<std::uint64_t>(written);
  }
  return {};
}

Status TemporaryFile::read_at(std::uint64_t offset, void* bytes, std::size_t size) const {
  char* rest = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t got = ::pread(descriptor_.get(), rest, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return events::errno_error("reading a temporary file in " + events::escape_bytes(directory_),
                                 got < 0 ? errno : EIO);
    }
    rest += got;
    size -= static_cast<std::size_t>(got);
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

}  // namespace ntt::stages
