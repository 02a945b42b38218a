// The list of subcommands.

#include "tools/ntt/command.h"

namespace ntt::tools {

Command ntt_command() {
  Command command;
  command.name = "ntt";
  command.summary =
      "ntt takes old media in, records everything in an append-only log, and keeps PostgreSQL\n"
      "tables that are a fold of it.";
  command.examples =
      "  ntt run --image disk.img      takes a disk image in\n"
      "  ntt status                    what is done, and what to do next\n"
      "  ntt db psql                   the tables\n"
      "`ntt COMMAND --help` has examples for each command. Exit codes: 0 done, 1 failed,\n"
      "2 wrong usage, 3 a check found something.";
  command.subcommands = {
      run_command(),         status_command(),    state_command(),   blame_command(),
      generations_command(), log_command(),       show_command(),    runs_command(),
      timeline_command(),    retract_command(),   label_command(),   note_command(),
      find_command(),        project_command(),   rebuild_command(), diff_command(),
      audit_command(),       reconcile_command(), cleanup_command(), verify_command(),
      checkpoint_command(),  prove_command(),     export_command(),  import_command(),
      import_log_command(),  backfill_command(),  db_command(),      doctor_command(),
      version_command(),     completion_command()};
  return command;
}

}  // namespace ntt::tools
