// ntt verify blobs: the verify stage for media whose source need not be there any more.

#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <memory>

#include "events/emitter.h"
#include "stages/verify.h"
#include "tools/ntt/context.h"
#include "tools/ntt/json.h"
#include "tools/ntt/progress.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Result;
using stages::StageOutcome;
using stages::StageReport;

namespace {

struct VerifyBlobsOptions {
  std::string medium;
  bool force = false;
  bool json = false;
};

std::string outcome_of(const StageReport& report) {
  if (report.outcome == StageOutcome::interrupted) return "interrupted";
  if (report.outcome == StageOutcome::error) return "error";
  if (report.outcome == StageOutcome::skip) return "skip";
  return report.found_damage ? "damaged" : "intact";
}

Result<StageReport> verify_one(Context& context, events::Log& log, const events::RunId& run,
                               const events::MediumId& medium, bool force,
                               stages::Progress& progress) {
  events::Emitter emitter(log, context.clock, medium, run, events::this_actor());
  stages::StageContext stage{log, emitter, context.clock, progress, context.cancelled};
  return stages::run_verify(stage, {context.settings.by_hash_root.string(),
                                    context.settings.temporary_directory().string(), force});
}

int verify_blobs(Context& context, const VerifyBlobsOptions& options) {
  auto log = open_log_for_writing(context);
  if (!log) return fail(log.error());
  std::error_code ignored;
  std::filesystem::create_directories(context.settings.temporary_directory(), ignored);
  std::vector<events::MediumId> media;
  if (options.medium.empty()) {
    auto all = list_media(**log);
    if (!all) return fail(all.error());
    media = std::move(*all);
  } else {
    auto found = find_medium(**log, options.medium);
    if (!found) return fail(found.error());
    media = {*found};
  }
  const events::RunId run = events::new_run_id(context.clock);
  Table table({"medium", "outcome", "event", ""});
  int code = kDone;
  {
    LiveProgress progress(progress_style(context.settings.progress));
    for (const events::MediumId& medium : media) {
      auto report = verify_one(context, **log, run, medium, options.force, progress);
      if (!report) return fail(std::move(report).error().within("medium " + medium.text));
      const std::string outcome = outcome_of(*report);
      if (outcome == "damaged" && code == kDone) code = kFound;
      if (outcome == "error" || outcome == "interrupted") code = kFailed;
      table.add({cut(medium.text, 12), outcome,
                 report->event ? std::to_string(report->event.value) : "-", report->message});
      if (options.json) {
        print_json({{"medium", medium.text},
                    {"outcome", outcome},
                    {"event", report->event ? Json(report->event.value) : Json(nullptr)},
                    {"message", report->message}});
      }
      if (context.cancelled) break;
    }
  }
  if (!options.json) {
    std::cout << table.text(wants_color(context.settings.color, STDOUT_FILENO));
    if (code != kFailed) std::cout << "`ntt project` brings the tables up to date.\n";
  }
  if (context.cancelled) {
    return fail({events::Errc::unavailable, "interrupted; run it again, and it goes on"});
  }
  return code;
}

}  // namespace

Command verify_blobs_command() {
  auto options = std::make_shared<VerifyBlobsOptions>();
  Command command;
  command.name = "blobs";
  command.summary =
      "Reads the stored contents of media again, and their archives, and records what it found:\n"
      "the verify stage of `ntt run`, for which the source need not be there";
  command.examples =
      "  ntt verify blobs 8e61cad2     exit code 3 when something is not what was stored\n"
      "  ntt verify blobs              every medium that is not verified yet\n"
      "  ntt verify blobs --force      every medium, again";
  command.options = {
      {"medium", &options->medium, "MEDIUM", "its hash, or four or more digits of it", false, {}},
      {"--force", &options->force, "", "what is verified already too", false, {}},
      {"--json", &options->json, "", "one JSON object a line", false, {}},
  };
  command.run = [options](Context& context) { return verify_blobs(context, *options); };
  return command;
}

}  // namespace ntt::tools
