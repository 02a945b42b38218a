// The header stands before the first row, in one piece with it or in one of its own.

#include "projector/copy_reader.h"

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Result;
using events::Status;
using events::Timestamp;

namespace {

constexpr std::size_t kSignatureBytes = 11;
constexpr std::size_t kHeaderBytes = kSignatureBytes + 8;
// Microseconds from 1970 to 2000, where PostgreSQL's time begins.
constexpr std::int64_t kEpoch = 946'684'800'000'000;

}  // namespace

Status CopyReader::start(const std::string& query) {
  is_first_ = is_whole_ = true;
  row_ = {};
  return pg_.copy_out_begin("COPY (" + query + ") TO STDOUT (FORMAT binary)");
}

std::uint64_t CopyReader::number(std::size_t size) {
  if (row_.size() < size) {
    is_whole_ = false;
    row_ = {};
    return 0;
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8U | static_cast<std::uint8_t>(row_[i]);
  row_.remove_prefix(size);
  return value;
}

Result<bool> CopyReader::next() {
  if (!is_whole_ || !row_.empty()) {
    return Error{Errc::corruption, "PostgreSQL sent a row in another form than was asked for"};
  }
  auto piece = pg_.copy_out_next();
  if (!piece) return std::move(piece).error();
  if (!*piece) return false;
  row_ = **piece;
  if (is_first_) {
    is_first_ = false;
    if (row_.size() < kHeaderBytes) return Error{Errc::corruption, "COPY began without a header"};
    row_.remove_prefix(kHeaderBytes);
    if (row_.empty()) return next();
  }
  const auto columns = static_cast<std::int16_t>(number(2));
  if (columns >= 0) return true;
  // The trailer; after it comes only the end.
  auto end = pg_.copy_out_next();
  if (!end) return std::move(end).error();
  return false;
}

std::optional<std::string_view> CopyReader::bytes() {
  const auto size = static_cast<std::int32_t>(number(4));
  if (size < 0 || !is_whole_) return std::nullopt;
  if (row_.size() < static_cast<std::size_t>(size)) {
    is_whole_ = false;
    row_ = {};
    return std::nullopt;
  }
  const std::string_view value = row_.substr(0, static_cast<std::size_t>(size));
  row_.remove_prefix(value.size());
  return value;
}

std::optional<std::string_view> CopyReader::field(std::size_t size) {
  const auto value = bytes();
  if (value && value->size() != size) is_whole_ = false;
  return is_whole_ ? value : std::nullopt;
}

std::optional<std::int64_t> CopyReader::int8() {
  const auto value = field(8);
  if (!value) return std::nullopt;
  std::uint64_t number = 0;
  for (const char byte : *value) number = number << 8U | static_cast<std::uint8_t>(byte);
  return static_cast<std::int64_t>(number);
}

std::optional<bool> CopyReader::boolean() {
  const auto value = field(1);
  if (!value) return std::nullopt;
  return value->front() != '\0';
}

std::optional<Timestamp> CopyReader::timestamp() {
  const auto micros = int8();
  if (!micros) return std::nullopt;
  Timestamp time;
  if (__builtin_add_overflow(*micros, kEpoch, &time.micros) || !time.is_writable()) {
    return std::nullopt;
  }
  return time;
}

}  // namespace ntt::projector
