// LogLines: the lines of a file or of standard input, plain or packed with gzip or zstd. Streams.

#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "events/types.h"
#include "stages/stage.h"

namespace ntt::stages {

struct LogLine {
  std::string_view bytes;    // without the newline; valid until the next call
  std::uint64_t number = 0;  // from 1
  // Set for a line longer than kLogLineBytesMax: `bytes` has its first 64 KiB, and this is the
  // length of the whole line and its digest.
  struct Whole {
    std::uint64_t length = 0;
    events::Blake3Digest digest;
  };
  std::optional<Whole> whole;
};

inline constexpr std::size_t kLogLineBytesMax = 1U << 20U;

// Not thread-safe.
class LogLines {
 public:
  // "-" is standard input. The format is told from the first bytes. `cancelled` ends it as the end
  // of the file would, and must outlive it.
  static Result<LogLines> open(const std::string& file, const std::atomic<bool>& cancelled);
  ~LogLines();
  LogLines(LogLines&&) noexcept;
  LogLines& operator=(LogLines&&) noexcept;

  // The next line; nothing at the end. What follows the last newline is a line too, if it is not
  // empty. Errors: io, corruption (a packed file that is damaged or cut off).
  Result<std::optional<LogLine>> next();

  // Of the file, packed or not, that were read.
  [[nodiscard]] std::uint64_t bytes_read() const;
  [[nodiscard]] std::uint64_t bytes_total() const;  // 0: unknown

 private:
  struct State;
  explicit LogLines(std::unique_ptr<State> state);
  Status read_more();
  Result<std::optional<LogLine>> long_line();

  std::unique_ptr<State> state_;
};

}  // namespace ntt::stages
