// ntt export: the log and what it says of files, for other programs.

#include "tools/ntt/export_commands.h"

namespace ntt::tools {

Command export_command() {
  Command command;
  command.name = "export";
  command.summary = "For other programs: jsonl (the whole log), csv, bodyfile";
  command.examples =
      "  ntt export jsonl --out log.jsonl       everything; `ntt import jsonl` restores it\n"
      "  ntt export csv files --medium 8e61 > files.csv\n"
      "  ntt export bodyfile --medium 8e61 | mactime -b - -z UTC -d";
  command.subcommands = {export_jsonl_command(), export_csv_command(), export_bodyfile_command()};
  return command;
}

}  // namespace ntt::tools
