// Reading both ends of a file or device.

#include "stages/content_sample.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "events/bytes.h"
#include "stages/file_descriptor.h"

namespace ntt::stages {

namespace {

using events::Errc;
using events::Error;
using events::Result;

constexpr std::uint64_t kSampleBytes = 1U << 20U;

Result<std::string> read_whole(int descriptor, std::uint64_t offset, std::uint64_t size) {
  std::string bytes(size, '\0');
  std::uint64_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(descriptor, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    const std::string place = "reading at byte " + std::to_string(offset + done);
    if (got < 0) return events::errno_error(place, errno);
    if (got == 0) return Error{Errc::io, place + ": nothing came, though the size says more"};
    done += static_cast<std::uint64_t>(got);
  }
  return bytes;
}

}  // namespace

std::optional<std::string> ContentSample::fill_byte() const {
  const char first = head.front();
  const auto is_fill = [first](char c) { return c == first; };
  if (!std::all_of(head.begin(), head.end(), is_fill)) return std::nullopt;
  if (!std::all_of(tail.begin(), tail.end(), is_fill)) return std::nullopt;
  return events::to_hex({&first, 1});
}

Result<ContentSample> read_sample(const std::string& path) {
  const std::string name = events::escape_bytes(path);
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) {
    const int number = errno;
    Error error = events::errno_error("opening " + name, number);
    if (number == ENOENT) error.code = Errc::not_found;
    return error;
  }
  struct stat stat {};
  if (::fstat(file.get(), &stat) != 0) return events::errno_error("examining " + name, errno);
  if (!S_ISREG(stat.st_mode) && !S_ISBLK(stat.st_mode)) {
    return Error{Errc::invalid, name + " is neither a file nor a block device"};
  }
  const off_t end = ::lseek(file.get(), 0, SEEK_END);
  if (end < 0) return events::errno_error("finding the size of " + name, errno);
  if (end == 0) {
    return Error{Errc::invalid,
                 name + " is empty (0 bytes): there is nothing to identify" +
                     (S_ISBLK(stat.st_mode) ? "; is there a medium in the drive?" : "")};
  }
  ContentSample sample;
  sample.size = static_cast<std::uint64_t>(end);
  const std::uint64_t part = std::min(sample.size, kSampleBytes);
  auto head = read_whole(file.get(), 0, part);
  if (!head) return std::move(head).error().within(name);
  auto tail = read_whole(file.get(), sample.size - part, part);
  if (!tail) return std::move(tail).error().within(name);
  sample.head = std::move(*head);
  sample.tail = std::move(*tail);
  return sample;
}

}  // namespace ntt::stages
