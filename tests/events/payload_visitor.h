// Payloads seen as what they are made of: every type, every field, any value.

#pragma once

#include <rapidcheck.h>

#include <type_traits>

#include "events/bytes.h"
#include "events/payload.h"
#include "tests/events/batch_generators.h"

namespace ntt::events {

template <class T>
concept HasFields = requires {
  T::fields();
};

// Calls `visit` with an object of every payload type.
template <class... Payload, class Visit>
void each_payload(PayloadList<Payload...> /*list*/, Visit visit) {
  (visit(Payload{}), ...);
}

// Calls `visit(name, member)` for each field of the payload.
template <HasFields T, class Visit>
void each_field(T& payload, Visit visit) {
  std::apply([&](const auto&... fields) { (visit(fields.name, payload.*(fields.member)), ...); },
             T::fields());
}

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

inline void fill(bool& out) {
  out = *rc::gen::arbitrary<bool>();
}
inline void fill(std::string& out) {
  out = escape_bytes(*any_bytes());
}  // any UTF-8 without NUL
inline void fill(ByteString& out) {
  out.bytes = *any_bytes();
}
inline void fill(std::map<std::string, std::string>& out) {
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) fill(out[escape_bytes(*any_bytes())]);
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
  each_field(out, [](const char* /*name*/, auto& member) { fill(member); });
}

}  // namespace ntt::events
