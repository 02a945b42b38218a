// HeadFile: the witness beside the log that says how far it had come.
//
// A log that was cut off between two events looks whole from inside. This file holds the last head,
// written after each append has reached the disk; so it is never ahead of what was acknowledged,
// and a log that is behind it has lost events. One line of text, see FORMAT.md. Not thread-safe.

#pragma once

#include <filesystem>
#include <optional>

#include "events/log.h"

namespace ntt::events {

struct Witness {
  std::string log_id;
  Head head;
};

class HeadFile {
 public:
  // Opens for writing, making the file if needed.
  static Result<HeadFile> open(const std::filesystem::path& path);
  ~HeadFile();
  HeadFile(HeadFile&& other) noexcept;
  HeadFile& operator=(HeadFile&&) = delete;
  HeadFile(const HeadFile&) = delete;
  HeadFile& operator=(const HeadFile&) = delete;

  Status write(const Witness& witness);

  // Nothing: no file, or one that a power cut left torn or empty.
  static Result<std::optional<Witness>> read(const std::filesystem::path& path);

 private:
  explicit HeadFile(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace ntt::events
