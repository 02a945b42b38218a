// ntt verify: integrity of what is stored.

#include <memory>

#include "tools/ntt/context.h"
#include "tools/ntt/json.h"
#include "tools/ntt/progress.h"
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

int verify_log(Context& context, const VerifyOptions& options) {
  auto log = open_log_for_reading(context.settings);
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
  Command command;
  command.name = "verify";
  command.summary = "Integrity of what is stored";
  command.examples = "  ntt verify log";
  command.subcommands = {log};
  return command;
}

}  // namespace ntt::tools
