// Comparing without rounding.

#include "tools/ntt/where_value.h"

#include <charconv>
#include <cmath>
#include <utility>

namespace ntt::tools {

using events::Timestamp;

namespace {

template <class T>
constexpr bool kIsNumber = std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::uint64_t> ||
                           std::is_same_v<T, double>;

template <class A, class B>
std::partial_ordering compare_integers(A a, B b) {
  if (std::cmp_less(a, b)) return std::partial_ordering::less;
  if (std::cmp_greater(a, b)) return std::partial_ordering::greater;
  return std::partial_ordering::equivalent;
}

// A double holds no integer above 2^53 exactly, so it is the double that becomes an integer.
template <class Integer>
std::partial_ordering compare_to_double(Integer a, double b) {
  constexpr double kTwoTo64 = 18446744073709551616.0;
  if (std::isnan(b)) return std::partial_ordering::unordered;
  if (b >= kTwoTo64) return std::partial_ordering::less;
  if (b < -kTwoTo64 / 2) return std::partial_ordering::greater;
  const double whole = std::trunc(b);
  const auto order = whole < 0 ? compare_integers(a, static_cast<std::int64_t>(whole))
                               : compare_integers(a, static_cast<std::uint64_t>(whole));
  return order == 0 ? whole <=> b : order;
}

template <class A, class B>
std::partial_ordering compare_numbers(A a, B b) {
  if constexpr (std::is_same_v<A, double> && std::is_same_v<B, double>) {
    return a <=> b;
  } else if constexpr (std::is_same_v<B, double>) {
    return compare_to_double(a, b);
  } else if constexpr (std::is_same_v<A, double>) {
    return 0 <=> compare_to_double(b, a);
  } else {
    return compare_integers(a, b);
  }
}

struct Comparison {
  template <class A, class B>
  std::optional<std::partial_ordering> operator()(const A& a, const B& b) const {
    if constexpr (kIsNumber<A> && kIsNumber<B>) {
      return compare_numbers(a, b);
    } else if constexpr (std::is_same_v<A, std::string> && std::is_same_v<B, std::string>) {
      return std::partial_ordering(a.compare(b) <=> 0);
    } else if constexpr (std::is_same_v<A, Timestamp> && std::is_same_v<B, std::string>) {
      const auto time = events::parse_timestamp(b);
      if (!time) return std::nullopt;
      return std::partial_ordering(a <=> *time);
    } else if constexpr (std::is_same_v<A, std::string> && std::is_same_v<B, Timestamp>) {
      const auto time = events::parse_timestamp(a);
      if (!time) return std::nullopt;
      return std::partial_ordering(*time <=> b);
    } else if constexpr (std::is_same_v<A, B> &&
                         (std::is_same_v<A, bool> || std::is_same_v<A, Timestamp>)) {
      return std::partial_ordering(a <=> b);
    } else if constexpr (std::is_same_v<A, B> && std::is_same_v<A, std::nullptr_t>) {
      return std::partial_ordering::equivalent;
    } else {
      return std::nullopt;
    }
  }
};

// Bytes of the UTF-8 character at the front of `text`; 1 for what is none.
std::size_t character_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) ++size;
  return size;
}

}  // namespace

std::optional<std::partial_ordering> compare(const WhereValue& a, const WhereValue& b) {
  return std::visit(Comparison{}, a, b);
}

bool is_ordered(const WhereValue& value) {
  return !std::holds_alternative<std::nullptr_t>(value) && !std::holds_alternative<bool>(value) &&
         !std::holds_alternative<WhereStructure>(value);
}

// Only the last % is ever tried again: what an earlier one took can only be less than that.
bool is_like(std::string_view text, std::string_view pattern) {
  std::size_t t = 0;
  std::size_t p = 0;
  std::optional<std::pair<std::size_t, std::size_t>> last_percent;  // in pattern and text
  while (t < text.size() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      last_percent = {++p, t};
      continue;
    }
    if (t < text.size() && p < pattern.size()) {
      if (pattern[p] == '_') {
        t += character_size(text.substr(t));
        p += 1;
        continue;
      }
      const std::size_t literal = pattern[p] == '\\' && p + 1 < pattern.size() ? p + 1 : p;
      if (pattern[literal] == text[t]) {
        t += 1;
        p = literal + 1;
        continue;
      }
    }
    if (!last_percent || last_percent->second >= text.size()) return false;
    last_percent->second += character_size(text.substr(last_percent->second));
    p = last_percent->first;
    t = last_percent->second;
  }
  return true;
}

std::optional<WhereValue> parse_number(std::string_view text) {
  const char* const end = text.data() + text.size();
  const auto all_read = [end](const std::from_chars_result& read) {
    return read.ec == std::errc() && read.ptr == end;
  };
  if (text.find_first_of(".eE") == text.npos) {
    std::uint64_t natural = 0;
    if (all_read(std::from_chars(text.data(), end, natural))) return natural;
    std::int64_t integer = 0;
    if (all_read(std::from_chars(text.data(), end, integer))) return integer;
    return std::nullopt;
  }
  double real = 0;
  if (all_read(std::from_chars(text.data(), end, real)) && std::isfinite(real)) return real;
  return std::nullopt;
}

}  // namespace ntt::tools
