// Content: sends a file's bytes to the parent and never a byte that was not read.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "stages/reader/image.h"
#include "stages/reader_protocol.h"

namespace ntt::reader {

// Where a stretch of a file lies.
struct Run {
  std::uint64_t file_offset = 0;
  std::uint64_t length = 0;
  std::uint64_t image_offset = 0;
  bool zeros = false;  // allocated, never written: reads as zeros by the file system's rules
};

class Content {
 public:
  Content(Image& image, Reply& reply) : image_(image), reply_(reply) {}

  // Sends `size` bytes made of `runs`, which rise by file offset. Where no run lies is a hole and
  // reads as zeros if `holes`, else the file is broken there.
  stages::wire::ReadDone send_runs(const std::vector<Run>& runs, std::uint64_t size, bool holes);

  // Sends `size` bytes that `fill(offset, out, count)` produces in pieces. A piece during which a
  // read of the image failed is not sent, whatever `fill` says: libraries return zeros for it.
  using Fill = std::function<bool(std::uint64_t offset, char* out, std::size_t count)>;
  stages::wire::ReadDone send_filled(std::uint64_t size, const Fill& fill);

  // Sends bytes that are in memory.
  stages::wire::ReadDone send_bytes(std::string_view bytes);

 private:
  bool send_zeros(std::uint64_t count);
  stages::wire::ReadDone send_run(const Run& run, std::uint64_t length);

  Image& image_;
  Reply& reply_;
};

// Whether a file that claims `size` bytes, of which `mapped` lie on the medium, is believable.
stages::wire::ReadDone check_size(std::uint64_t size, std::uint64_t mapped,
                                  std::uint64_t image_size, bool holes);

stages::wire::ReadDone io_failure(std::string message);

}  // namespace ntt::reader
