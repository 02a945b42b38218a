// Row values by their type.

#include "tools/ntt/row_json.h"

#include <algorithm>
#include <charconv>

#include "events/bytes.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::Result;
using projector::Moment;
using projector::RowValue;

namespace {

struct ToJson {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(const std::string& text) const { return text; }
  Json operator()(std::int32_t number) const { return number; }
  Json operator()(std::int64_t number) const { return number; }
  Json operator()(events::Timestamp time) const { return json_of(time); }
  Json operator()(const std::vector<std::string>& list) const { return list; }
};

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

// A text of the tables may hold control characters, which a terminal must not get.
std::string printable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool is_control = (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F;
    out += is_control ? "\\x" + events::to_hex({&c, 1}) : std::string(1, c);
  }
  return out;
}

}  // namespace

Json json_of(const RowValue& value) {
  return std::visit(ToJson{}, value);
}

std::string text_of(const RowValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return "-";
  if (const auto* text = std::get_if<std::string>(&value)) return printable(*text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    return printable(joined(*list));
  }
  if (const auto* time = std::get_if<events::Timestamp>(&value)) return events::to_rfc3339(*time);
  return one_line(json_of(value));
}

std::string line_of(const RowValue& value) {
  std::string text = text_of(value);
  for (std::size_t at = 0; (at = text.find('\n', at)) != text.npos;) text.replace(at, 1, "; ");
  return text;
}

Json reference_to(const events::Event& event) {
  return {
      {"seq", event.seq.value},
      {"type", event.type},
      {"occurred_at", json_of(event.occurred_at)},
      {"recorded_at", json_of(event.recorded_at)},
      {"origin", events::to_string(event.origin)},
      {"run", event.run.is_zero() ? Json(nullptr) : Json(events::to_uuid_string(event.run))},
      {"actor",
       {{"host", event.actor.host}, {"user", event.actor.user}, {"program", event.actor.program}}}};
}

Json json_of(const std::vector<projector::RowDifference>& differences) {
  Json out = Json::array();
  for (const auto& difference : differences) {
    out.push_back({{"column", difference.name},
                   {"before", json_of(difference.before)},
                   {"after", json_of(difference.after)}});
  }
  return out;
}

std::string name_of(const events::Actor& actor) {
  return actor.user + "@" + actor.host;
}

Result<Moment> parse_moment(const std::string& text) {
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) {
    auto time = events::parse_timestamp(text);
    if (time) return Moment(*time);
    return Error{Errc::invalid, "'" + text + "' is neither a sequence number nor a time " +
                                    "(2025-10-10T15:41:03Z, or 2025-10-10)"};
  }
  events::Sequence seq;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seq.value);
  if (read.ec != std::errc() || !seq) {
    return Error{Errc::invalid, "'" + text + "' is not a sequence number: they count from 1"};
  }
  return Moment(seq);
}

}  // namespace ntt::tools
