// JSON as commands print it: keys in the order they were set, one line an object.

#pragma once

#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "events/types.h"

namespace ntt::tools {

using Json = nlohmann::ordered_json;

// Bytes that are not UTF-8 become U+FFFD: paths are escaped before they come here.
std::string one_line(const Json& json);

void print_json(const Json& json);

Json json_of(events::Timestamp time);

// null when there is none.
template <class T>
Json json_of(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace ntt::tools
