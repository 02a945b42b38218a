// Command: a subcommand as data, from which come its parser, its help and its completion.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace ntt::tools {

struct Context;

// What every command ends with. Scripts rely on the numbers.
enum ExitCode : int {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,  // the command line or the settings make no sense
  kFound = 3,  // a check found something
};

// An option ("--limit", "-f,--follow") or, without dashes, a positional argument ("medium").
struct Option {
  std::string name;
  std::variant<bool*, std::string*, std::uint64_t*, std::vector<std::string>*> target;
  std::string value;  // its name in help; FILE, DIR, MEDIUM, STAGE and TYPE are completed
  std::string help;
  bool required = false;
  std::vector<std::string> choices;  // empty: any value
};

// Targets of options must live as long as the command: keep them in what `run` captures.
struct Command {
  std::string name;
  std::string summary;
  std::string examples;  // shown under the help
  std::vector<Option> options;
  std::vector<Command> subcommands;
  std::function<int(Context&)> run;  // empty when a subcommand is required
};

// One function a file: the commands themselves.
Command run_command();
Command orchestrator_command();  // the old command line, as a program of its own
Command status_command();
Command state_command();
Command blame_command();
Command generations_command();
Command log_command();
Command runs_command();
Command timeline_command();
Command show_command();
Command retract_command();
Command label_command();
Command note_command();
Command project_command();
Command rebuild_command();
Command diff_command();
Command audit_command();
Command reconcile_command();
Command cleanup_command();
Command verify_command();
Command verify_blobs_command();
Command verify_proof_command();  // a part of verify
Command checkpoint_command();
Command prove_command();
Command export_command();
Command import_command();
Command import_log_command();
Command backfill_command();
Command find_command();
Command db_command();
Command doctor_command();
Command version_command();
Command completion_command();

// All of them, without the global options.
Command ntt_command();

}  // namespace ntt::tools
