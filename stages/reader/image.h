// Image: the bytes of the medium, read-only, with every failed read remembered.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stages/byte_range.h"
#include "stages/reader/reply.h"

namespace ntt::reader {

using stages::ByteRange;

struct ReadFailure {
  ByteRange range;         // what was asked for
  int error_number = 0;    // errno value; 0: beyond the end of the image
  bool unrescued = false;  // the image never had these bytes
};

// "4096 bytes at image offset 8192: Input/output error"
std::string describe(const ReadFailure& failure);

class Image {
 public:
  Image(int fd, Reply& reply);

  // Reading what overlaps these fails from now on, with EIO.
  void add_unreadable(std::vector<ByteRange> ranges);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] int fd() const { return fd_; }

  // All `length` bytes, or false and last_failure(). Libraries that turn failures into zeros are
  // caught by comparing failures() before and after.
  bool read(std::uint64_t offset, void* out, std::size_t length);

  // The same, but a failure is not counted: for reads that only prefetch.
  bool try_read(std::uint64_t offset, void* out, std::size_t length);

  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  [[nodiscard]] const ReadFailure& last_failure() const { return last_failure_; }

 private:
  [[nodiscard]] bool is_unreadable(const ByteRange& asked) const;
  void note_progress(std::uint64_t offset);

  int fd_;
  Reply& reply_;
  std::vector<ByteRange> unreadable_;  // rising, none touching another
  std::uint64_t size_ = 0;
  std::uint64_t failures_ = 0;
  ReadFailure last_failure_;
  std::vector<bool> seen_;  // one bit for each stretch of the image that was read before
};

}  // namespace ntt::reader
