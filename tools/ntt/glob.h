// Glob: a pattern over byte strings. `*` stands for any bytes, `?` for one character.
//
// It is written in the escape of events/bytes.h, so a literal `*` is `\x2A` and a literal `?` is
// `\x3F`. A character is a UTF-8 sequence, or a byte that is part of none.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "events/result.h"

namespace ntt::tools {

class Glob {
 public:
  // Errc::invalid: the escape is wrong.
  static events::Result<Glob> parse(std::string_view text);

  [[nodiscard]] bool matches(std::string_view bytes, bool ignore_case) const;

  // Whether it stands for one string only, which is head().
  [[nodiscard]] bool is_literal() const;
  // What every match begins with, and ends with.
  [[nodiscard]] std::string head() const;
  [[nodiscard]] std::string tail() const;
  // A pattern of SQL's LIKE, as bytes, that matches everything that this one does, and more where
  // `?` stands.
  [[nodiscard]] std::string like() const;

 private:
  enum class Kind : std::uint8_t { byte, one, any };
  struct Part {
    Kind kind = Kind::byte;
    char byte = 0;
  };
  std::vector<Part> parts_;
};

// ASCII letters compared without case.
bool same_letter(char a, char b, bool ignore_case);

}  // namespace ntt::tools
