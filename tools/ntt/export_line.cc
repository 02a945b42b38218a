// Lines are put together and taken apart by hand, because the payload in them has to stay the bytes
// that were hashed: no JSON library gives those back.

#include "tools/ntt/export_line.h"

#include <charconv>

#include "events/bytes.h"
#include "events/hash.h"

namespace ntt::tools {

using events::Envelope;
using events::Errc;
using events::Error;
using events::Result;
using events::Salt;
using events::Sequence;
using events::Status;
using events::WholeRecord;

namespace {

constexpr int kFormat = 1;  // of the export; never reuse a number
constexpr std::string_view kCheckBefore = ",\"check\":\"";
constexpr std::size_t kCheckDigits = 64;
constexpr std::size_t kSequenceDigits = 20;
constexpr int kDepthMax = 512;  // deeper payloads go as text only

constexpr std::string_view kKindNames[] = {"begin", "event", "record", "end"};

Error bad_line(const std::string& what) {
  return {Errc::invalid, what};
}

// A JSON string.
std::string quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

// An object that grows attribute by attribute; the check closes it.
class Body {
 public:
  void text(std::string_view name, const std::string& value) { raw(name, quoted(value)); }
  void escaped(std::string_view name, std::string_view bytes) {
    if (!bytes.empty()) text(name, events::escape_bytes(bytes));
  }
  void raw(std::string_view name, std::string_view json) {
    out_ += out_.empty() ? "{\"" : ",\"";
    out_ += name;
    out_ += "\":";
    out_ += json;
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

std::string padded(Sequence seq) {
  std::string digits = std::to_string(seq.value);
  return std::string(kSequenceDigits - digits.size(), '0') + digits;
}

std::string_view view(const Salt& salt) {
  return {reinterpret_cast<const char*>(salt.data()), salt.size()};
}

bool is_deep(std::string_view json) {
  int depth = 0;
  for (const char c : json) {
    if ((c == '{' || c == '[') && ++depth > kDepthMax) return true;
    if (c == '}' || c == ']') --depth;
  }
  return false;
}

// The payload: as it is where any JSON library would write the same bytes again, else also as text.
void add_data(Body& body, const std::string& data) {
  const Json json =
      is_deep(data) ? Json(Json::value_t::discarded) : Json::parse(data, nullptr, false);
  if (json.is_discarded()) {
    body.text("datatext", events::escape_bytes(data));
    return;
  }
  const std::string again = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (again != data) body.text("datatext", events::escape_bytes(data));
  body.raw("data", again);
}

std::string check_of(std::string_view before, std::string_view body) {
  events::Sha256 hasher;
  hasher.update(before);
  hasher.update(body);
  return hasher.finish().hex();
}

// Takes a line apart from the front.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  // A string with its quotes; empty if there is none.
  std::string_view string() {
    if (rest_.empty() || rest_.front() != '"') return {};
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '\\') {
        ++i;
      } else if (rest_[i] == '"') {
        return cut(i + 1);
      }
    }
    return {};
  }

  // Any value; only its extent is looked at.
  std::string_view value() {
    if (!rest_.empty() && rest_.front() == '"') return string();
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (quoted) {
        if (c == '\\') ++i;
        if (c == '"') quoted = false;
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}')) return cut(i);
      if (c == '"') quoted = true;
      if (c == '{' || c == '[') ++depth;
      if (c == ']' && depth == 0) return {};
      if (c == '}' || c == ']') --depth;
    }
    return {};
  }

 private:
  std::string_view cut(std::size_t count) {
    const std::string_view out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }
  std::string_view rest_;
};

std::optional<std::string> decoded(std::string_view string) {
  const Json json = Json::parse(string, nullptr, false);
  if (!json.is_string()) return std::nullopt;
  return json.get<std::string>();
}

template <class Number>
std::optional<Number> number_of(std::string_view digits) {
  Number value{};
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (digits.empty() || stop != end || error != std::errc()) return std::nullopt;
  return value;
}

std::optional<Sequence> sequence_of(const std::string& text) {
  const auto value = number_of<std::uint64_t>(text);
  if (!value || text.size() != kSequenceDigits) return std::nullopt;
  return Sequence{*value};
}

