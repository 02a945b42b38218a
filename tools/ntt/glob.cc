// Matching goes back to the last `*` only, so it takes at most pattern times length.

#include "tools/ntt/glob.h"

#include <cstdint>

#include "events/bytes.h"

namespace ntt::tools {

using events::Result;

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Bytes of the character at the front of `bytes`, which is not empty.
std::size_t character_bytes(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes.front());
  const std::size_t count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  const bool whole = count <= bytes.size() && events::is_valid_utf8(bytes.substr(0, count));
  return whole ? count : 1;
}

}  // namespace

bool same_letter(char a, char b, bool ignore_case) {
  return a == b || (ignore_case && lower(a) == lower(b));
}

Result<Glob> Glob::parse(std::string_view text) {
  Glob glob;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find_first_of("*?", begin), text.size());
    auto bytes = events::unescape_bytes(text.substr(begin, end - begin));
    if (!bytes) return std::move(bytes).error();
    for (const char byte : *bytes) glob.parts_.push_back({Kind::byte, byte});
    if (end == text.size()) break;
    glob.parts_.push_back({text[end] == '*' ? Kind::any : Kind::one, 0});
    begin = end + 1;
  }
  return glob;
}

bool Glob::matches(std::string_view bytes, bool ignore_case) const {
  std::size_t part = 0;
  std::size_t at = 0;
  std::size_t any_part = SIZE_MAX;  // the last `*` passed, and where it has to end next
  std::size_t any_end = 0;
  while (at < bytes.size() || part < parts_.size()) {
    if (part < parts_.size()) {
      const Part& next = parts_[part];
      if (next.kind == Kind::any) {
        any_part = part++;
        any_end = at;
        continue;
      }
      if (at < bytes.size() && next.kind == Kind::one) {
        at += character_bytes(bytes.substr(at));
        ++part;
        continue;
      }
      if (at < bytes.size() && same_letter(next.byte, bytes[at], ignore_case)) {
        ++at;
        ++part;
        continue;
      }
    }
    if (any_part == SIZE_MAX || any_end >= bytes.size()) return false;
    at = ++any_end;
    part = any_part + 1;
  }
  return true;
}

bool Glob::is_literal() const {
  return head().size() == parts_.size();
}

std::string Glob::head() const {
  std::string out;
  for (const Part& part : parts_) {
    if (part.kind != Kind::byte) break;
    out += part.byte;
  }
  return out;
}

std::string Glob::tail() const {
  std::string out;
  for (auto part = parts_.rbegin(); part != parts_.rend() && part->kind == Kind::byte; ++part) {
    out.insert(out.begin(), part->byte);
  }
  return out;
}

std::string Glob::like() const {
  std::string out;
  for (const Part& part : parts_) {
    if (part.kind != Kind::byte) {
      out += '%';
      continue;
    }
    if (part.byte == '%' || part.byte == '_' || part.byte == '\\') out += '\\';
    out += part.byte;
  }
  return out;
}

}  // namespace ntt::tools
