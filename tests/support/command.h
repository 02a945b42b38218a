// Running other programs from tests: the oracles, and ntt itself.

#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace ntt::tests {

struct CommandOptions {
  std::map<std::string, std::string> environment;  // added to this process's own
  std::string input;                               // standard input
  std::string directory;                           // to run in; empty: the current one
};

struct CommandResult {
  int exit_code = -1;  // 128 + signal number when a signal ended it, as shells say
  std::string out;
  std::string err;
};

// A program that was started and has not been waited for. Killed on destruction.
class Process {
 public:
  // argv[0] is looked up in PATH. A program that cannot be run exits with 127.
  explicit Process(const std::vector<std::string>& argv, const CommandOptions& options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const;
  [[nodiscard]] bool is_running();
  [[nodiscard]] std::string out_so_far() const;
  [[nodiscard]] std::string err_so_far() const;
  CommandResult wait();

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

CommandResult run_command(const std::vector<std::string>& argv, const CommandOptions& options = {});

// Runs a program that has to succeed and returns its standard output; otherwise a test failure with
// what it said.
std::string output_of(const std::vector<std::string>& argv, const CommandOptions& options = {});

// output_of(), split at newlines (or another byte), without empty pieces.
std::vector<std::string> lines_of(const std::string& text, char separator = '\n');

}  // namespace ntt::tests