std::optional<Salt> salt_of(const std::string& text) {
  const auto raw = events::from_hex(text);
  if (!raw || raw->size() != Salt{}.size()) return std::nullopt;
  Salt salt{};
  for (std::size_t i = 0; i < salt.size(); ++i) salt[i] = static_cast<std::uint8_t>((*raw)[i]);
  return salt;
}

// A member of a begin or end line's data.
template <class T>
bool get(const Json& data, const char* name, T& out) {
  const auto found = data.find(name);
  if (found == data.end()) return false;
  if constexpr (std::is_same_v<T, std::string>) {
    if (!found->is_string()) return false;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!found->is_boolean()) return false;
  } else {
    if (!found->is_number_unsigned()) return false;
  }
  out = found->template get<T>();
  return true;
}

}  // namespace

std::string LineWriter::seal(std::string body) {
  check_ = check_of(check_, body);
  return body.append(kCheckBefore).append(check_).append("\"}\n");
}

std::string LineWriter::frame(LineKind kind, const Json& data) {
  const std::string name(kKindNames[static_cast<std::size_t>(kind)]);
  const std::string text = one_line(data);
  Body body;
  body.text("specversion", "1.0");
  body.text("id", name + "/" + events::Sha256::of(text).hex());
  body.text("source", "urn:ntt:log:" + log_id_);
  body.text("type", "export." + name);
  body.text("datacontenttype", "application/json");
  body.text("line", name);
  body.raw("data", text);
  return seal(body.take());
}

std::string LineWriter::begin(const ExportBegin& begin) {
  return frame(LineKind::begin,
               {{"format", kFormat},
                {"log_id", begin.log_id},
                {"first", begin.first.value},
                {"last", begin.last.value},
                {"medium", begin.medium.empty() ? Json(nullptr) : Json(begin.medium)},
                {"batches", begin.batches},
                {"restorable", begin.restorable}});
}

std::string LineWriter::end(const ExportEnd& end) {
  return frame(LineKind::end, {{"events", end.events},
                               {"head_seq", end.head.seq.value},
                               {"envelope_hash", end.head.envelope_hash.hex()},
                               {"root", end.head.root.hex()}});
}

std::string LineWriter::event(const WholeRecord& record) {
  const Envelope& envelope = record.envelope;
  Body body;
  body.text("specversion", "1.0");
  body.text("id", events::to_uuid_string(envelope.id));
  body.text("source", "urn:ntt:log:" + log_id_);
  body.escaped("type", envelope.type);
  body.escaped("subject", envelope.medium.text);
  body.text("time", events::to_rfc3339(envelope.occurred_at));
  body.text("datacontenttype", "application/json");
  body.text("line", "event");
  body.text("sequence", padded(envelope.seq));
  body.raw("dataversion", std::to_string(envelope.version));
  body.text("recordedat", events::to_rfc3339(envelope.recorded_at));
  body.text("origin", std::string(events::to_string(envelope.origin)));
  if (!envelope.run.is_zero()) body.text("run", events::to_uuid_string(envelope.run));
  if (envelope.cause) body.text("cause", padded(envelope.cause));
  body.escaped("actorhost", envelope.actor.host);
  body.escaped("actoruser", envelope.actor.user);
  body.escaped("actorprogram", envelope.actor.program);
  body.text("datasalt", events::to_hex(view(record.data_salt)));
  body.text("datadigest", envelope.data_digest.hex());
  if (envelope.has_attachment()) {
    body.text("attachmentsalt", events::to_hex(view(record.attachment_salt)));
    body.text("attachmentdigest", envelope.attachment_digest.hex());
    body.raw("attachment", "\"" + events::to_base64(record.attachment) + "\"");
  }
  add_data(body, record.data);
  return seal(body.take());
}

