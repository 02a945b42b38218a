// ntt completion: the script for bash, and what it asks ntt for.

#include <algorithm>
#include <iostream>
#include <memory>

#include "events/payload.h"
#include "tools/ntt/context.h"

namespace ntt::tools {

namespace {

// Words are handed to `ntt completion words`, which answers with one candidate a line; @files and
// @directories ask the shell for its own.
constexpr const char* kBashScript = R"(# Completion of ntt for bash: source <(ntt completion bash)
_ntt() {
  local word=${COMP_WORDS[COMP_CWORD]} answer
  answer=$(ntt completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return 0
  case $answer in
    @files) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    @directories) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$answer" -- "$word") ;;
  esac
}
complete -o filenames -F _ntt ntt
)";

std::vector<std::string> names_of(const Option& option) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < option.name.size();) {
    const std::size_t end = std::min(option.name.find(',', begin), option.name.size());
    names.push_back(option.name.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

bool is_positional(const Option& option) {
  return option.name.front() != '-';
}

std::vector<Option> options_of(const Command& command) {
  std::vector<Option> options = command.options;
  for (const SettingSpec& spec : all_settings()) {
    std::string flag = std::string("--") + spec.name;
    std::replace(flag.begin(), flag.end(), '_', '-');
    static bool no_value = false;
    static std::string value;
    options.push_back({flag, &value, spec.value, "", false, {}});
    if (std::string_view(spec.value).empty()) options.back().target = &no_value;
  }
  return options;
}

template <class... Payload>
void add_types(std::vector<std::string>& out, events::PayloadList<Payload...> /*all*/) {
  (out.emplace_back(Payload::kType), ...);
}

// The candidates for an option's value.
std::vector<std::string> values_of(const Context& context, const Option& option) {
  std::vector<std::string> out = option.choices;
  if (option.value == "FILE") out = {"@files"};
  if (option.value == "DIR") out = {"@directories"};
  if (option.value == "TYPE") add_types(out, events::AllPayloads{});
  if (option.value == "MEDIUM") {
    auto log = open_log_for_reading(context.settings);
    if (!log) return out;
    auto media = list_media(**log);
    if (!media) return out;
    for (const auto& medium : *media) out.push_back(medium.text);
  }
  return out;
}

// What may follow `words`, of which the last is being typed.
std::vector<std::string> candidates(const Context& context, const std::vector<std::string>& words) {
  Command command = ntt_command();
  const Option* waiting = nullptr;  // an option whose value comes next
  std::vector<Option> options = options_of(command);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (waiting != nullptr) {
      waiting = nullptr;
      continue;
    }
    for (const Option& option : options) {
      const auto names = names_of(option);
      const bool named = std::find(names.begin(), names.end(), words[i]) != names.end();
      if (named && !std::holds_alternative<bool*>(option.target)) waiting = &option;
    }
    for (const Command& child : std::vector<Command>(command.subcommands)) {
      if (child.name != words[i]) continue;
      command = child;
      options = options_of(command);
      break;
    }
  }
  if (waiting != nullptr) return values_of(context, *waiting);
  std::vector<std::string> out;
  for (const Command& child : command.subcommands) out.push_back(child.name);
  for (const Option& option : options) {
    if (is_positional(option)) {
      for (auto& value : values_of(context, option)) out.push_back(std::move(value));
    } else if (!words.empty() && words.back().rfind('-', 0) == 0) {
      for (auto& name : names_of(option)) out.push_back(std::move(name));
    }
  }
  return out;
}

}  // namespace

Command completion_command() {
  auto words = std::make_shared<std::vector<std::string>>();
  Command bash;
  bash.name = "bash";
  bash.summary = "Prints the completion script for bash";
  bash.examples = "  source <(ntt completion bash)";
  bash.run = [](Context&) {
    std::cout << kBashScript;
    return static_cast<int>(kDone);
  };
  Command ask;
  ask.name = "words";
  ask.summary = "Prints what may follow the words given";
  ask.options = {{"words", words.get(), "WORDS", "the line so far, after --", false, {}}};
  ask.run = [words](Context& context) {
    for (const auto& word : candidates(context, *words)) std::cout << word << "\n";
    return static_cast<int>(kDone);
  };
  Command command;
  command.name = "completion";
  command.summary = "Completion for bash";
  command.examples = "  echo 'source <(ntt completion bash)' >> ~/.bashrc";
  command.subcommands = {bash, ask};
  return command;
}

}  // namespace ntt::tools
