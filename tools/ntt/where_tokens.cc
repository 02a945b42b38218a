// Taking an expression apart into words.

#include "tools/ntt/where_tokens.h"

#include <algorithm>

#include "events/bytes.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::Result;

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view expression) : all_(expression) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> tokens;
    for (;;) {
      while (at_ < all_.size() && is_space(all_[at_])) ++at_;
      auto token = next();
      if (!token) return std::move(token).error();
      tokens.push_back(std::move(*token));
      if (tokens.back().kind == TokenKind::end) return tokens;
    }
  }

 private:
  Result<Token> next() {
    const std::size_t begin = at_;
    if (at_ == all_.size()) return Token{TokenKind::end, "", begin};
    const char c = all_[at_];
    if (c == '"') return quoted_with_escapes();
    if (c == '\'') return quoted_plainly();
    if (is_letter(c)) {
      return take(TokenKind::word, [](char next) { return is_letter(next) || is_digit(next); });
    }
    const bool has_sign = c == '-' && at_ + 1 < all_.size() && is_digit(all_[at_ + 1]);
    if (is_digit(c) || has_sign) return number_or_time();
    for (const char* symbol :
         {"==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ",", ".", "*"}) {
      if (all_.substr(at_).starts_with(symbol)) {
        at_ += std::string_view(symbol).size();
        return Token{TokenKind::symbol, symbol, begin};
      }
    }
    if (c == '=') return error_at(all_, begin, "`=` is written `==`");
    if (c == '&') return error_at(all_, begin, "`&&` is written `and`");
    if (c == '|') return error_at(all_, begin, "`||` is written `or`");
    if (c == '!') return error_at(all_, begin, "`!` is written `not`");
    return error_at(all_, begin, "this has no meaning here");
  }

  template <class Belongs>
  Token take(TokenKind kind, Belongs belongs) {
    const std::size_t begin = at_;
    while (at_ < all_.size() && belongs(all_[at_])) ++at_;
    return {kind, std::string(all_.substr(begin, at_ - begin)), begin};
  }

  Result<Token> number_or_time() {
    const std::size_t begin = at_;
    const std::string_view rest = all_.substr(at_);
    const auto digits = static_cast<std::size_t>(
        std::find_if_not(rest.begin(), rest.end(), is_digit) - rest.begin());
    if (digits == 4 && rest.size() > 4 && rest[4] == '-') {
      return take(TokenKind::time, [](char c) {
        return is_digit(c) || is_letter(c) || c == ':' || c == '.' || c == '+' || c == '-';
      });
    }
    if (all_[at_] == '-') ++at_;
    char previous = 0;
    while (at_ < all_.size()) {
      const char c = all_[at_];
      const bool sign = (c == '-' || c == '+') && (previous == 'e' || previous == 'E');
      if (!is_digit(c) && !is_letter(c) && c != '.' && !sign) break;
      previous = c;
      ++at_;
    }
    return Token{TokenKind::number, std::string(all_.substr(begin, at_ - begin)), begin};
  }

  // '...' as it stands; '' is one quote.
  Result<Token> quoted_plainly() {
    Token token{TokenKind::text, "", at_};
    for (++at_; at_ < all_.size(); ++at_) {
      if (all_[at_] == '\'') {
        if (at_ + 1 == all_.size() || all_[at_ + 1] != '\'') {
          ++at_;
          return token;
        }
        ++at_;
      }
      token.text += all_[at_];
    }
    return error_at(all_, token.begin, "this text has no closing quote");
  }

  // "..." with \" \\ \n \t.
  Result<Token> quoted_with_escapes() {
    Token token{TokenKind::text, "", at_};
    for (++at_; at_ < all_.size(); ++at_) {
      const char c = all_[at_];
      if (c == '"') {
        ++at_;
        return token;
      }
      if (c != '\\') {
        token.text += c;
        continue;
      }
      if (at_ + 1 == all_.size()) break;
      switch (all_[++at_]) {
        case '"':
        case '\\':
          token.text += all_[at_];
          break;
        case 'n':
          token.text += '\n';
          break;
        case 't':
          token.text += '\t';
          break;
        default:
          return error_at(all_, at_ - 1,
                          "expected \\\" \\\\ \\n or \\t; in '...' a backslash is itself");
      }
    }
    return error_at(all_, token.begin, "this text has no closing quote");
  }

  std::string_view all_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> tokens_of(std::string_view expression) {
  return Tokenizer(expression).run();
}

Error error_at(std::string_view expression, std::size_t place, const std::string& what) {
  constexpr std::size_t kBytesAround = 60;
  place = std::min(place, expression.size());
  const auto is_cut = [&](std::size_t at) { return expression[at] == '\n'; };
  std::size_t begin = place;
  while (begin > 0 && !is_cut(begin - 1) && place - begin < kBytesAround) --begin;
  std::size_t end = place;
  while (end < expression.size() && !is_cut(end) && end - place < kBytesAround) ++end;
  const auto continues = [&](std::size_t at) {
    return at < expression.size() && (static_cast<unsigned char>(expression[at]) & 0xC0U) == 0x80U;
  };
  while (begin < place && continues(begin)) ++begin;
  while (end > place && continues(end)) --end;
  std::string line(expression.substr(begin, end - begin));
  const bool is_text = events::is_valid_utf8(line);
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = ' ';
    if (byte >= 0x80 && !is_text) c = '?';
  }
  const std::size_t columns = display_width(std::string_view(line).substr(0, place - begin));
  const bool is_begun = begin > 0 && !is_cut(begin - 1);
  return {Errc::invalid, what + "\n  " + (is_begun ? "…" : "") + line + "\n  " +
                             std::string(columns + (is_begun ? 1 : 0), ' ') + "^"};
}

}  // namespace ntt::tools