std::string LineWriter::record(const Envelope& envelope, std::uint64_t index, const Json& record) {
  Body body;
  body.text("specversion", "1.0");
  body.text("id", events::to_uuid_string(envelope.id) + "/" + std::to_string(index));
  body.text("source", "urn:ntt:log:" + log_id_);
  body.text("type", envelope.type + ".record");
  body.escaped("subject", envelope.medium.text);
  body.text("time", events::to_rfc3339(envelope.occurred_at));
  body.text("datacontenttype", "application/json");
  body.text("line", "record");
  body.text("sequence", padded(envelope.seq));
  body.raw("data", one_line(record));
  return seal(body.take());
}

bool LineChain::accept(std::string_view line) {
  const std::size_t tail = kCheckBefore.size() + kCheckDigits + 2;
  if (line.size() < tail) return false;
  const std::string_view body = line.substr(0, line.size() - tail);
  const std::string check = check_of(check_, body);
  const std::string expected = std::string(kCheckBefore) + check + "\"}";
  if (line.substr(line.size() - tail) != expected) return false;
  check_ = check;
  return true;
}

Result<ExportLine> ExportLine::parse(std::string_view line) {
  Scanner scanner(line);
  ExportLine out;
  if (!scanner.take('{')) return bad_line("it is no JSON object");
  do {
    const auto name = decoded(scanner.string());
    if (!name || !scanner.take(':')) return bad_line("an attribute has no name");
    const std::string_view value = scanner.value();
    if (value.empty()) return bad_line("the attribute " + *name + " has no end");
    if (out.strings_.contains(*name) || out.raw_.contains(*name)) {
      return bad_line("the attribute " + *name + " comes twice");
    }
    if (value.front() != '"' || *name == "data") {
      out.raw_.emplace(*name, value);
      continue;
    }
    auto text = decoded(value);
    if (!text) return bad_line("the attribute " + *name + " is no JSON string");
    out.strings_.emplace(*name, std::move(*text));
  } while (scanner.take(','));
  if (!scanner.take('}') || !scanner.at_end()) return bad_line("it does not end as an object does");
  const std::string* kind = out.find("line");
  for (std::size_t i = 0; i < std::size(kKindNames); ++i) {
    if (kind == nullptr || *kind != kKindNames[i]) continue;
    out.kind_ = static_cast<LineKind>(i);
    return out;
  }
  return bad_line("it is no line of an export: its attribute `line` is missing or unknown");
}

const std::string* ExportLine::find(const std::string& name) const {
  const auto found = strings_.find(name);
  return found == strings_.end() ? nullptr : &found->second;
}

Result<ExportBegin> ExportLine::begin() const {
  const auto found = raw_.find("data");
  const Json data = found == raw_.end() ? Json() : Json::parse(found->second, nullptr, false);
  int format = 0;
  if (kind_ != LineKind::begin || !data.is_object() || !get(data, "format", format)) {
    return bad_line("it is not the first line of an export");
  }
  if (format != kFormat) {
    return bad_line("the export has format " + std::to_string(format) +
                    ", which this program does not know: use a newer ntt");
  }
  ExportBegin out;
  if (!get(data, "log_id", out.log_id) || !get(data, "first", out.first.value) ||
      !get(data, "last", out.last.value) || !get(data, "batches", out.batches) ||
      !get(data, "restorable", out.restorable)) {
    return bad_line("its data lacks something");
  }
  return out;
}

Result<ExportEnd> ExportLine::end() const {
  const auto found = raw_.find("data");
  const Json data = found == raw_.end() ? Json() : Json::parse(found->second, nullptr, false);
  ExportEnd out;
  std::string envelope_hash;
  std::string root;
  if (kind_ != LineKind::end || !data.is_object() || !get(data, "events", out.events) ||
      !get(data, "head_seq", out.head.seq.value) || !get(data, "envelope_hash", envelope_hash) ||
      !get(data, "root", root)) {
    return bad_line("its data lacks something");
  }
  const auto leaf = events::Sha256Digest::from_hex(envelope_hash);
  const auto tree = events::Sha256Digest::from_hex(root);
  if (!leaf || !tree) return bad_line("a digest in its data is none");
  out.head.envelope_hash = *leaf;
  out.head.root = *tree;
  return out;
}

