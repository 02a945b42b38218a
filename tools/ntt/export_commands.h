// The subcommands of `ntt export`, one function a file.

#pragma once

#include "tools/ntt/command.h"

namespace ntt::tools {

Command export_jsonl_command();
Command export_csv_command();
Command export_bodyfile_command();

}  // namespace ntt::tools
