// ntt verify: integrity of what is stored.

#include <memory>

#include "tools/ntt/context.h"
#include "tools/ntt/json.h"
#include "tools/ntt/progress.h"
#include "tools/ntt/tables.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

namespace {

struct VerifyOptions {
  bool json = false;
};

Json json_of(const events::VerifyReport& report) {
  return {{"intact", report.problem.empty()},
          {"checked", report.checked},
          {"head_seq", report.head.seq.value},
          {"head_file", report.witnessed},
          {"root", report.head.root.hex()},
          {"first_bad", report.first_bad ? Json(report.first_bad->value) : Json(nullptr)},
          {"problem", report.problem.empty() ? Json(nullptr) : Json(report.problem)}};
}

// A database that cannot even be opened: some of its own files are damaged.
int report_unopened(const events::Error& error, bool json) {
  events::VerifyReport report;
  report.problem = error.message;
  if (json) {
    print_json(json_of(report));
  } else {
    std::cout << "the log is damaged: " << error.message
              << "\nits files are not to be mended in place: restore them from a copy\n";
  }
  return kFound;
}

int verify_log(Context& context, const VerifyOptions& options) {
  auto log = open_log_for_reading(context.settings);
  if (!log && log.error().code == events::Errc::corruption) {
    return report_unopened(log.error(), options.json);
  }
  if (!log) return fail(log.error());
  auto report = [&] {
    LiveProgress progress(progress_style(context.settings.progress));
    return (*log)->verify([&progress](std::uint64_t done, std::uint64_t total) {
      progress.update("verify", "events", done, total, 0, 0);
    });
  }();
  if (!report) return fail(report.error());
  if (options.json) {
    print_json(json_of(*report));
  } else if (report->problem.empty()) {
    std::cout << "the log is whole: " << with_commas(report->checked) << " events, root "
              << report->head.root.hex() << "\n";
    if (!report->witnessed && report->checked != 0) {
      std::cout << "there is no head file to say whether events are missing from its end\n";
    }
  } else {
    std::cout << "the log is damaged";
    if (report->first_bad) std::cout << ", first at event " << report->first_bad->value;
    std::cout << ": " << report->problem << "\n";
  }
  return report->problem.empty() ? kDone : kFound;
}

}  // namespace

Command verify_command() {
  auto options = std::make_shared<VerifyOptions>();
  Command log;
  log.name = "log";
  log.summary = "Recomputes every digest and the Merkle tree of the log";
  log.examples =
      "  ntt verify log            exit code 3 and the first bad event when something is wrong\n"
      "  ntt verify log --json";
  log.options = {{"--json", &options->json, "", "one JSON object", false, {}}};
  log.run = [options](Context& context) { return verify_log(context, *options); };
  Command tables;
  tables.name = "tables";
  tables.summary = "Proves that the tables are the fold of the log's prefix, row by row";
  tables.examples = "  ntt verify tables         exit code 3 when they are not";
  tables.options = {{"--json", &options->json, "", "one JSON object", false, {}}};
  tables.run = [options](Context& context) { return verify_tables(context, options->json); };
  Command command;
  command.name = "verify";
  command.summary = "Integrity of what is stored";
  command.examples =
      "  ntt verify log\n"
      "  ntt verify tables";
  command.subcommands = {log, tables};
  return command;
}

}  // namespace ntt::tools
