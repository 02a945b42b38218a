// Byte strings as text and back, and the integer encodings that the formats share.
//
// Paths are bytes, JSON is UTF-8. The one escape used everywhere (JSON, CSV, terminal):
//   \\      a backslash
//   \xHH    a byte that is a control character (below 0x20, or 0x7F) or not part of valid UTF-8
// Everything else stands for itself, so ordinary names read as they are. unescape(escape(x)) == x
// for every x.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "events/result.h"

namespace ntt::events {

std::string escape_bytes(std::string_view bytes);
// False: escape_bytes() gives the same bytes. True: it may not.
bool needs_escape(std::string_view bytes);
Result<std::string> unescape_bytes(std::string_view text);

bool is_valid_utf8(std::string_view bytes);

std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view hex);

// RFC 4648 section 4, with padding. from_base64 takes nothing but what to_base64 writes.
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

// Big-endian: sorts as the numbers do, which RocksDB keys need.
void append_u8(std::string& out, std::uint8_t value);
void append_be16(std::string& out, std::uint16_t value);
void append_be32(std::string& out, std::uint32_t value);
void append_be64(std::string& out, std::uint64_t value);

// LEB128, 1 to 10 bytes.
void append_varint(std::string& out, std::uint64_t value);

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

// ByteReader takes a buffer apart from the front. After the first read past the end every read
// gives 0 or an empty view and ok() is false, so a decoder checks once. The buffer must outlive it.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8();
  std::uint16_t be16();
  std::uint32_t be32();
  std::uint64_t be64();
  std::uint64_t varint();  // a varint longer than 10 bytes or over 64 bits is a failure
  std::string_view take(std::uint64_t count);

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }
  [[nodiscard]] std::size_t remaining() const { return rest_.size(); }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace ntt::events
