// Every payload type as a value: its name, its fields, and what it does with data.

#pragma once

#include <rapidcheck.h>

#include <nlohmann/json.hpp>
#include <type_traits>

#include "events/bytes.h"
#include "events/payload.h"
#include "tests/events/batch_generators.h"

namespace ntt::events {

template <class T>
concept HasFields = requires {
  T::fields();
};

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

// Calls `visit` with each member of the payload.
template <HasFields T, class Visit>
void each_member(T& payload, Visit visit) {
  std::apply([&](const auto&... fields) { (visit(payload.*(fields.member)), ...); }, T::fields());
}

inline void fill(bool& out) {
  out = *rc::gen::arbitrary<bool>();
}
// UTF-8: what escapes give, or any characters of one byte.
inline void fill(std::string& out) {
  out = *rc::gen::arbitrary<bool>()
            ? escape_bytes(*any_bytes())
            : *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
}
inline void fill(ByteString& out) {
  out.bytes = *any_bytes();
}
inline void fill(std::map<std::string, std::string>& out) {
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    std::string key;
    fill(key);
    fill(out[key]);
  }
}
template <std::integral T>
void fill(T& out) {
  out = *any_number<T>();
}
template <HasFields T>
void fill(T& out);
template <class T>
void fill(std::optional<T>& out) {
  if (*rc::gen::arbitrary<bool>()) fill(out.emplace());
}
template <class T>
void fill(std::vector<T>& out) {
  out.resize(*rc::gen::inRange<std::size_t>(0, 4));
  for (T& item : out) fill(item);
}
template <HasFields T>
void fill(T& out) {
  each_member(out, [](auto& member) { fill(member); });
}

struct FieldInfo {
  std::string name;
  bool optional = false;
};

template <HasFields T>
std::vector<FieldInfo> fields_of() {
  return std::apply(
      [](const auto&... fields) {
        return std::vector<FieldInfo>{
            {fields.name,
             IsOptional<std::decay_t<decltype(std::declval<T>().*(fields.member))>>::value}...};
      },
      T::fields());
}

// One type, without being a template: the tests loop over these.
struct PayloadKind {
  std::string type;
  std::uint16_t version = 0;
  std::vector<FieldInfo> fields;
  std::string default_data;
  // Data read and written again.
  Result<std::string> (*rewrite)(std::uint16_t version, std::string_view data) = nullptr;
  // Whether a payload with any values, within a property, is read back equal, by both readers.
  bool (*any_comes_back)() = nullptr;
};

template <class Payload>
Result<std::string> rewrite(std::uint16_t version, std::string_view data) {
  auto payload = from_data<Payload>(version, data);
  if (!payload) return std::move(payload).error();
  return to_data(*payload);
}

template <class Payload>
bool any_comes_back() {
  Payload payload;
  fill(payload);
  const std::string data = to_data(payload);
  const auto back = from_data<Payload>(Payload::kVersion, data);
  // With a space in it, the data is read by another reader (payload_reader.h).
  const auto slow = from_data<Payload>(Payload::kVersion, data + " ");
  // And the library that did not write it would write the same.
  const bool same = nlohmann::json::parse(data).dump() == data;
  return back && *back == payload && slow && *slow == payload && same;
}

template <class... Payload>
std::vector<PayloadKind> kinds_of(PayloadList<Payload...> /*list*/) {
  return {{Payload::kType, Payload::kVersion, fields_of<Payload>(), to_data(Payload{}),
           &rewrite<Payload>, &any_comes_back<Payload>}...};
}

inline const std::vector<PayloadKind>& all_payload_kinds() {
  static const auto kKinds = kinds_of(AllPayloads{});
  return kKinds;
}

}  // namespace ntt::events
