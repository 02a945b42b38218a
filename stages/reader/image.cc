// Reads the image's descriptor.

#include "stages/reader/image.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ntt::reader {

namespace {

constexpr std::uint64_t kStretchBytes = 1U << 20U;

bool overlap(const ByteRange& a, const ByteRange& b) {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}

}  // namespace

std::string describe(const ReadFailure& failure) {
  return std::to_string(failure.range.length) + " bytes at image offset " +
         std::to_string(failure.range.offset) + ": " +
         (failure.error_number == 0 ? "beyond the end of the image"
                                    : std::strerror(failure.error_number));
}

Image::Image(int fd, Reply& reply, std::vector<ByteRange> fail)
    : fd_(fd), reply_(reply), fail_(std::move(fail)) {
  const off_t end = lseek(fd, 0, SEEK_END);
  size_ = end < 0 ? 0 : static_cast<std::uint64_t>(end);
  seen_.resize(size_ / kStretchBytes + 1);
}

bool Image::read(std::uint64_t offset, void* out, std::size_t length) {
  const bool done = try_read(offset, out, length);
  if (!done) failures_ += 1;
  return done;
}

bool Image::try_read(std::uint64_t offset, void* out, std::size_t length) {
  const ByteRange asked{offset, length};
  if (offset > size_ || length > size_ - offset) {
    last_failure_ = {asked, 0};
    return false;
  }
  for (const ByteRange& range : fail_) {
    if (overlap(range, asked)) {
      last_failure_ = {asked, EIO};
      return false;
    }
  }
  auto* to = static_cast<char*>(out);
  std::size_t got = 0;
  while (got < length) {
    const ssize_t count = pread(fd_, to + got, length - got, static_cast<off_t>(offset + got));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {  // 0: the file shrank
      last_failure_ = {asked, count < 0 ? errno : 0};
      return false;
    }
    got += static_cast<std::size_t>(count);
  }
  note_progress(offset);
  return true;
}

void Image::note_progress(std::uint64_t offset) {
  const std::size_t stretch = offset / kStretchBytes;
  if (seen_[stretch]) return;
  seen_[stretch] = true;
  reply_.progress();
}

}  // namespace ntt::reader
