// Taking JSON text apart without building a tree: the members of one object, as slices. Pure.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntt::stages {

struct JsonMember {
  std::string key;
  std::string_view value;  // the JSON that stands there, a part of the text

  [[nodiscard]] bool is_text() const { return value.front() == '"'; }
  // The text of a string, without its escapes; of any other value its JSON. Half a surrogate pair
  // gives U+FFFD.
  [[nodiscard]] std::string text() const;
  // The same; it lies in `storage` only if something is escaped in it.
  [[nodiscard]] std::string_view text_in(std::string& storage) const;
};

enum class JsonShape {
  object,     // and nothing else
  other,      // another value
  truncated,  // it ends where JSON would go on
  invalid,
};

// Members in the order of the text, which they are parts of and must outlive them. They are only of
// use if the shape is `object`. RFC 8259, but that bytes above 0x7F need not be UTF-8; deeper than
// 64 levels is invalid.
struct JsonScan {
  JsonShape shape = JsonShape::invalid;
  std::vector<JsonMember> members;

  // The last member of that name, as most readers have it; null: none.
  [[nodiscard]] const JsonMember* find(std::string_view key) const;
};

JsonScan scan_json(std::string_view text);

}  // namespace ntt::stages
