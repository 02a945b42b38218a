// ntt export csv: events, media or files as comma-separated values, from the log alone.

#include <memory>

#include "events/bytes.h"
#include "tools/ntt/context.h"
#include "tools/ntt/csv.h"
#include "tools/ntt/event_json.h"
#include "tools/ntt/export_commands.h"
#include "tools/ntt/generation_rows.h"
#include "tools/ntt/media.h"
#include "tools/ntt/output_file.h"

namespace ntt::tools {

using events::Event;
using events::GenerationRow;
using events::Log;
using events::MediumId;
using events::Status;

namespace {

struct CsvOptions {
  std::string what;
  std::string medium;
  std::uint64_t generation = 0;
  std::string out;
};

Status interrupted() {
  return events::Error{events::Errc::unavailable, "interrupted"};
}

std::string or_empty(std::uint64_t number) {
  return number == 0 ? "" : std::to_string(number);
}

Status write_events(const Context& context, const Log& log, const std::optional<MediumId>& medium,
                    std::ostream& out) {
  write_csv_row(
      out, {"seq", "id", "type", "version", "medium", "occurred_at", "recorded_at", "origin", "run",
            "cause", "host", "user", "program", "attachment_bytes", "data"});
  events::Filter filter;
  filter.medium = medium;
  auto scanned = log.scan(filter, [&](const Event& event) {
    write_csv_row(
        out,
        {std::to_string(event.seq.value), events::to_uuid_string(event.id), event.type,
         std::to_string(event.version), event.medium.text, events::to_rfc3339(event.occurred_at),
         events::to_rfc3339(event.recorded_at), std::string(events::to_string(event.origin)),
         event.run.is_zero() ? "" : events::to_uuid_string(event.run), or_empty(event.cause.value),
         events::escape_bytes(event.actor.host), events::escape_bytes(event.actor.user),
         events::escape_bytes(event.actor.program), std::to_string(event.attachment_bytes),
         event.data});
    return out && !context.cancelled;
  });
  return context.cancelled ? interrupted() : scanned;
}

Status write_media(const Log& log, const std::optional<MediumId>& medium, std::ostream& out) {
  write_csv_row(out, {"medium", "medium_human", "label", "source_kind", "source_path", "image_path",
                      "size", "health", "generation", "added_at", "enum_done", "copy_done",
                      "archive_done", "verify_done", "enum_done_seq", "copy_done_seq",
                      "archive_done_seq", "verify_done_seq", "problems"});
  const auto time = [](const std::optional<projector::Stamp>& stamp) {
    return stamp ? events::to_rfc3339(stamp->at) : "";
  };
  const auto seq = [](const std::optional<projector::Stamp>& stamp) {
    return stamp ? std::to_string(stamp->seq.value) : "";
  };
  return visit_media(log, medium, [&](const projector::PartialFold& fold) {
    const projector::MediumState& state = fold.state;
    if (fold.stop) warn_of_stop(state.medium, *fold.stop);
    std::string problems;
    for (const std::string& problem : state.problems) {
      problems += (problems.empty() ? "" : "\n") + problem;
    }
    write_csv_row(out, {state.medium.text, state.medium_human, state.message, state.source_kind,
                        events::escape_bytes(state.source_path),
                        state.image_path ? events::escape_bytes(*state.image_path) : "",
                        state.size ? std::to_string(*state.size) : "", state.health,
                        std::to_string(state.generation), time(state.added_at),
                        time(state.enum_done), time(state.copy_done), time(state.archive_done),
                        time(state.verify_done), seq(state.enum_done), seq(state.copy_done),
                        seq(state.archive_done), seq(state.verify_done), problems});
  });
}

std::vector<std::string> cells_of(const GenerationRow& row, const EntryFate& fate,
                                  const std::string& medium, const std::string& generation) {
  const events::Entry& entry = *row.entry;
  char mode[16];
  std::snprintf(mode, sizeof mode, "%04o", entry.mode);
  return {medium,
          generation,
          std::to_string(row.ordinal.value),
          std::to_string(row.volume.value),
          events::escape_bytes(entry.path),
          std::string(1, static_cast<char>(entry.type)),
          entry.allocated ? "true" : "false",
          std::to_string(entry.inode),
          std::to_string(entry.link_count),
          std::to_string(entry.size),
          mode,
          std::to_string(entry.uid),
          std::to_string(entry.gid),
          text_of_nanos(entry.modify_time),
          text_of_nanos(entry.access_time),
          text_of_nanos(entry.change_time),
          text_of_nanos(entry.birth_time),
          events::escape_bytes(entry.symlink_target),
          std::string(fate.disposition),
          fate.exclude_reason,
          fate.blob ? fate.blob->hex() : "",
          row.copy != nullptr ? std::to_string(row.copy->size_read) : "",
          events::escape_bytes(fate.reason)};
}

Status write_files_of(const Context& context, const Log& log, const MediumId& medium,
                      std::optional<std::uint32_t> generation, std::ostream& out) {
  auto chosen = choose_generation(log, medium, generation);
  if (!chosen) return std::move(chosen).error();
  const std::string number = std::to_string(chosen->load.generation);
  return visit_generation(log, *chosen, [&](const GenerationRow& row, const EntryFate& fate) {
    if (context.cancelled) return interrupted();
    write_csv_row(out, cells_of(row, fate, medium.text, number));
    return Status{};
  });
}

Status write_files(const Context& context, const Log& log, const std::optional<MediumId>& medium,
                   std::optional<std::uint32_t> generation, std::ostream& out) {
  write_csv_row(out, {"medium",     "generation",     "ordinal",     "volume",
                      "path",       "type",           "allocated",   "inode",
                      "link_count", "size",           "mode",        "uid",
                      "gid",        "modify_time",    "access_time", "change_time",
                      "birth_time", "symlink_target", "disposition", "exclude_reason",
                      "blob",       "size_read",      "reason"});
  if (medium) return write_files_of(context, log, *medium, generation, out);
  Status written;
  auto visited = visit_media(log, {}, [&](const projector::PartialFold& fold) {
    if (!written || !fold.state.load) return;
    written = write_files_of(context, log, fold.state.medium, generation, out);
  });
  return written ? visited : written;
}

int run(Context& context, const CsvOptions& options) {
  if (options.generation > UINT32_MAX) return fail_usage("--generation: no such number");
  if (options.generation > 0 && (options.what != "files" || options.medium.empty())) {
    return fail_usage("--generation is for the files of one medium: give --medium too");
  }
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  std::optional<MediumId> medium;
  if (!options.medium.empty()) {
    auto found = find_medium(**log, options.medium);
    if (!found) return fail(found.error());
    medium = *found;
  }
  std::optional<std::uint32_t> generation;
  if (options.generation > 0) generation = static_cast<std::uint32_t>(options.generation);
  auto out = OutputFile::open(options.out);
  if (!out) return fail(out.error());
  Status written;
  if (options.what == "events") written = write_events(context, **log, medium, out->stream());
  if (options.what == "media") written = write_media(**log, medium, out->stream());
  if (options.what == "files") {
    written = write_files(context, **log, medium, generation, out->stream());
  }
  if (!written) return fail(written.error());
  if (auto finished = out->finish(); !finished) return fail(finished.error());
  return kDone;
}

}  // namespace

Command export_csv_command() {
  auto options = std::make_shared<CsvOptions>();
  Command command;
  command.name = "csv";
  command.summary = "Events, media or files as comma-separated values (RFC 4180), with a heading";
  command.examples =
      "  ntt export csv events --medium 8e61\n"
      "  ntt export csv media --out media.csv\n"
      "  ntt export csv files --medium 8e61 --generation 1";
  command.options = {
      {"what", &options->what, "WHAT", "of what", true, {"events", "media", "files"}},
      {"--medium", &options->medium, "MEDIUM", "of this medium only", false, {}},
      {"--generation",
       &options->generation,
       "N",
       "files of this load; the current one if not given",
       false,
       {}},
      {"--out", &options->out, "FILE", "where to; standard output if not given", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
