// LineReader: lines of bounded length from a stream, each ended by a newline.

#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>

#include "events/result.h"

namespace ntt::tools {

// Not thread-safe; the stream must outlive it.
class LineReader {
 public:
  LineReader(std::istream& in, std::size_t line_bytes_max)
      : in_(in), line_bytes_max_(line_bytes_max) {}

  // The next line without its newline; nothing at the end. Errc::invalid: the line is too long, or
  // the last one has no newline.
  events::Result<std::optional<std::string>> next();
  [[nodiscard]] std::uint64_t number() const { return number_; }  // of that line, from 1

 private:
  std::istream& in_;
  std::size_t line_bytes_max_;
  std::uint64_t number_ = 0;
  std::string buffer_;
  std::size_t used_ = 0;  // of buffer_
};

}  // namespace ntt::tools
