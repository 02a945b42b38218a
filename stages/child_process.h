// Running a program and waiting for it, without a shell.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "events/result.h"

namespace ntt::stages {

struct ChildEnd {
  int exit_code = 0;         // 128 + signal number when a signal ended it, as shells say
  std::string error_output;  // the end of what it wrote to standard error
  std::string output;        // the beginning of what it wrote to standard output, when asked for
};

struct ChildOptions {
  bool keep_output = false;     // else standard output is discarded
  std::function<bool()> alive;  // asked twice a second; false: SIGINT is sent, once. May be empty.
};

// argv[0] is looked up in PATH. Errors: not_found (no such program), io.
events::Result<ChildEnd> run_child(const std::vector<std::string>& argv,
                                   const ChildOptions& options);

}  // namespace ntt::stages
