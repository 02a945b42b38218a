// PostgreSQL's binary COPY format (its manual, "COPY": File Formats, Binary Format).

#include "projector/copy_writer.h"

#include <algorithm>

#include "events/bytes.h"

namespace ntt::projector {

using events::append_be16;
using events::append_be32;
using events::append_be64;

namespace {

constexpr std::size_t kPieceBytes = 256U << 10U;
constexpr std::uint32_t kTextOid = 25;
constexpr std::int64_t kMicrosTo2000 = 946684800000000;      // PostgreSQL counts from 2000-01-01
constexpr std::int64_t kTimestampMin = -211813488000000000;  // of PostgreSQL, from 2000-01-01
constexpr std::int64_t kTimestampEnd = 9223371331200000000;

// PostgreSQL has no NUL in texts. In JSON that is the escape \u0000: it becomes the bytes' escape
// \x00, which JSON writes as \\x00.
std::string without_nul(std::string_view json) {
  std::string out;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] != '\\' || i + 1 == json.size()) {
      out += json[i];
    } else if (json.substr(i, 6) == "\\u0000") {
      out += "\\\\x00";
      i += 5;
    } else {
      out += json.substr(i, 2);
      i += 1;
    }
  }
  return out;
}

}  // namespace

events::Status CopyWriter::start(const std::string& table, const std::string& columns,
                                 bool frozen) {
  columns_ = static_cast<std::uint16_t>(1 + std::count(columns.begin(), columns.end(), ','));
  buffer_.clear();
  buffer_.reserve(kPieceBytes * 2);
  buffer_.append("PGCOPY\n\377\r\n\0", 11);
  append_be32(buffer_, 0);  // flags
  append_be32(buffer_, 0);  // length of the header's extension
  return pg_.copy_begin("COPY " + table + " (" + columns + ") FROM STDIN (FORMAT binary" +
                        (frozen ? ", FREEZE)" : ")"));
}

events::Status CopyWriter::row() {
  if (buffer_.size() >= kPieceBytes) {
    if (auto sent = pg_.copy_send(buffer_); !sent) return sent;
    buffer_.clear();
  }
  append_be16(buffer_, columns_);
  return {};
}

events::Result<std::uint64_t> CopyWriter::finish() {
  append_be16(buffer_, 0xFFFF);
  if (auto sent = pg_.copy_send(buffer_); !sent) return sent.error();
  buffer_.clear();
  return pg_.copy_end();
}

void CopyWriter::field(std::size_t size) {
  append_be32(buffer_, static_cast<std::uint32_t>(size));
}

void CopyWriter::null() {
  append_be32(buffer_, 0xFFFFFFFF);
}

void CopyWriter::boolean(bool value) {
  field(1);
  buffer_.push_back(value ? '\1' : '\0');
}

void CopyWriter::int4(std::int32_t value) {
  field(4);
  append_be32(buffer_, static_cast<std::uint32_t>(value));
}

void CopyWriter::int8(std::int64_t value) {
  field(8);
  append_be64(buffer_, static_cast<std::uint64_t>(value));
}

void CopyWriter::bytes(std::string_view value) {
  field(value.size());
  buffer_.append(value);
}

void CopyWriter::plain(std::string_view value) {
  bytes(value);
}

void CopyWriter::text(std::string_view value) {
  if (value.find('\0') == std::string_view::npos && events::is_valid_utf8(value)) {
    bytes(value);
  } else {
    bytes(events::escape_bytes(value));
  }
}

void CopyWriter::json(std::string_view value) {
  constexpr char kJsonbVersion = 1;
  const bool nul = value.find("\\u0000") != std::string_view::npos;
  const std::string cleaned = nul ? without_nul(value) : std::string();
  const std::string_view text = nul ? std::string_view(cleaned) : value;
  field(text.size() + 1);
  buffer_.push_back(kJsonbVersion);
  buffer_.append(text);
}

void CopyWriter::uuid(std::string_view raw) {
  CHECK(raw.size() == 16);
  bytes(raw);
}

void CopyWriter::timestamp(events::Timestamp time) {
  std::int64_t micros = 0;
  if (__builtin_sub_overflow(time.micros, kMicrosTo2000, &micros) || micros < kTimestampMin) {
    micros = INT64_MIN;  // -infinity
  } else if (micros >= kTimestampEnd) {
    micros = INT64_MAX;  // infinity
  }
  int8(micros);
}

void CopyWriter::text_array(const std::string* only) {
  const std::size_t length_at = buffer_.size();
  field(0);
  const std::size_t begin = buffer_.size();
  append_be32(buffer_, only == nullptr ? 0 : 1);  // dimensions
  append_be32(buffer_, 0);                        // no nulls
  append_be32(buffer_, kTextOid);
  if (only != nullptr) {
    append_be32(buffer_, 1);  // elements
    append_be32(buffer_, 1);  // index of the first
    text(*only);
  }
  std::string length;
  append_be32(length, static_cast<std::uint32_t>(buffer_.size() - begin));
  buffer_.replace(length_at, 4, length);
}

void CopyWriter::hex(std::string_view raw) {
  static constexpr char kDigits[] = "0123456789abcdef";
  field(raw.size() * 2);
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    buffer_.push_back(kDigits[byte >> 4U]);
    buffer_.push_back(kDigits[byte & 15U]);
  }
}

}  // namespace ntt::projector
