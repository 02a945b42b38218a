// Reads what there is, a megabyte at most at a time.

#include "tools/ntt/line_reader.h"

#include <algorithm>

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::Result;

namespace {

constexpr std::streamsize kPieceBytes = 1U << 20U;

}  // namespace

Result<std::optional<std::string>> LineReader::next() {
  std::string line;
  while (true) {
    const std::size_t end = buffer_.find('\n', used_);
    const std::size_t until = end == std::string::npos ? buffer_.size() : end;
    if (line.size() + (until - used_) > line_bytes_max_) {
      return Error{Errc::invalid, "line " + std::to_string(number_ + 1) + " is longer than " +
                                      std::to_string(line_bytes_max_) + " bytes"};
    }
    line.append(buffer_, used_, until - used_);
    if (end != std::string::npos) {
      used_ = end + 1;
      number_ += 1;
      return std::optional(std::move(line));
    }
    buffer_.resize(kPieceBytes);
    used_ = 0;
    // What a pipe has now, not what it may have one day.
    in_.peek();
    const auto most = std::clamp<std::streamsize>(in_.rdbuf()->in_avail(), 1, kPieceBytes);
    in_.read(buffer_.data(), most);
    buffer_.resize(static_cast<std::size_t>(in_.gcount()));
    if (!buffer_.empty()) continue;
    if (in_.bad()) return Error{Errc::io, "the input cannot be read"};
    if (line.empty()) return std::optional<std::string>{};
    return Error{Errc::invalid,
                 "line " + std::to_string(number_ + 1) + " is cut off: it has no newline"};
  }
}

}  // namespace ntt::tools
