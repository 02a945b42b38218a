// The words of an expression, and how people are shown where one is wrong.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "events/result.h"

namespace ntt::tools {

enum class TokenKind : std::uint8_t {
  end,
  word,    // data, medium, and, ...
  number,  // 12, -0.5, 1e9
  time,    // 2025-10-10 or 2025-10-10T15:41:03Z
  text,    // "..." or '...'; Token::text is what it stands for
  symbol,  // ( ) [ ] , . * == != < <= > >=
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;
  std::size_t begin = 0;  // bytes from the start of the expression
};

// The last one is of kind `end`. Errc::invalid as error_at() makes it.
events::Result<std::vector<Token>> tokens_of(std::string_view expression);

// Errc::invalid: `what`, then the line of the expression with a caret below the place.
events::Error error_at(std::string_view expression, std::size_t place, const std::string& what);

}  // namespace ntt::tools
