// ntt export bodyfile: the times of a medium's files for The Sleuth Kit's mactime.

#include <memory>

#include "tools/ntt/bodyfile.h"
#include "tools/ntt/context.h"
#include "tools/ntt/export_commands.h"
#include "tools/ntt/generation_rows.h"
#include "tools/ntt/output_file.h"

namespace ntt::tools {

using events::GenerationRow;
using events::Status;

namespace {

struct BodyfileOptions {
  std::string medium;
  std::uint64_t generation = 0;
  std::string out;
};

int run(Context& context, const BodyfileOptions& options) {
  if (options.generation > UINT32_MAX) return fail_usage("--generation: no such number");
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  auto medium = find_medium(**log, options.medium);
  if (!medium) return fail(medium.error());
  std::optional<std::uint32_t> generation;
  if (options.generation > 0) generation = static_cast<std::uint32_t>(options.generation);
  auto chosen = choose_generation(**log, *medium, generation);
  if (!chosen) return fail(chosen.error());
  auto out = OutputFile::open(options.out);
  if (!out) return fail(out.error());
  Status read;
  if (chosen->ref.manifest) {  // an adopted load may have no manifest
    read = events::read_generation(**log, chosen->ref, [&](const GenerationRow& row) -> Status {
      if (context.cancelled) return events::Error{events::Errc::unavailable, "interrupted"};
      out->stream() << bodyfile_line(row.volume, *row.entry);
      return {};
    });
  }
  if (!read) return fail(read.error());
  if (auto finished = out->finish(); !finished) return fail(finished.error());
  return kDone;
}

}  // namespace

Command export_bodyfile_command() {
  auto options = std::make_shared<BodyfileOptions>();
  Command command;
  command.name = "bodyfile";
  command.summary = "The times of a medium's files, for The Sleuth Kit's mactime";
  command.examples =
      "  ntt export bodyfile --medium 8e61 | mactime -b - -z UTC -d > timeline.csv\n"
      "  ntt export bodyfile --medium 8e61 --out 8e61.body";
  command.options = {
      {"--medium", &options->medium, "MEDIUM", "of this medium", true, {}},
      {"--generation",
       &options->generation,
       "N",
       "of this load; the current one if not given",
       false,
       {}},
      {"--out", &options->out, "FILE", "where to; standard output if not given", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
