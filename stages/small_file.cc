// Whole files by read(2): a stream would hide the error, or throw it.

#include "stages/small_file.h"

#include <fcntl.h>

#include <cerrno>

#include "events/bytes.h"
#include "stages/file_descriptor.h"

namespace ntt::stages {

using events::Errc;
using events::Error;

events::Result<std::string> read_small_file(const std::string& path, std::size_t bytes_max) {
  const std::string name = events::escape_bytes(path);
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) {
    const int number = errno;
    Error error = events::errno_error("opening " + name, number);
    if (number == ENOENT || number == ENOTDIR) error.code = Errc::not_found;
    return error;
  }
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t bytes = ::read(file.get(), buffer, sizeof buffer);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return events::errno_error("reading " + name, errno);
    if (bytes == 0) return text;
    text.append(buffer, static_cast<std::size_t>(bytes));
    if (text.size() > bytes_max) {
      return Error{Errc::invalid, name + " is larger than " + std::to_string(bytes_max) + " bytes"};
    }
  }
}

}  // namespace ntt::stages
