// The values that an expression compares, and how they compare.

#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "events/types.h"

namespace ntt::tools {

// A list or an object: it is there, and equals nothing.
struct WhereStructure {};

using WhereValue = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double,
                                std::string, events::Timestamp, WhereStructure>;

// nullopt when the two are not of a kind. Numbers compare exactly, whatever their form; texts by
// their bytes; a time with a text compares as times if the text is one.
std::optional<std::partial_ordering> compare(const WhereValue& a, const WhereValue& b);

// Whether `<` and its like mean anything for it.
bool is_ordered(const WhereValue& value);

// SQL's LIKE: % stands for anything, _ for one character, a backslash makes the next one stand for
// itself. The whole text has to match.
bool is_like(std::string_view text, std::string_view pattern);

// A number as JSON writes it. nullopt: it is none, or an integer too large for 64 bits.
std::optional<WhereValue> parse_number(std::string_view text);

}  // namespace ntt::tools
