// Commands as data become a CLI11 parser; the only file that knows CLI11.

#include "tools/ntt/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <iostream>

#include "tools/ntt/context.h"
#include "tools/ntt/messages.h"
#include "tools/ntt/signals.h"

namespace ntt::tools {

namespace {

// An unset variable of a shell gives an empty value, which nobody means.
std::string fault_of_text(const std::string& value) {
  return value.empty() ? "its value is empty" : "";
}

// Numbers count something, or name an event: CLI11 alone would take -1 for a very large one.
std::string fault_of_number(const std::string& value) {
  const bool is_whole = value.find_first_not_of("0123456789") == std::string::npos;
  const bool is_zero = value.find_first_not_of('0') == std::string::npos;
  return is_whole && !is_zero ? "" : "'" + value + "' is no whole number from 1 on";
}

void add_option(CLI::App& app, const Option& option, const std::string& group) {
  CLI::Option* added = nullptr;
  if (auto* const* flag = std::get_if<bool*>(&option.target)) {
    added = app.add_flag(option.name, **flag, option.help);
  } else if (auto* const* text = std::get_if<std::string*>(&option.target)) {
    added = app.add_option(option.name, **text, option.help);
  } else if (auto* const* number = std::get_if<std::uint64_t*>(&option.target)) {
    added = app.add_option(option.name, **number, option.help)->check(fault_of_number);
  } else {
    added = app.add_option(option.name, **std::get_if<std::vector<std::string>*>(&option.target),
                           option.help);
  }
  if (!option.value.empty()) added->type_name(option.value)->option_text(option.value);
  if (!option.choices.empty()) added->check(CLI::IsMember(option.choices));
  if (!group.empty()) added->group(group);
  if (group.empty() && option.name.starts_with('-')) added->check(fault_of_text);
  added->required(option.required);
}

// Adds `command` to `app`; whichever subcommand is parsed leaves itself in `chosen`.
void add_command(CLI::App& app, const Command& command, const Command*& chosen) {
  app.footer(command.examples.empty() ? "" : "Examples:\n" + command.examples);
  app.fallthrough();
  for (const Option& option : command.options) add_option(app, option, "");
  for (const Command& child : command.subcommands) {
    CLI::App* added = app.add_subcommand(child.name, child.summary);
    if (child.name.rfind("__", 0) == 0) added->group("");
    add_command(*added, child, chosen);
  }
  if (command.run) app.parse_complete_callback([&command, &chosen] { chosen = &command; });
  if (!command.subcommands.empty()) app.require_subcommand(1);
}

std::string flag_of(const SettingSpec& spec) {
  std::string flag = std::string("--") + spec.name;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

// Values of the settings' flags while CLI11 fills them.
struct SettingFlag {
  const SettingSpec* spec;
  std::string text;
  bool given = false;
};

void add_settings(CLI::App& app, std::deque<SettingFlag>& flags) {
  for (const SettingSpec& spec : all_settings()) {
    SettingFlag& flag = flags.emplace_back(SettingFlag{&spec, "", false});
    const bool is_switch = std::string_view(spec.value).empty();
    const std::string help =
        spec.help + (spec.environment != nullptr ? " (" + std::string(spec.environment) + ")" : "");
    Option option{flag_of(spec), &flag.text, spec.value, help, false, {}};
    if (is_switch) option.target = &flag.given;
    add_option(app, option, "Settings");
  }
}

SettingValues given_settings(const CLI::App& app, const std::deque<SettingFlag>& flags) {
  SettingValues values;
  for (const SettingFlag& flag : flags) {
    if (app.get_option(flag_of(*flag.spec))->count() == 0) continue;
    values[flag.spec->name] = std::string_view(flag.spec->value).empty() ? "true" : flag.text;
  }
  return values;
}

// CLI11 wants the arguments reversed and without the program's name.
std::vector<std::string> reversed(const std::vector<std::string>& arguments) {
  return {arguments.rbegin(), std::prev(arguments.rend())};
}

}  // namespace

int run_command_line(const Command& command, const std::vector<std::string>& arguments) {
  CLI::App app(command.summary, command.name);
  app.get_formatter()->column_width(34);
  const Command* chosen = nullptr;
  std::deque<SettingFlag> flags;
  add_command(app, command, chosen);
  add_settings(app, flags);
  const bool has_word = arguments.size() > 1 && !arguments[1].empty() && arguments[1][0] != '-';
  if (has_word && !command.subcommands.empty() &&
      std::none_of(command.subcommands.begin(), command.subcommands.end(),
                   [&](const Command& child) { return child.name == arguments[1]; })) {
    std::cerr << command.name << ": there is no command '" << arguments[1]
              << "'; --help lists all\n";
    return kUsage;
  }
  app.set_version_flag("--version", command.name + " " NTT_VERSION);
  try {
    app.parse(reversed(arguments));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error, std::cout, std::cerr);
    std::cerr << command.name << ": " << error.what() << "; --help tells more\n";
    return kUsage;
  }
  auto settings = resolve_settings(given_settings(app, flags), process_environment);
  if (!settings) {
    std::cerr << command.name << ": " << settings.error().message << "\n";
    return kUsage;
  }
  set_up_messages(command.name, *settings);
  events::SystemClock clock;
  Context context{*settings, clock, stop_on_signals(), arguments};
  return chosen->run(context);
}

}  // namespace ntt::tools
