// The command line: from arguments to a command that ran.

#pragma once

#include <string>
#include <vector>

#include "tools/ntt/command.h"

namespace ntt::tools {

// Parses, resolves the settings, sets up messages and signals, and runs. `arguments` begins with
// the program's name. Returns the exit code.
int run_command_line(const Command& command, const std::vector<std::string>& arguments);

}  // namespace ntt::tools
