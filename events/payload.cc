// Payloads as JSON and back: the one file that knows nlohmann/json in events/.

#include "events/payload.h"

#include <nlohmann/json.hpp>
#include <type_traits>

#include "events/bytes.h"
#include "events/payload_reader.h"
#include "events/payload_writer.h"

namespace ntt::events {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kUsualBytes = 1024;

template <class T>
concept HasFields = requires {
  T::fields();
};

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

using StringMap = std::map<std::string, std::string>;

bool read_json(const Json& json, bool& out) {
  if (!json.is_boolean()) return false;
  out = json.get<bool>();
  return true;
}

bool read_json(const Json& json, std::string& out) {
  if (!json.is_string()) return false;
  out = json.get<std::string>();
  return true;
}

bool read_json(const Json& json, ByteString& out) {
  if (!json.is_string()) return false;
  auto bytes = unescape_bytes(json.get_ref<const std::string&>());
  if (!bytes) return false;
  out.bytes = std::move(*bytes);
  return true;
}

bool read_json(const Json& json, StringMap& out) {
  if (!json.is_object()) return false;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) return false;
    out[key] = value.get<std::string>();
  }
  return true;
}

template <std::unsigned_integral T>
bool read_json(const Json& json, T& out) {
  if (!json.is_number_unsigned()) return false;
  const auto value = json.get<std::uint64_t>();
  out = static_cast<T>(value);
  return out == value;
}

bool read_json(const Json& json, std::int64_t& out) {
  if (!json.is_number_integer()) return false;
  if (json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX) return false;
  out = json.get<std::int64_t>();
  return true;
}

template <HasFields T>
bool read_json(const Json& json, T& out);

template <class T>
bool read_json(const Json& json, std::vector<T>& out) {
  if (!json.is_array()) return false;
  for (const auto& item : json) {
    if (!read_json(item, out.emplace_back())) return false;
  }
  return true;
}

template <class Member>
bool read_member(const Json& object, const char* name, Member& out) {
  const auto found = object.find(name);
  if constexpr (IsOptional<Member>::value) {
    return found == object.end() || read_json(*found, out.emplace());
  } else {
    return found != object.end() && read_json(*found, out);
  }
}

template <HasFields T>
bool read_json(const Json& json, T& out) {
  if (!json.is_object()) return false;
  return std::apply(
      [&](const auto&... fields) {
        return (read_member(json, fields.name, out.*(fields.member)) && ...);
      },
      T::fields());
}

template <class... Payload>
bool list_has(PayloadList<Payload...> /*list*/, std::string_view type) {
  return ((type == Payload::kType) || ...);
}

}  // namespace

template <class Payload>
std::string to_data(const Payload& payload) {
  std::string out;
  out.reserve(kUsualBytes);
  PayloadWriter(out).write(payload);
  return out;
}

template <class Payload>
Result<Payload> from_data(std::uint16_t version, std::string_view data) {
  const std::string name = Payload::kType;
  if (version == 0 || version > Payload::kVersion) {
    return Error{Errc::corruption, name + " version " + std::to_string(version) +
                                       " is not known to this program: use a newer ntt"};
  }
  if (Payload plain; PayloadReader(data).read_all(plain)) return plain;
  const Json json = Json::parse(data, nullptr, /*allow_exceptions=*/false);
  Payload payload;
  if (json.is_discarded() || !read_json(json, payload)) {
    return Error{Errc::corruption, "the payload does not fit the schema of " + name + " version " +
                                       std::to_string(version)};
  }
  return payload;
}

bool is_known_type(std::string_view type) {
  return list_has(AllPayloads{}, type);
}

namespace {
template <class Payload>
bool check_as(const Event& event, Status& status) {
  if (event.type != Payload::kType) return false;
  if (auto payload = payload_of<Payload>(event); !payload) status = std::move(payload).error();
  return true;
}

template <class... Payload>
Status check_any(PayloadList<Payload...> /*list*/, const Event& event) {
  Status status;
  (check_as<Payload>(event, status) || ...);
  return status;
}
}  // namespace

Status check_payload(const Event& event) {
  return check_any(AllPayloads{}, event);
}

// Every payload's to_data and from_data, so that no other file needs the JSON library.
namespace {
template <class... Payload>
auto instantiate(PayloadList<Payload...> /*list*/) {
  return std::tuple{&to_data<Payload>..., &from_data<Payload>...};
}
}  // namespace
const void* payload_instances();
const void* payload_instances() {
  static const auto instances = instantiate(AllPayloads{});
  return &instances;
}

}  // namespace ntt::events
