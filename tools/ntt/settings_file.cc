// Reading ntt.toml with toml++.

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "tools/ntt/settings.h"

namespace ntt::tools {

namespace {

using events::Errc;
using events::Error;

std::string value_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  std::ostringstream out;
  node.visit([&out](const auto& value) { out << value; });
  return out.str();
}

}  // namespace

events::Result<SettingValues> read_settings_file(const std::filesystem::path& path) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) return SettingValues{};
  SettingValues values;
  try {
    const toml::table table = toml::parse_file(path.string());
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      const auto known = all_settings();
      if (std::none_of(known.begin(), known.end(),
                       [&name](const SettingSpec& spec) { return name == spec.name; })) {
        return Error{Errc::invalid, path.string() + ": there is no setting '" + name +
                                        "'; `ntt --help` lists them"};
      }
      values[name] = value_of(node);
    }
  } catch (const toml::parse_error& error) {
    return Error{Errc::invalid, path.string() + ":" + std::to_string(error.source().begin.line) +
                                    ": " + std::string(error.description())};
  }
  return values;
}

}  // namespace ntt::tools
