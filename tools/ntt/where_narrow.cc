// Turning the conditions that stand between `and`s into a filter.

#include "tools/ntt/where_narrow.h"

#include <algorithm>

namespace ntt::tools {

using events::Filter;
using events::Sequence;
using events::Timestamp;

namespace {

void match_nothing(Filter& filter) {
  filter.first = {1};
  filter.last = {0};
}

template <class T>
void require(std::optional<T>& condition, const std::optional<T>& value, Filter& filter) {
  if (!value || (condition && *condition != *value)) {
    match_nothing(filter);
  } else {
    condition = value;
  }
}

// The pattern of fnmatch(3) that means the same; types are plain ASCII.
std::string glob_of(const std::string& like) {
  std::string glob;
  for (std::size_t i = 0; i < like.size(); ++i) {
    char c = like[i];
    const bool is_literal = c == '\\' && i + 1 < like.size();
    if (is_literal) c = like[++i];
    if (!is_literal && (c == '%' || c == '_')) {
      glob += c == '%' ? '*' : '?';
    } else {
      if (std::string_view("*?[\\").find(c) != std::string_view::npos) glob += '\\';
      glob += c;
    }
  }
  return glob;
}

bool is_test_of(const WhereNode& node, std::string_view name) {
  return node.kind == WhereNode::Kind::test && node.test.field.envelope != nullptr &&
         !node.test.other && node.test.field.envelope->name == name;
}

// The types of which one has to be the event's. nullopt: the node does not say.
std::optional<std::vector<std::string>> types_of(const WhereNode& node) {
  std::vector<std::string> types;
  if (node.kind == WhereNode::Kind::any) {
    for (const WhereNode& child : node.children) {
      auto more = types_of(child);
      if (!more) return std::nullopt;
      types.insert(types.end(), more->begin(), more->end());
    }
    return types;
  }
  if (!is_test_of(node, "type")) return std::nullopt;
  if (node.test.relation != Relation::equal && node.test.relation != Relation::in) {
    return std::nullopt;
  }
  for (const WhereValue& value : node.test.values) {
    if (const auto* type = std::get_if<std::string>(&value)) types.push_back(*type);
  }
  return types;
}

void require_types(std::vector<std::string> types, Filter& filter) {
  std::sort(types.begin(), types.end());
  types.erase(std::unique(types.begin(), types.end()), types.end());
  if (!filter.types.empty()) {
    std::erase_if(types, [&filter](const std::string& type) {
      return std::find(filter.types.begin(), filter.types.end(), type) == filter.types.end();
    });
  }
  if (types.empty()) match_nothing(filter);
  filter.types = std::move(types);
}

// `low` to `high`, both included, are the integers that stand in `relation` to `value`.
template <class Integer>
bool range_of(Relation relation, Integer value, Integer& low, Integer& high) {
  switch (relation) {
    case Relation::equal:
      low = high = value;
      return true;
    case Relation::less:
      high = value - 1;
      return true;
    case Relation::less_or_equal:
      high = value;
      return true;
    case Relation::greater:
      low = value + 1;
      return true;
    case Relation::greater_or_equal:
      low = value;
      return true;
    default:
      return false;
  }
}

void require_sequence(Relation relation, const WhereValue& value, Filter& filter) {
  const auto* seq = std::get_if<std::uint64_t>(&value);
  if (seq == nullptr || *seq == 0 || *seq == UINT64_MAX) return;  // rare, and no index needed
  std::uint64_t low = 1;
  std::uint64_t high = UINT64_MAX;
  if (!range_of(relation, *seq, low, high)) return;
  filter.first = std::max(filter.first, Sequence{low});
  filter.last = std::min(filter.last, Sequence{high});
}

void require_time(Relation relation, const WhereValue& value, std::optional<Timestamp>& from,
                  std::optional<Timestamp>& until) {
  const auto* time = std::get_if<Timestamp>(&value);
  if (time == nullptr) return;
  std::int64_t low = INT64_MIN;
  std::int64_t high = INT64_MAX - 1;
  if (!range_of(relation, time->micros, low, high)) return;
  if (low != INT64_MIN) from = std::max(from.value_or(Timestamp{low}), Timestamp{low});
  if (high != INT64_MAX - 1) {
    const Timestamp end{high + 1};  // a filter's times are half-open
    until = std::min(until.value_or(end), end);
  }
}

void narrow_by_test(const WhereTest& test, Filter& filter) {
  const std::string_view name = test.field.envelope->name;
  const bool is_one = test.relation == Relation::equal ||
                      (test.relation == Relation::in && test.values.size() == 1);
  const auto* text = test.values.empty() ? nullptr : std::get_if<std::string>(&test.values.front());
  if (name == "type" && test.relation == Relation::like && text != nullptr &&
      filter.type_glob.empty()) {
    filter.type_glob = glob_of(*text);
  } else if (name == "medium" && is_one && text != nullptr) {
    require(filter.medium, std::optional(events::MediumId{*text}), filter);
  } else if (name == "id" && is_one && text != nullptr) {
    require(filter.id, events::EventId::from_hex(*text), filter);
  } else if (name == "run" && is_one && text != nullptr) {
    require(filter.run, events::RunId::from_hex(*text), filter);
  } else if (name == "origin" && is_one && text != nullptr) {
    if (auto origin = events::parse_origin(*text)) {
      require(filter.origin, std::optional(*origin), filter);
    }
  } else if (name == "seq" && !test.values.empty()) {
    require_sequence(test.relation, test.values.front(), filter);
  } else if (name == "occurred_at" && !test.values.empty()) {
    require_time(test.relation, test.values.front(), filter.occurred_from, filter.occurred_until);
  } else if (name == "recorded_at" && !test.values.empty()) {
    require_time(test.relation, test.values.front(), filter.recorded_from, filter.recorded_until);
  }
}

}  // namespace

void narrow_filter(const WhereNode& root, Filter& filter) {
  if (root.kind == WhereNode::Kind::all) {
    for (const WhereNode& child : root.children) narrow_filter(child, filter);
  } else if (auto types = types_of(root)) {
    require_types(std::move(*types), filter);
  } else if (root.kind == WhereNode::Kind::test && root.test.field.envelope != nullptr &&
             !root.test.other) {
    narrow_by_test(root.test, filter);
  }
}

}  // namespace ntt::tools