Status ExportLine::read_envelope(Envelope& envelope) const {
  const auto text = [&](const char* name) {
    const std::string* found = find(name);
    return found == nullptr ? std::string() : *found;
  };
  const auto bytes = [&](const char* name, std::string& out) {
    auto unescaped = events::unescape_bytes(text(name));
    if (unescaped) out = std::move(*unescaped);
    return unescaped.has_value();
  };
  const auto fixed = [&](const char* name, auto& out) {
    const auto value = std::remove_reference_t<decltype(out)>::from_hex(text(name));
    if (value) out = *value;
    return value.has_value();
  };
  const auto time = [&](const char* name, events::Timestamp& out) {
    auto value = events::parse_timestamp(text(name));
    if (value) out = *value;
    return value.has_value();
  };
  const auto position = [&](const char* name, Sequence& out) {
    const auto value = sequence_of(text(name));
    if (value) out = *value;
    return value.has_value();
  };
  const auto wrong = [](const std::string& name) {
    return bad_line("the attribute " + name + " is missing or is not what it has to be");
  };
  if (!position("sequence", envelope.seq)) return wrong("sequence");
  if (!fixed("id", envelope.id)) return wrong("id");
  if (!bytes("type", envelope.type)) return wrong("type");
  if (!bytes("subject", envelope.medium.text)) return wrong("subject");
  if (!time("time", envelope.occurred_at)) return wrong("time");
  if (!time("recordedat", envelope.recorded_at)) return wrong("recordedat");
  if (find("run") != nullptr && !fixed("run", envelope.run)) return wrong("run");
  if (find("cause") != nullptr && !position("cause", envelope.cause)) return wrong("cause");
  if (!bytes("actorhost", envelope.actor.host)) return wrong("actorhost");
  if (!bytes("actoruser", envelope.actor.user)) return wrong("actoruser");
  if (!bytes("actorprogram", envelope.actor.program)) return wrong("actorprogram");
  auto origin = events::parse_origin(text("origin"));
  if (!origin) return wrong("origin");
  envelope.origin = *origin;
  const auto version = raw_.find("dataversion");
  const auto number =
      version == raw_.end() ? std::nullopt : number_of<std::uint16_t>(version->second);
  if (!number) return wrong("dataversion");
  envelope.version = *number;
  if (!fixed("datadigest", envelope.data_digest)) return wrong("datadigest");
  return {};
}

Status ExportLine::read_content(WholeRecord& record) const {
  const std::string* salt = find("datasalt");
  const auto data_salt = salt == nullptr ? std::nullopt : salt_of(*salt);
  if (!data_salt) return bad_line("the attribute datasalt is missing or no salt");
  record.data_salt = *data_salt;
  const auto data = raw_.find("data");
  if (const std::string* text = find("datatext")) {
    auto bytes = events::unescape_bytes(*text);
    if (!bytes) return bad_line("the attribute datatext is not escaped as it has to be");
    record.data = std::move(*bytes);
  } else if (data != raw_.end()) {
    record.data = data->second;
  } else {
    return bad_line("it has no payload");
  }
  const std::string* digest = find("attachmentdigest");
  if (digest == nullptr) return {};
  const std::string* content = find("attachment");
  const std::string* attachment_salt = find("attachmentsalt");
  if (content == nullptr || attachment_salt == nullptr) {
    return bad_line("it has a digest of an attachment without the attachment");
  }
  const auto parsed_digest = events::Sha256Digest::from_hex(*digest);
  const auto parsed_salt = salt_of(*attachment_salt);
  auto bytes = events::from_base64(*content);
  if (!parsed_digest || !parsed_salt || !bytes) return bad_line("its attachment does not decode");
  record.envelope.attachment_digest = *parsed_digest;
  record.envelope.attachment_bytes = bytes->size();
  record.attachment_salt = *parsed_salt;
  record.attachment = std::move(*bytes);
  return {};
}

Result<WholeRecord> ExportLine::record() const {
  if (kind_ != LineKind::event) return bad_line("it is no event");
  WholeRecord out;
  if (auto read = read_envelope(out.envelope); !read) return std::move(read).error();
  if (auto read = read_content(out); !read) return std::move(read).error();
  return out;
}

}  // namespace ntt::tools
