// Reads the image's descriptor.

#include "stages/reader/image.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

namespace ntt::reader {

namespace {

constexpr std::uint64_t kStretchBytes = 1U << 20U;

std::uint64_t end_of(const ByteRange& range) {
  const std::uint64_t end = range.offset + range.length;
  return end < range.offset ? UINT64_MAX : end;
}

}  // namespace

std::string describe(const ReadFailure& failure) {
  return std::to_string(failure.range.length) + " bytes at image offset " +
         std::to_string(failure.range.offset) + ": " +
         (failure.unrescued           ? "not rescued when the medium was imaged"
          : failure.error_number == 0 ? "beyond the end of the image"
                                      : std::strerror(failure.error_number));
}

Image::Image(int fd, Reply& reply) : fd_(fd), reply_(reply) {
  const off_t end = lseek(fd, 0, SEEK_END);
  size_ = end < 0 ? 0 : static_cast<std::uint64_t>(end);
  seen_.resize(size_ / kStretchBytes + 1);
}

void Image::add_unreadable(std::vector<ByteRange> ranges) {
  ranges.insert(ranges.end(), unreadable_.begin(), unreadable_.end());
  std::sort(ranges.begin(), ranges.end(),
            [](const ByteRange& a, const ByteRange& b) { return a.offset < b.offset; });
  unreadable_.clear();
  for (const ByteRange& range : ranges) {
    if (!unreadable_.empty() && end_of(unreadable_.back()) >= range.offset) {
      ByteRange& last = unreadable_.back();
      last.length = std::max(end_of(last), end_of(range)) - last.offset;
    } else if (range.length > 0) {
      unreadable_.push_back(range);
    }
  }
}

bool Image::is_unreadable(const ByteRange& asked) const {
  // The last range that begins before the end of what is asked for.
  auto after = std::upper_bound(
      unreadable_.begin(), unreadable_.end(), end_of(asked),
      [](std::uint64_t end, const ByteRange& range) { return end <= range.offset; });
  return after != unreadable_.begin() && end_of(*std::prev(after)) > asked.offset;
}

bool Image::read(std::uint64_t offset, void* out, std::size_t length) {
  const bool done = try_read(offset, out, length);
  if (!done) failures_ += 1;
  return done;
}

bool Image::try_read(std::uint64_t offset, void* out, std::size_t length) {
  const ByteRange asked{offset, length};
  if (offset > size_ || length > size_ - offset) {
    last_failure_ = {asked, 0, false};
    return false;
  }
  if (is_unreadable(asked)) {
    last_failure_ = {asked, EIO, true};
    return false;
  }
  auto* to = static_cast<char*>(out);
  std::size_t got = 0;
  while (got < length) {
    const ssize_t count = pread(fd_, to + got, length - got, static_cast<off_t>(offset + got));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {  // 0: the file shrank
      last_failure_ = {asked, count < 0 ? errno : 0, false};
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
