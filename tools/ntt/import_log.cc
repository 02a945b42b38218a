// ntt import-log: takes the earlier system's logs in, an event a line.

#include <iostream>
#include <memory>

#include "events/emitter.h"
#include "stages/legacy_import.h"
#include "tools/ntt/context.h"
#include "tools/ntt/json.h"
#include "tools/ntt/progress.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Errc;
using events::Result;
using stages::LegacyImportReport;

namespace {

struct ImportLogOptions {
  std::vector<std::string> files;
  bool dry_run = false;
  bool json = false;
};

// A dry run writes nothing, and needs no log.
Result<std::unique_ptr<events::Log>> open_log(Context& context, bool dry_run) {
  if (!dry_run) return open_log_for_writing(context);
  auto log = open_log_for_reading(context.settings);
  if (!log && log.error().code == Errc::not_found) return std::unique_ptr<events::Log>();
  return log;
}

void print_report(const LegacyImportReport& report, bool dry_run) {
  std::uint64_t others = 0;
  std::string reasons;
  for (const auto& [reason, count] : report.other) {
    others += count;
    reasons += (reasons.empty() ? "  (" : ", ") + reason + " " + with_commas(count);
  }
  if (!reasons.empty()) reasons += ")";
  std::cout << "claims        " << with_commas(report.claims);
  if (report.unattributed > 0) {
    std::cout << "  (" << with_commas(report.unattributed) << " about no medium)";
  }
  std::cout << "\nother lines   " << with_commas(others) << reasons << "\n"
            << "lines         " << with_commas(report.lines) << " = " << with_commas(report.events)
            << (dry_run ? " events to add + " : " events added + ")
            << with_commas(report.duplicates) << " known already\n";
}

void print_json_report(const LegacyImportReport& report, bool dry_run) {
  Json other = Json::object();
  for (const auto& [reason, count] : report.other) other[reason] = count;
  print_json({{"lines", report.lines},
              {"events", report.events},
              {"duplicates", report.duplicates},
              {"claims", report.claims},
              {"unattributed", report.unattributed},
              {"other", other},
              {"dry_run", dry_run},
              {"interrupted", report.interrupted}});
}

int run(Context& context, const ImportLogOptions& options) {
  auto log = open_log(context, options.dry_run);
  if (!log) return fail(log.error());
  Result<LegacyImportReport> report = LegacyImportReport{};
  {
    LiveProgress progress(progress_style(context.settings.progress));
    report = stages::import_legacy_logs(
        {log->get(), progress, context.cancelled},
        {options.files, events::new_run_id(context.clock), events::this_actor(), options.dry_run});
  }
  if (!report) return fail(report.error());
  options.json ? print_json_report(*report, options.dry_run)
               : print_report(*report, options.dry_run);
  if (!report->adds_up()) {
    return fail({Errc::corruption,
                 "the counts do not add up: lines are missing in the log, or "
                 "somebody else appended to it"});
  }
  if (report->interrupted) {
    return fail({Errc::unavailable, "interrupted; run it again, and it goes on"});
  }
  if (!options.json && !options.dry_run && report->events > 0) {
    std::cout << "`ntt project` brings the tables up to date.\n";
  }
  return kDone;
}

}  // namespace

Command import_log_command() {
  auto options = std::make_shared<ImportLogOptions>();
  Command command;
  command.name = "import-log";
  command.summary =
      "Takes the JSON log lines of the earlier system in, every line as one event.\n"
      "What they say is kept as a claim: it sets no timestamp (docs/adopting.md). A line that is "
      "in\n"
      "the log already, from the same file or another, adds nothing. Files may be packed (gzip,\n"
      "zstd) and given in any order.";
  command.examples =
      "  ntt import-log /var/log/ntt/*.jsonl /var/log/ntt/*.jsonl.*.gz\n"
      "  ssh old cat /var/log/ntt/loader.jsonl | ntt import-log -\n"
      "  ntt import-log --dry-run orchestrator.jsonl\n"
      "  ntt log --origin imported --where 'data.stage == \"load_success\"'\n"
      "  ntt log --type legacy_line        what could not be made sense of, and why";
  command.options = {
      {"files", &options->files, "FILE", "the logs; - is standard input", true, {}},
      {"--dry-run", &options->dry_run, "", "only count what would be added", false, {}},
      {"--json", &options->json, "", "one JSON object", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
