// From the words of an expression to its tree.

#include <algorithm>
#include <array>

#include "tools/ntt/where_tokens.h"
#include "tools/ntt/where_tree.h"

namespace ntt::tools {

using events::Error;
using events::Result;

namespace {

constexpr int kDepthMax = 100;
constexpr std::size_t kStepsMax = 32;
constexpr std::int64_t kAutomatonBytesMax = 8 << 20;

constexpr std::array<std::pair<std::string_view, Relation>, 6> kComparisons = {{
    {"==", Relation::equal},
    {"!=", Relation::not_equal},
    {"<", Relation::less},
    {"<=", Relation::less_or_equal},
    {">", Relation::greater},
    {">=", Relation::greater_or_equal},
}};

bool is_keyword(const Token& token, std::string_view keyword) {
  return token.kind == TokenKind::word &&
         std::equal(token.text.begin(), token.text.end(), keyword.begin(), keyword.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

bool is_symbol(const Token& token, std::string_view symbol) {
  return token.kind == TokenKind::symbol && token.text == symbol;
}

std::string names_of_fields() {
  std::string names;
  for (const EnvelopeField& field : envelope_fields()) names += std::string(field.name) + ", ";
  return names + "and data.KEY in the payload";
}

// Whether the word can be the first one of a field's name.
bool begins_field(const Token& token) {
  if (token.kind != TokenKind::word) return false;
  const auto fields = envelope_fields();
  return token.text == "data" ||
         std::any_of(fields.begin(), fields.end(), [&token](const EnvelopeField& field) {
           const std::string_view name = field.name;
           return token.text == name.substr(0, name.find('.'));
         });
}

bool holds_text(WhereKind kind) {
  return kind == WhereKind::text || kind == WhereKind::id || kind == WhereKind::origin;
}

class Parser {
 public:
  Parser(std::string_view expression, const std::vector<Token>& tokens)
      : expression_(expression), tokens_(tokens) {}

  Result<WhereNode> run() {
    auto root = any_of(0);
    if (!root) return root;
    if (here().kind != TokenKind::end) return wrong("expected `and`, `or` or the end here");
    return root;
  }

 private:
  [[nodiscard]] const Token& here() const { return tokens_[at_]; }
  void step() {
    if (at_ + 1 < tokens_.size()) ++at_;
  }
  bool take_keyword(std::string_view keyword) {
    if (!is_keyword(here(), keyword)) return false;
    step();
    return true;
  }
  bool take_symbol(std::string_view symbol) {
    if (!is_symbol(here(), symbol)) return false;
    step();
    return true;
  }
  [[nodiscard]] Error wrong(const std::string& what) const { return wrong_at(here(), what); }
  [[nodiscard]] Error wrong_at(const Token& token, const std::string& what) const {
    return error_at(expression_, token.begin, what);
  }

  Result<WhereNode> any_of(int depth) {
    return joined(WhereNode::Kind::any, "or", [this, depth] {
      return joined(WhereNode::Kind::all, "and", [this, depth] { return term(depth); });
    });
  }

  template <class Part>
  Result<WhereNode> joined(WhereNode::Kind kind, std::string_view keyword, Part part) {
    auto first = part();
    if (!first || !is_keyword(here(), keyword)) return first;
    WhereNode node;
    node.kind = kind;
    node.children.push_back(std::move(*first));
    while (take_keyword(keyword)) {
      auto next = part();
      if (!next) return next;
      node.children.push_back(std::move(*next));
    }
    return node;
  }

  static WhereNode negated(WhereNode child) {
    WhereNode node;
    node.kind = WhereNode::Kind::none;
    node.children.push_back(std::move(child));
    return node;
  }

  Result<WhereNode> term(int depth) {
    if (depth == kDepthMax) {
      return wrong("more than " + std::to_string(kDepthMax) + " parentheses and `not`s within " +
                   "one another");
    }
    if (take_keyword("not")) {
      auto child = term(depth + 1);
      if (!child) return child;
      return negated(std::move(*child));
    }
    if (take_symbol("(")) {
      auto inner = any_of(depth + 1);
      if (!inner) return inner;
      if (!take_symbol(")")) return wrong("expected `and`, `or` or `)` here");
      return inner;
    }
    if (here().kind != TokenKind::word)
      return wrong("expected a field, `not`, `exists` or `(` here");
    return test();
  }

  Result<WhereNode> test() {
    WhereNode node;
    if (take_keyword("exists")) {
      auto named = field();
      if (!named) return std::move(named).error();
      node.test.field = std::move(*named);
      return node;
    }
    auto named = field();
    if (!named) return std::move(named).error();
    node.test.field = std::move(*named);
    const bool is_negated = take_keyword("not");
    auto rest = is_negated ? word_relation(node.test) : relation(node.test);
    if (!rest) return std::move(rest).error();
    return is_negated ? negated(std::move(node)) : std::move(node);
  }

  Result<WhereField> field() {
    const Token& begin = here();
    if (begin.kind != TokenKind::word) return wrong("expected a field here");
    step();
    WhereField field;
    if (begin.text == "data") {
      auto steps = payload_steps();
      if (!steps) return std::move(steps).error();
      field.steps = std::move(*steps);
      return field;
    }
    std::string name = begin.text;
    while (is_symbol(here(), ".")) {
      step();
      if (here().kind != TokenKind::word) return wrong("expected the rest of a field's name here");
      name += "." + here().text;
      step();
    }
    for (const EnvelopeField& known : envelope_fields()) {
      if (name == known.name) field.envelope = &known;
    }
    if (field.envelope != nullptr) return field;
    return wrong_at(begin, "there is no field `" + name + "`; the fields are " + names_of_fields());
  }

  Result<std::vector<WhereStep>> payload_steps() {
    std::vector<WhereStep> steps;
    for (;;) {
      const Token& begin = here();
      WhereStep next;
      if (take_symbol(".")) {
        if (here().kind != TokenKind::word && here().kind != TokenKind::text) {
          return wrong("expected a key of the payload here, in quotes if it is no word");
        }
        next.key = here().text;
        step();
      } else if (take_symbol("[")) {
        auto inside = index();
        if (!inside) return std::move(inside).error();
        next = std::move(*inside);
      } else {
        return steps;
      }
      if (steps.size() == kStepsMax) return wrong_at(begin, "more steps than any payload has");
      steps.push_back(std::move(next));
    }
  }

  Result<WhereStep> index() {
    WhereStep step_into;
    step_into.kind = WhereStep::Kind::index;
    if (is_symbol(here(), "*")) {
      step_into.kind = WhereStep::Kind::each;
    } else {
      const auto number = parse_number(here().text);
      const auto* natural = number ? std::get_if<std::uint64_t>(&*number) : nullptr;
      if (here().kind != TokenKind::number || natural == nullptr) {
        return wrong("expected a position from 0, or `*` for any, here");
      }
      step_into.index = *natural;
    }
    step();
    if (!take_symbol("]")) return wrong("expected `]` here");
    return step_into;
  }

  // What follows a field.
  events::Status relation(WhereTest& test) {
    for (const auto& [symbol, relation] : kComparisons) {
      if (!is_symbol(here(), symbol)) continue;
      step();
      test.relation = relation;
      return comparison(test);
    }
    return word_relation(test);
  }

  events::Status word_relation(WhereTest& test) {
    if (take_keyword("in")) return list(test);
    const Token& word = here();
    const bool is_like = take_keyword("like");
    if (!is_like && !take_keyword("matches")) {
      return wrong(&word != tokens_.data() && is_keyword(*(&word - 1), "not")
                       ? "expected `in`, `like` or `matches` here"
                       : "expected ==, !=, <, <=, >, >=, `in`, `like` or `matches` here");
    }
    test.relation = is_like ? Relation::like : Relation::matches;
    if (!holds_text(test.field.kind()) && test.field.kind() != WhereKind::payload) {
      return wrong_at(word, std::string(test.field.envelope->name) + " is no text, which `" +
                                word.text + "` needs");
    }
    if (here().kind != TokenKind::text) return wrong("expected a pattern in quotes here");
    test.values = {here().text};
    if (test.relation == Relation::matches) {
      re2::RE2::Options options;
      options.set_log_errors(false);
      options.set_max_mem(kAutomatonBytesMax);
      test.regex = std::make_unique<const re2::RE2>(here().text, options);
      if (!test.regex->ok()) {
        return wrong("expected a regular expression of RE2: " + test.regex->error());
      }
    }
    step();
    return {};
  }

  events::Status comparison(WhereTest& test) {
    const Token& right = here();
    if (!begins_field(right)) {
      auto value = literal(test.field);
      if (!value) return std::move(value).error();
      const bool orders = test.relation != Relation::equal && test.relation != Relation::not_equal;
      if (orders && !is_ordered(*value)) {
        return wrong_at(right, "expected a number, a text or a time, which have an order, here");
      }
      test.values = {std::move(*value)};
      return {};
    }
    auto other = field();
    if (!other) return std::move(other).error();
    const WhereKind a = test.field.kind();
    const WhereKind b = other->kind();
    if (a != WhereKind::payload && b != WhereKind::payload && a != b &&
        !(holds_text(a) && holds_text(b))) {
      return wrong_at(right, std::string(test.field.envelope->name) + " and " +
                                 other->envelope->name + " are not of a kind");
    }
    test.other = std::move(*other);
    return {};
  }

  events::Status list(WhereTest& test) {
    test.relation = Relation::in;
    if (!take_symbol("[")) return wrong("expected `[` here: `in [1, 2]`");
    do {
      auto value = literal(test.field);
      if (!value) return std::move(value).error();
      test.values.push_back(std::move(*value));
    } while (take_symbol(","));
    if (!take_symbol("]")) return wrong("expected `,` or `]` here");
    return {};
  }

  // A value, of the kind that `field` holds.
  Result<WhereValue> literal(const WhereField& field) {
    const Token& token = here();
    auto value = value_of(token);
    if (!value) return value;
    step();
    const WhereKind kind = field.kind();
    if (kind == WhereKind::payload || std::holds_alternative<std::nullptr_t>(*value)) return value;
    const std::string name = field.envelope->name;
    const auto* text = std::get_if<std::string>(&*value);
    if (kind == WhereKind::number) {
      if (token.kind == TokenKind::number) return value;
      return wrong_at(token, name + " is a number: expected one here");
    }
    if (kind == WhereKind::time) {
      if (text == nullptr && token.kind != TokenKind::time) {
        return wrong_at(token, name + " is a time: expected one here, like 2025-10-10T15:41:03Z");
      }
      return text != nullptr ? time_of(token) : value;
    }
    if (text == nullptr) return wrong_at(token, name + " is a text: expected one in quotes here");
    if (kind == WhereKind::origin) {
      if (auto origin = events::parse_origin(*text); !origin) {
        return wrong_at(token, origin.error().message);
      }
    }
    if (kind == WhereKind::id) {
      const auto id = events::EventId::from_hex(*text);
      if (!id) return wrong_at(token, name + " is a UUID: expected one whole here, or `like`");
      return WhereValue(events::to_uuid_string(*id));
    }
    return value;
  }

  Result<WhereValue> value_of(const Token& token) {
    if (is_keyword(token, "true")) return WhereValue(true);
    if (is_keyword(token, "false")) return WhereValue(false);
    if (is_keyword(token, "null")) return WhereValue(nullptr);
    if (token.kind == TokenKind::text) return WhereValue(token.text);
    if (token.kind == TokenKind::time) return time_of(token);
    if (token.kind != TokenKind::number) {
      return wrong_at(token,
                      "expected a value here: a number, a text in quotes, a time, true, "
                      "false or null");
    }
    auto number = parse_number(token.text);
    if (number) return std::move(*number);
    return wrong_at(token, "expected a number here: an integer of 64 bits, or one like 0.5 or 1e9");
  }

  [[nodiscard]] Result<WhereValue> time_of(const Token& token) const {
    auto time = events::parse_timestamp(token.text);
    if (time) return WhereValue(*time);
    return wrong_at(token, "expected a time here, like 2025-10-10 or 2025-10-10T15:41:03Z");
  }

  std::string_view expression_;
  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
};

}  // namespace

Result<WhereNode> parse_where(std::string_view expression) {
  auto tokens = tokens_of(expression);
  if (!tokens) return std::move(tokens).error();
  return Parser(expression, *tokens).run();
}

}  // namespace ntt::tools
