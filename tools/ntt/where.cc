// Evaluating an expression on an event.

#include "tools/ntt/where.h"

#include <algorithm>
#include <functional>

#include "events/bytes.h"
#include "tools/ntt/json.h"
#include "tools/ntt/where_narrow.h"
#include "tools/ntt/where_tree.h"

namespace ntt::tools {

using events::Event;
using events::Result;

namespace {

template <class Number>
WhereValue number(Number value) {
  return static_cast<std::uint64_t>(value);
}

constexpr EnvelopeField kEnvelopeFields[] = {
    {"seq", WhereKind::number, [](const Event& e) { return number(e.seq.value); }},
    {"id", WhereKind::id, [](const Event& e) { return WhereValue(events::to_uuid_string(e.id)); }},
    {"type", WhereKind::text, [](const Event& e) { return WhereValue(e.type); }},
    {"version", WhereKind::number, [](const Event& e) { return number(e.version); }},
    {"medium", WhereKind::text,
     [](const Event& e) {
       return e.medium.empty() ? WhereValue(nullptr) : WhereValue(e.medium.text);
     }},
    {"occurred_at", WhereKind::time, [](const Event& e) { return WhereValue(e.occurred_at); }},
    {"recorded_at", WhereKind::time, [](const Event& e) { return WhereValue(e.recorded_at); }},
    {"origin", WhereKind::origin,
     [](const Event& e) { return WhereValue(std::string(events::to_string(e.origin))); }},
    {"run", WhereKind::id,
     [](const Event& e) {
       return e.run.is_zero() ? WhereValue(nullptr) : WhereValue(events::to_uuid_string(e.run));
     }},
    {"cause", WhereKind::number,
     [](const Event& e) { return e.cause ? number(e.cause.value) : WhereValue(nullptr); }},
    {"actor.host", WhereKind::text,
     [](const Event& e) { return WhereValue(events::escape_bytes(e.actor.host)); }},
    {"actor.user", WhereKind::text,
     [](const Event& e) { return WhereValue(events::escape_bytes(e.actor.user)); }},
    {"actor.program", WhereKind::text,
     [](const Event& e) { return WhereValue(events::escape_bytes(e.actor.program)); }},
    {"attachment_bytes", WhereKind::number,
     [](const Event& e) { return number(e.attachment_bytes); }},
};

WhereValue value_of(const Json& json) {
  switch (json.type()) {
    case Json::value_t::null:
      return nullptr;
    case Json::value_t::boolean:
      return json.get<bool>();
    case Json::value_t::number_integer:
      return json.get<std::int64_t>();
    case Json::value_t::number_unsigned:
      return json.get<std::uint64_t>();
    case Json::value_t::number_float:
      return json.get<double>();
    case Json::value_t::string:
      return json.get<std::string>();
    default:
      return WhereStructure{};
  }
}

using Visit = std::function<bool(const WhereValue&)>;

// Whether any value at the end of `steps` is one that `visit` wants. Recurs once a step.
bool any_at(const Json& json, std::span<const WhereStep> steps, const Visit& visit) {
  if (steps.empty()) return visit(value_of(json));
  const WhereStep& step = steps.front();
  const auto rest = steps.subspan(1);
  if (step.kind == WhereStep::Kind::each) {
    return json.is_structured() && std::any_of(json.begin(), json.end(), [&](const Json& element) {
             return any_at(element, rest, visit);
           });
  }
  if (step.kind == WhereStep::Kind::index) {
    return json.is_array() && step.index < json.size() && any_at(json[step.index], rest, visit);
  }
  if (!json.is_object()) return false;
  const auto found = json.find(step.key);
  return found != json.end() && any_at(*found, rest, visit);
}

bool is_related(Relation relation, const WhereValue& a, const WhereValue& b) {
  const auto order = compare(a, b);
  if (relation == Relation::equal || relation == Relation::in) return order && *order == 0;
  if (relation == Relation::not_equal) return !order || *order != 0;
  if (!order || !is_ordered(a)) return false;
  switch (relation) {
    case Relation::less:
      return *order < 0;
    case Relation::less_or_equal:
      return *order <= 0;
    case Relation::greater:
      return *order > 0;
    default:
      return *order >= 0;
  }
}

// An event and its payload, which is read when a test first needs it.
class Evaluation {
 public:
  explicit Evaluation(const Event& event) : event_(event) {}

  bool holds(const WhereNode& node) {
    const auto child_holds = [this](const WhereNode& child) { return holds(child); };
    switch (node.kind) {
      case WhereNode::Kind::all:
        return std::all_of(node.children.begin(), node.children.end(), child_holds);
      case WhereNode::Kind::any:
        return std::any_of(node.children.begin(), node.children.end(), child_holds);
      case WhereNode::Kind::none:
        return !holds(node.children.front());
      case WhereNode::Kind::test:
        return any_value(node.test.field, [this, &node](const WhereValue& value) {
          return passes(node.test, value);
        });
    }
    return false;
  }

 private:
  bool any_value(const WhereField& field, const Visit& visit) {
    if (field.envelope != nullptr) return visit(field.envelope->value(event_));
    if (!payload_) payload_ = Json::parse(event_.data, nullptr, false);
    return !payload_->is_discarded() && any_at(*payload_, field.steps, visit);
  }

  bool passes(const WhereTest& test, const WhereValue& value) {
    if (test.relation == Relation::exists) return !std::holds_alternative<std::nullptr_t>(value);
    if (test.other) {
      return any_value(*test.other, [&test, &value](const WhereValue& other) {
        return is_related(test.relation, value, other);
      });
    }
    if (test.relation == Relation::like || test.relation == Relation::matches) {
      const auto* text = std::get_if<std::string>(&value);
      if (text == nullptr) return false;
      return test.regex ? re2::RE2::PartialMatch(*text, *test.regex)
                        : is_like(*text, std::get<std::string>(test.values.front()));
    }
    return std::any_of(test.values.begin(), test.values.end(), [&](const WhereValue& literal) {
      return is_related(test.relation, value, literal);
    });
  }

  const Event& event_;
  std::optional<Json> payload_;
};

}  // namespace

std::span<const EnvelopeField> envelope_fields() {
  return kEnvelopeFields;
}

Result<Where> Where::parse(std::string_view expression) {
  auto root = parse_where(expression);
  if (!root) return std::move(root).error();
  return Where(std::make_unique<const WhereNode>(std::move(*root)));
}

Where::Where(std::unique_ptr<const WhereNode> root) : root_(std::move(root)) {}
Where::Where(Where&& other) noexcept = default;
Where& Where::operator=(Where&& other) noexcept = default;
Where::~Where() = default;

bool Where::matches(const Event& event) const {
  return Evaluation(event).holds(*root_);
}

void Where::narrow(events::Filter& filter) const {
  narrow_filter(*root_, filter);
}

}  // namespace ntt::tools
