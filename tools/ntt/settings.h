// Settings: flag, environment, ~/.config/ntt/ntt.toml, default, in this order of precedence.

#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "events/result.h"

namespace ntt::tools {

// One setting. Its key in the file is `name`, its flag "--" and the name with dashes.
struct SettingSpec {
  const char* name;
  const char* environment;  // nullptr: none
  const char* value;        // what help calls its value
  const char* help;
};
std::span<const SettingSpec> all_settings();

struct Settings {
  std::filesystem::path home;
  std::filesystem::path log_directory;
  std::string db_url;  // empty: the private cluster under `home`
  std::filesystem::path image_root;
  std::filesystem::path raw_root;
  std::filesystem::path by_hash_root;
  std::filesystem::path images_root;  // archives
  std::filesystem::path key_root;     // keys that sign checkpoints
  std::string ignore_patterns;        // exclusion rules' file; empty: none
  std::chrono::milliseconds lock_wait{};
  std::string log_level;
  bool log_json = false;
  std::string progress;               // auto | bar | json | none
  std::string color;                  // auto | always | never
  std::filesystem::path config_file;  // where it is, or would be

  [[nodiscard]] std::filesystem::path cluster_directory() const { return home / "pg"; }
  [[nodiscard]] std::filesystem::path temporary_directory() const { return home / "tmp"; }
};

using SettingValues = std::map<std::string, std::string>;  // name -> value, as written
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// The process's environment.
std::optional<std::string> process_environment(const std::string& name);

// Errc::invalid names the setting, where its value comes from and what it may be.
events::Result<Settings> resolve_settings(const SettingValues& flags,
                                          const Environment& environment);

// A settings file's values; none when there is no such file. Unknown keys are Errc::invalid.
events::Result<SettingValues> read_settings_file(const std::filesystem::path& path);

}  // namespace ntt::tools
