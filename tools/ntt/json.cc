// Printing JSON: the one place where the library's code for it is compiled.

#include "tools/ntt/json.h"

namespace ntt::tools {

std::string one_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void print_json(const Json& json) {
  std::cout << one_line(json) << "\n";
}

Json json_of(events::Timestamp time) {
  return events::to_rfc3339(time);
}

}  // namespace ntt::tools
