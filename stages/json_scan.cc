// A recursive descent over slices; where it stops at the end of the text, the text was cut off.

#include "stages/json_scan.h"

#include <algorithm>
#include <cstdint>

namespace ntt::stages {

namespace {

constexpr int kDepthMax = 64;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// In a string.
bool stands_for_itself(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

std::optional<unsigned> hex_digit(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

// Every method takes something from the front and says whether it was there; after a no, nothing
// more is asked, and at_end() tells whether the text was too short for it.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] char next() const { return rest_.front(); }

  void space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' ||
                              rest_.front() == '\r' || rest_.front() == '\n')) {
      rest_.remove_prefix(1);
    }
  }

  bool object(int depth, std::vector<JsonMember>* members) {
    return list('{', '}', [&] {
      const char* const begin = rest_.data();
      if (!string()) return false;
      const std::string_view key(begin, static_cast<std::size_t>(rest_.data() - begin));
      space();
      if (!take(':')) return false;
      space();
      const char* const value_begin = rest_.data();
      if (!value(depth)) return false;
      if (members != nullptr) {
        members->push_back({JsonMember{{}, key}.text(),
                            {value_begin, static_cast<std::size_t>(rest_.data() - value_begin)}});
      }
      return true;
    });
  }

  bool value(int depth) {
    if (rest_.empty() || depth > kDepthMax) return false;
    switch (rest_.front()) {
      case '{':
        return object(depth + 1, nullptr);
      case '[':
        return list('[', ']', [&] { return value(depth + 1); });
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool word(std::string_view expected) {
    for (const char c : expected) {
      if (!take(c)) return false;
    }
    return true;
  }

  // Items with commas between them; space is allowed around everything.
  template <class Item>
  bool list(char open, char close, const Item& item) {
    if (!take(open)) return false;
    space();
    if (take(close)) return true;
    while (true) {
      if (!item()) return false;
      space();
      if (take(close)) return true;
      if (!take(',')) return false;
      space();
    }
  }

  bool string() {
    if (!take('"')) return false;
    while (true) {
      const auto end =
          std::find_if_not(rest_.begin(), rest_.end(), [](char c) { return stands_for_itself(c); });
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.begin()));
      if (take('"')) return true;
      if (!take('\\') || !escape()) return false;
    }
  }

  bool escape() {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    if (std::string_view("\"\\/bfnrtu").find(c) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    for (int i = 0; c == 'u' && i < 4; ++i) {
      if (rest_.empty() || !hex_digit(rest_.front())) return false;
      rest_.remove_prefix(1);
    }
    return true;
  }

  bool digits() {
    if (rest_.empty() || !is_digit(rest_.front())) return false;
    while (!rest_.empty() && is_digit(rest_.front())) rest_.remove_prefix(1);
    return true;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }

  std::string_view rest_;
};

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0U | code >> 6U);
  } else if (code < 0x10000) {
    put(0xE0U | code >> 12U);
    put(0x80U | (code >> 6U & 0x3FU));
  } else {
    put(0xF0U | code >> 18U);
    put(0x80U | (code >> 12U & 0x3FU));
    put(0x80U | (code >> 6U & 0x3FU));
  }
  put(0x80U | (code & 0x3FU));
}

std::uint32_t code_unit(std::string_view four_digits) {
  std::uint32_t code = 0;
  for (const char c : four_digits) code = code << 4U | *hex_digit(c);
  return code;
}

bool is_between(std::uint32_t code, std::uint32_t low, std::uint32_t high) {
  return code >= low && code <= high;
}

// `rest` begins with what follows "\u" and loses it, both halves of a pair if there are two.
std::uint32_t take_code_point(std::string_view& rest) {
  const std::uint32_t first = code_unit(rest.substr(0, 4));
  rest.remove_prefix(4);
  if (!is_between(first, 0xD800, 0xDFFF)) return first;
  if (is_between(first, 0xD800, 0xDBFF) && rest.starts_with("\\u")) {
    const std::uint32_t second = code_unit(rest.substr(2, 4));
    if (is_between(second, 0xDC00, 0xDFFF)) {
      rest.remove_prefix(6);
      return 0x10000U + ((first - 0xD800U) << 10U) + (second - 0xDC00U);
    }
  }
  return 0xFFFD;
}

}  // namespace

std::string_view JsonMember::text_in(std::string& storage) const {
  if (!is_text()) return value;
  const std::string_view inside = value.substr(1, value.size() - 2);
  if (inside.find('\\') == inside.npos) return inside;
  return storage = text();
}

std::string JsonMember::text() const {
  if (!is_text()) return std::string(value);
  std::string_view rest = value.substr(1, value.size() - 2);
  std::string out;
  while (true) {
    const std::size_t plain = std::min(rest.find('\\'), rest.size());
    out.append(rest, 0, plain);
    rest.remove_prefix(plain);
    if (rest.empty()) return out;
    const char escaped = rest[1];
    rest.remove_prefix(2);
    constexpr std::string_view kNames = "bfnrt";
    constexpr std::string_view kMeanings = "\b\f\n\r\t";
    if (escaped == 'u') {
      append_utf8(out, take_code_point(rest));
    } else if (const auto found = kNames.find(escaped); found != std::string_view::npos) {
      out += kMeanings[found];
    } else {
      out += escaped;
    }
  }
}

const JsonMember* JsonScan::find(std::string_view key) const {
  for (auto member = members.rbegin(); member != members.rend(); ++member) {
    if (member->key == key) return &*member;
  }
  return nullptr;
}

JsonScan scan_json(std::string_view text) {
  constexpr std::size_t kUsualMembers = 12;
  JsonScan scan;
  scan.members.reserve(kUsualMembers);
  Scanner scanner(text);
  scanner.space();
  const bool is_object = !scanner.at_end() && scanner.next() == '{';
  const bool whole = is_object ? scanner.object(1, &scan.members) : scanner.value(1);
  if (!whole) {
    scan.shape = scanner.at_end() ? JsonShape::truncated : JsonShape::invalid;
    return scan;
  }
  scanner.space();
  if (!scanner.at_end()) return scan;
  scan.shape = is_object ? JsonShape::object : JsonShape::other;
  return scan;
}

}  // namespace ntt::stages
