// A difference names table, row, column, both values and the event.

#include "tools/ntt/difference_json.h"

namespace ntt::tools {

using projector::Difference;

namespace {

std::string shown(const std::optional<std::string>& value) {
  return value ? *value : "NULL";
}

// "event 14, copy_success of 2025-10-10T15:41:03.000000Z"; empty: no event.
std::string event_text(const events::Log& log, events::Sequence seq) {
  if (!seq) return "no event";
  std::string text = "event " + std::to_string(seq.value);
  auto event = log.read(seq);
  if (event) text += ", " + event->type + " of " + events::to_rfc3339(event->occurred_at);
  return text;
}

}  // namespace

Json json_of_event_behind(const events::Log& log, events::Sequence seq) {
  if (!seq) return nullptr;
  Json json = {{"seq", seq.value}};
  auto event = log.read(seq);
  if (event) {
    json["type"] = event->type;
    json["occurred_at"] = json_of(event->occurred_at);
  }
  return json;
}

Json json_of(const Difference& difference, const events::Log& log) {
  Json json;
  json["kind"] = projector::to_string(difference.kind);
  json["table"] = difference.table;
  json["medium"] = difference.medium.empty() ? Json(nullptr) : Json(difference.medium);
  json["key"] = difference.key;
  json["column"] = difference.column.empty() ? Json(nullptr) : Json(difference.column);
  json["table_value"] = json_of(difference.table_value);
  json["log_value"] = json_of(difference.log_value);
  json["event"] = json_of_event_behind(log, difference.event);
  return json;
}

std::string text_of(const Difference& difference, const events::Log& log) {
  std::string where = difference.table + " (" + difference.key + ")";
  switch (difference.kind) {
    case Difference::Kind::changed:
      return where + ": " + difference.column + ": table " + shown(difference.table_value) +
             ", log " + shown(difference.log_value) + " (" + event_text(log, difference.event) +
             ")";
    case Difference::Kind::missing:
      return where + ": the table lacks this row (" + event_text(log, difference.event) +
             "): " + shown(difference.log_value);
    case Difference::Kind::unexpected:
      return where + ": no event justifies this row: " + shown(difference.table_value);
    case Difference::Kind::structure:
      return difference.table + ": " + difference.key + ": is " +
             difference.table_value.value_or("not there") + ", should be " +
             difference.log_value.value_or("not there");
  }
  return where;
}

}  // namespace ntt::tools
