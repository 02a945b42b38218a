// An expression as a tree, and the fields that it may name.

#pragma once

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "events/event.h"
#include "tools/ntt/where_value.h"

namespace ntt::tools {

// What a field holds, as far as it is known before an event is seen.
enum class WhereKind : std::uint8_t {
  number,
  text,
  id,      // a text, compared as a UUID
  origin,  // a text, one of three
  time,
  payload,  // anything that JSON has
};

struct EnvelopeField {
  const char* name;
  WhereKind kind;
  WhereValue (*value)(const events::Event& event);  // null: the event has none
};
std::span<const EnvelopeField> envelope_fields();

// One step into a payload.
struct WhereStep {
  enum class Kind : std::uint8_t { key, index, each };
  Kind kind = Kind::key;
  std::string key;
  std::size_t index = 0;
};

struct WhereField {
  const EnvelopeField* envelope = nullptr;  // nullptr: in the payload
  std::vector<WhereStep> steps;
  [[nodiscard]] WhereKind kind() const {
    return envelope != nullptr ? envelope->kind : WhereKind::payload;
  }
};

enum class Relation : std::uint8_t {
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  in,
  like,
  matches,
  exists,
};

struct WhereTest {
  WhereField field;
  Relation relation = Relation::exists;
  std::vector<WhereValue> values;   // one, but for `in` and `exists`
  std::optional<WhereField> other;  // instead of a value
  std::unique_ptr<const re2::RE2> regex;
};

struct WhereNode {
  enum class Kind : std::uint8_t { all, any, none, test };
  Kind kind = Kind::test;
  std::vector<WhereNode> children;  // `none` has one
  WhereTest test;
};

// Errc::invalid as error_at() makes it.
events::Result<WhereNode> parse_where(std::string_view expression);

}  // namespace ntt::tools
