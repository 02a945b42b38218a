// Escapes, hex, base64 and integer encodings.

#include "events/bytes.h"

#include <algorithm>
#include <array>

namespace ntt::events {

namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Length of the valid UTF-8 sequence at the front of `bytes`, 0 if there is none. Overlong forms,
// surrogates and code points above U+10FFFF are not valid (RFC 3629).
std::size_t utf8_sequence_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  const auto continues = [&](std::size_t i) { return i < bytes.size() && (at(i) & 0xC0) == 0x80; };
  const std::uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (lead == 0xE0 && at(1) < 0xA0) return 0;
    if (lead == 0xED && at(1) > 0x9F) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (lead == 0xF0 && at(1) < 0x90) return 0;
    if (lead == 0xF4 && at(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

// Printable ASCII, but for the backslash.
bool stands_for_itself(char c) {
  return c >= 0x20 && c < 0x7F && c != '\\';
}

void append_hex_escape(std::string& out, std::uint8_t byte) {
  out += "\\x";
  out += kHexDigits[byte >> 4U];
  out += kHexDigits[byte & 15U];
}

}  // namespace

std::string escape_bytes(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto plain = static_cast<std::size_t>(
        std::find_if_not(bytes.begin(), bytes.end(), [](char c) { return stands_for_itself(c); }) -
        bytes.begin());
    out.append(bytes, 0, plain);
    bytes.remove_prefix(plain);
    if (bytes.empty()) break;
    const auto byte = static_cast<std::uint8_t>(bytes.front());
    const std::size_t length = utf8_sequence_length(bytes);
    if (byte == '\\') {
      out += "\\\\";
      bytes.remove_prefix(1);
    } else if (length == 0 || byte < 0x20 || byte == 0x7F) {
      append_hex_escape(out, byte);
      bytes.remove_prefix(1);
    } else {
      out.append(bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
  }
  return out;
}

bool needs_escape(std::string_view bytes) {
  return !std::all_of(bytes.begin(), bytes.end(), [](char c) { return stands_for_itself(c); });
}

Result<std::string> unescape_bytes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\\') {
      out += '\\';
      i += 1;
    } else if (i + 3 < text.size() && text[i + 1] == 'x' && hex_value(text[i + 2]) >= 0 &&
               hex_value(text[i + 3]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 2]) * 16 + hex_value(text[i + 3]));
      i += 3;
    } else {
      return Error{Errc::invalid,
                   "bad escape at byte " + std::to_string(i) + ": write \\\\ or \\xHH"};
    }
  }
  return out;
}

bool is_valid_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    // Most text is ASCII.
    const auto other = std::find_if(bytes.begin(), bytes.end(),
                                    [](char c) { return static_cast<std::uint8_t>(c) >= 0x80; });
    bytes.remove_prefix(static_cast<std::size_t>(other - bytes.begin()));
    if (bytes.empty()) break;
    const std::size_t length = utf8_sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    out += kHexDigits[byte >> 4U];
    out += kHexDigits[byte & 15U];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_value(hex[i]);
    const int low = hex_value(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8U | (j < count ? static_cast<std::uint8_t>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += j <= count ? kBase64Digits[group >> (18 - 6 * j) & 63U] : '=';
    }
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const std::size_t digit = kBase64Digits.find(c);
    if (digit == kBase64Digits.npos) return std::nullopt;
    group = (group << 6U | static_cast<std::uint32_t>(digit)) & 0xffffffU;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>(group >> bits & 255U);
  }
  // Padding that is missing, too much or not zero shows as another text.
  if (to_base64(out) != text) return std::nullopt;
  return out;
}

void append_u8(std::string& out, std::uint8_t value) {
  out += static_cast<char>(value);
}

namespace {
template <std::size_t kBytes>
void append_big_endian(std::string& out, std::uint64_t value) {
  std::array<char, kBytes> bytes;
  for (std::size_t i = kBytes; i-- > 0; value >>= 8U) bytes[i] = static_cast<char>(value & 0xFFU);
  out.append(bytes.data(), bytes.size());
}
}  // namespace

void append_be16(std::string& out, std::uint16_t value) {
  append_big_endian<2>(out, value);
}

void append_be32(std::string& out, std::uint32_t value) {
  append_big_endian<4>(out, value);
}

void append_be64(std::string& out, std::uint64_t value) {
  append_big_endian<8>(out, value);
}

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    append_u8(out, static_cast<std::uint8_t>(value | 0x80U));
    value >>= 7U;
  }
  append_u8(out, static_cast<std::uint8_t>(value));
}

std::string_view ByteReader::take(std::uint64_t count) {
  if (count > rest_.size()) {
    fail();
    return {};
  }
  const std::string_view front = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return front;
}

std::uint8_t ByteReader::u8() {
  const std::string_view front = take(1);
  return front.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(front[0]);
}

std::uint16_t ByteReader::be16() {
  const std::uint16_t high = u8();
  return static_cast<std::uint16_t>((high << 8U) | u8());
}

std::uint32_t ByteReader::be32() {
  const std::uint32_t high = be16();
  return (high << 16U) | be16();
}

std::uint64_t ByteReader::be64() {
  const std::uint64_t high = be32();
  return (high << 32U) | be32();
}

std::uint64_t ByteReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t byte = u8();
    if (!ok_) return 0;
    if (shift == 63 && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  fail();
  return 0;
}

}  // namespace ntt::events
