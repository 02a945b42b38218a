// Rows of RFC 4180: fields separated by commas, quoted where needed, lines ended by CR LF.

#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace ntt::tools {

inline std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

inline void write_csv_row(std::ostream& out, const std::vector<std::string>& fields) {
  const char* separator = "";
  for (const std::string& field : fields) {
    out << separator << csv_field(field);
    separator = ",";
  }
  out << "\r\n";
}

}  // namespace ntt::tools
