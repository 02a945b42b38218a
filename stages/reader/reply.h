// Reply: what ntt-reader says to its parent, as frames on one descriptor.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "stages/reader_protocol.h"

namespace ntt::reader {

// Buffers; flush() before waiting for a request. When the parent is gone the process ends.
class Reply {
 public:
  explicit Reply(int fd) : fd_(fd) {}

  void send(stages::wire::FrameType type, std::string_view payload);

  // A content frame of `count` bytes (at most kContentBytesMax) that `fill` writes; reading them
  // may be progress(), which is sent before them. False and no frame when `fill` fails.
  bool send_content(std::size_t count, const std::function<bool(char*)>& fill);

  // Tells the parent, at most once a second, that the work went on. Call it only for progress that
  // cannot repeat for ever: what was found, what was read for the first time.
  void progress();

  void flush();

 private:
  void flush_if_large();

  int fd_;
  std::string out_;      // whole frames
  std::string content_;  // of the frame that is being made
  std::int64_t last_flush_seconds_ = 0;
};

}  // namespace ntt::reader
