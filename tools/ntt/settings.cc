// The table of settings and how their layers become one value each.

#include "tools/ntt/settings.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>

namespace ntt::tools {

namespace fs = std::filesystem;
using events::Errc;
using events::Error;
using events::Result;

namespace {

constexpr std::array<SettingSpec, 14> kSettings = {{
    {"home", "NTT_HOME", "DIR", "where ntt keeps everything [~/.local/share/ntt]"},
    {"log_url", "NTT_LOG_URL", "URL", "the event log [rocksdb:HOME/log]"},
    {"db_url", "NTT_DB_URL", "URL", "PostgreSQL [a private server under HOME/pg]"},
    {"image_root", "NTT_IMAGE_ROOT", "DIR", "images of devices, and of names [HOME/img]"},
    {"raw_root", "NTT_RAW_ROOT", "DIR", "legacy .raw files [HOME/raw]"},
    {"by_hash_root", "NTT_BY_HASH_ROOT", "DIR", "the blob store [HOME/by-hash]"},
    {"images_root", "NTT_IMAGES_ROOT", "DIR", "archives of images [HOME/archives]"},
    {"key_root", "NTT_KEY_ROOT", "DIR", "keys that sign checkpoints [HOME/key]"},
    {"ignore_patterns", "NTT_IGNORE_PATTERNS", "FILE", "exclusion rules [none]"},
    {"lock_wait", nullptr, "SECONDS", "how long to wait for the log's writer [10]"},
    {"log_level", "NTT_LOG_LEVEL", "LEVEL", "debug, info, warn, error or off [info]"},
    {"log_json", nullptr, "", "messages as JSON lines"},
    {"progress", nullptr, "STYLE", "auto, bar, json or none [auto: a bar on a terminal]"},
    {"color", nullptr, "WHEN", "auto, always or never [auto]"},
}};

fs::path user_home(const Environment& environment) {
  if (auto home = environment("HOME"); home && !home->empty()) return *home;
  const passwd* entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_dir : "/";
}

// One setting's value and where it was found, for messages.
struct Found {
  std::string value;
  std::string where;
};

class Layers {
 public:
  Layers(const SettingValues& flags, const Environment& environment, const SettingValues& file,
         std::string file_name)
      : flags_(flags), environment_(environment), file_(file), file_name_(std::move(file_name)) {}

  [[nodiscard]] std::optional<Found> find(const SettingSpec& spec) const {
    if (auto flag = flags_.find(spec.name); flag != flags_.end()) {
      return Found{flag->second, "the command line"};
    }
    if (spec.environment != nullptr) {
      if (auto value = environment_(spec.environment); value && !value->empty()) {
        return Found{*value, spec.environment};
      }
    }
    if (auto entry = file_.find(spec.name); entry != file_.end()) {
      return Found{entry->second, file_name_};
    }
    return std::nullopt;
  }

 private:
  const SettingValues& flags_;
  const Environment& environment_;
  const SettingValues& file_;
  std::string file_name_;
};

Error wrong(const std::string& name, const Found& found, const std::string& expected) {
  return {Errc::invalid,
          name + " is '" + found.value + "' (from " + found.where + "), but has to be " + expected};
}

Result<std::string> one_of(const std::string& name, const std::optional<Found>& found,
                           const std::string& fallback, std::span<const char* const> allowed) {
  if (!found) return fallback;
  std::string list;
  for (const char* word : allowed) {
    if (found->value == word) return found->value;
    list += (list.empty() ? "" : ", ") + std::string(word);
  }
  return wrong(name, *found, "one of " + list);
}

Result<std::chrono::milliseconds> seconds(const std::string& name,
                                          const std::optional<Found>& found, double fallback) {
  double value = fallback;
  if (found) {
    const char* end = found->value.data() + found->value.size();
    const auto parsed = std::from_chars(found->value.data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end || !(value >= 0 && value < 1e9)) {
      return wrong(name, *found, "a number of seconds");
    }
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(value * 1000));
}

events::Status resolve_words(Settings& settings,
                             const std::map<std::string, std::optional<Found>>& found) {
  static constexpr std::array kLevels = {"debug", "info", "warn", "error", "off"};
  static constexpr std::array kStyles = {"auto", "bar", "json", "none"};
  static constexpr std::array kColors = {"auto", "always", "never"};
  static constexpr std::array kSwitch = {"true", "false"};
  auto level = one_of("log_level", found.at("log_level"), "info", kLevels);
  if (!level) return level.error();
  auto style = one_of("progress", found.at("progress"), "auto", kStyles);
  if (!style) return style.error();
  auto color = one_of("color", found.at("color"), "auto", kColors);
  if (!color) return color.error();
  auto json = one_of("log_json", found.at("log_json"), "false", kSwitch);
  if (!json) return json.error();
  auto wait = seconds("lock_wait", found.at("lock_wait"), 10);
  if (!wait) return wait.error();
  settings.log_level = *level;
  settings.progress = *style;
  settings.color = *color;
  settings.log_json = *json == "true";
  settings.lock_wait = *wait;
  return {};
}

}  // namespace

std::span<const SettingSpec> all_settings() {
  return kSettings;
}

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

Result<Settings> resolve_settings(const SettingValues& flags, const Environment& environment) {
  Settings settings;
  const fs::path home = user_home(environment);
  const auto xdg = environment("XDG_CONFIG_HOME");
  settings.config_file =
      (xdg && !xdg->empty() ? fs::path(*xdg) : home / ".config") / "ntt" / "ntt.toml";
  auto file = read_settings_file(settings.config_file);
  if (!file) return std::move(file).error();

  const Layers layers(flags, environment, *file, settings.config_file.string());
  std::map<std::string, std::optional<Found>> found;
  for (const SettingSpec& spec : kSettings) found[spec.name] = layers.find(spec);

  const auto path_of = [&found](const char* name, const fs::path& fallback) {
    const auto& value = found[name];
    std::error_code ignored;
    return fs::absolute(value ? fs::path(value->value) : fallback, ignored).lexically_normal();
  };
  settings.home = path_of("home", home / ".local" / "share" / "ntt");
  settings.image_root = path_of("image_root", settings.home / "img");
  settings.raw_root = path_of("raw_root", settings.home / "raw");
  settings.by_hash_root = path_of("by_hash_root", settings.home / "by-hash");
  settings.images_root = path_of("images_root", settings.home / "archives");
  settings.key_root = path_of("key_root", settings.home / "key");
  if (found["db_url"]) settings.db_url = found["db_url"]->value;
  if (found["ignore_patterns"]) settings.ignore_patterns = found["ignore_patterns"]->value;

  const std::string scheme = "rocksdb:";
  settings.log_directory = settings.home / "log";
  if (const auto& url = found["log_url"]) {
    if (url->value.rfind(scheme, 0) != 0 || url->value.size() == scheme.size()) {
      return wrong("log_url", *url, "rocksdb:PATH, the one kind of log there is");
    }
    settings.log_directory = fs::absolute(url->value.substr(scheme.size()));
  }
  if (auto words = resolve_words(settings, found); !words) return words.error();
  return settings;
}

}  // namespace ntt::tools
