// ntt db: the database in use.

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "projector/private_cluster.h"
#include "projector/table_dump.h"
#include "tools/ntt/context.h"
#include "tools/ntt/json.h"
#include "tools/ntt/output_file.h"

namespace ntt::tools {

namespace {

struct DbOptions {
  bool admin = false;
  std::string output;
  std::vector<std::string> arguments;
};

int print_url(const Context& context, const DbOptions& options) {
  auto url = options.admin ? owner_url(context.settings) : reader_url(context.settings);
  if (!url) return fail(url.error());
  std::cout << *url << "\n";
  return kDone;
}

int run_psql(const Context& context, const DbOptions& options) {
  auto url = options.admin ? owner_url(context.settings) : reader_url(context.settings);
  if (!url) return fail(url.error());
  std::vector<std::string> arguments = {"psql", *url};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  signal(SIGPIPE, SIG_DFL);
  execvp("psql", pointers.data());
  return fail(events::errno_error("run psql (Debian package postgresql-client)", errno));
}

int dump(const Context& context, const DbOptions& options) {
  auto url = reader_url(context.settings);
  if (!url) return fail(url.error());
  auto out = OutputFile::open(options.output);
  if (!out) return fail(out.error());
  std::ostream& stream = out->stream();
  auto dumped = projector::dump_tables(*url, [&](std::string_view piece) -> events::Status {
    if (context.cancelled) return events::Error{events::Errc::unavailable, "interrupted"};
    stream << piece;
    if (stream) return {};
    return events::Error{events::Errc::io, "the output could not be written: is the disk full?"};
  });
  if (!stream && options.output.empty() && reader_has_left()) return kFailed;
  if (!dumped) return fail(std::move(dumped).error().within("dumping the tables"));
  if (auto finished = out->finish(); !finished) return fail(finished.error());
  return kDone;
}

int stop(const Context& context) {
  if (!context.settings.db_url.empty()) {
    return fail({events::Errc::invalid, "the database is " + context.settings.db_url +
                                            ", not ntt's own: stop it with its own tools"});
  }
  projector::PrivateCluster cluster(context.settings.cluster_directory());
  if (!cluster.is_running()) return kDone;
  if (auto stopped = cluster.stop(); !stopped) return fail(stopped.error());
  return kDone;
}

}  // namespace

Command db_command() {
  auto options = std::make_shared<DbOptions>();
  const Option admin{"--admin", &options->admin, "", "as the owner, who may write", false, {}};
  Command url;
  url.name = "url";
  url.summary = "Its connection string, as the reader, who may only SELECT";
  url.examples = "  psql \"$(ntt db url)\"";
  url.options = {admin};
  url.run = [options](Context& context) { return print_url(context, *options); };
  Command psql;
  psql.name = "psql";
  psql.summary = "Runs psql on it, as the reader";
  psql.examples =
      "  ntt db psql\n"
      "  ntt db psql -- -c 'SELECT medium_hash, enum_done, copy_done FROM medium'\n"
      "  ntt db psql -- --csv -f report.sql";
  psql.options = {admin,
                  {"arguments", &options->arguments, "ARGS", "for psql, after --", false, {}}};
  psql.run = [options](Context& context) { return run_psql(context, *options); };
  Command dump_it;
  dump_it.name = "dump";
  dump_it.summary =
      "The tables as SQL that psql loads, in the order of their keys: equal tables give equal "
      "bytes";
  dump_it.examples =
      "  ntt db dump --output tables.sql\n"
      "  ntt db dump | sha256sum              the same before and after a rebuild\n"
      "  psql -v ON_ERROR_STOP=1 -f tables.sql postgresql:///empty";
  dump_it.options = {
      {"--output", &options->output, "FILE", "where to; standard output if not given", false, {}}};
  dump_it.run = [options](Context& context) { return dump(context, *options); };
  Command stop_it;
  stop_it.name = "stop";
  stop_it.summary = "Stops ntt's private server; the next command that needs it starts it";
  stop_it.run = [](Context& context) { return stop(context); };
  Command command;
  command.name = "db";
  command.summary = "The database in use: url, psql, dump, stop";
  command.examples = "  ntt db psql -- -c 'TABLE medium'";
  command.subcommands = {url, psql, dump_it, stop_it};
  return command;
}

}  // namespace ntt::tools
