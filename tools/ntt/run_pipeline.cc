// Running the pipeline with the command line's settings and saying how it went.

#include <unistd.h>

#include "events/bytes.h"
#include "stages/pipeline.h"
#include "tools/ntt/json.h"
#include "tools/ntt/messages.h"
#include "tools/ntt/progress.h"
#include "tools/ntt/run_request.h"
#include "tools/ntt/tables.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Result;
using stages::PipelineReport;
using stages::StageOutcome;

namespace {

namespace fs = std::filesystem;

const char* word_for(StageOutcome outcome) {
  switch (outcome) {
    case StageOutcome::success:
      return "success";
    case StageOutcome::skip:
      return "skip";
    case StageOutcome::error:
      return "error";
    case StageOutcome::interrupted:
      return "interrupted";
  }
  return "";
}

// The directories that stages write into: made here, so that stages may rely on them.
events::Status make_roots(const Settings& settings) {
  for (const fs::path& root : {settings.home, settings.image_root, settings.by_hash_root,
                               settings.images_root, settings.temporary_directory()}) {
    std::error_code failed;
    fs::create_directories(root, failed);
    if (failed) {
      return events::Error{events::Errc::io,
                           "cannot make " + root.string() + ": " + failed.message()};
    }
  }
  return {};
}

Result<stages::PipelineRequest> pipeline_request(const Context& context,
                                                 const RunRequest& request) {
  if (auto text = check_text("the label", request.label); !text) return std::move(text).error();
  const Settings& settings = context.settings;
  stages::PipelineRequest out;
  std::error_code failed;
  const fs::path path = fs::absolute(request.path, failed).lexically_normal();
  std::string text = path.string();
  if (text.size() > 1 && text.back() == '/') text.pop_back();
  out.source = {request.kind, {text}};
  out.label = request.label;
  out.until = request.until;
  out.force = request.force;
  out.retry_failed = request.retry_failed;
  out.deleted_entries = request.deleted;
  out.cross_filesystems = request.cross_filesystems;
  out.workers = request.workers == kWorkersThatFit ? 0 : static_cast<unsigned>(request.workers);
  out.by_hash_root = settings.by_hash_root.string();
  out.archive_root = settings.images_root.string();
  out.image_root = settings.image_root.string();
  out.temporary_directory = settings.temporary_directory().string();
  for (const auto& argument : context.command_line) {
    out.command_line.push_back(events::escape_bytes(argument));
  }
  const std::string rules = request.rules.empty() ? settings.ignore_patterns : request.rules;
  if (!rules.empty()) {
    auto read = stages::ExclusionRules::read_file(rules);
    if (!read) return std::move(read).error();
    out.rules = std::move(*read);
  }
  return out;
}

Json json_of_run(const PipelineReport& report, const std::string& tables) {
  Json stages = Json::array();
  for (const auto& [stage, outcome] : report.stages) {
    stages.push_back({{"stage", stage},
                      {"outcome", word_for(outcome.outcome)},
                      {"event", outcome.event.value},
                      {"message", outcome.message}});
  }
  return {{"medium", report.medium.text},
          {"done", report.done},
          {"interrupted", report.interrupted},
          {"failed_stage", report.failed_stage.empty() ? Json(nullptr) : Json(report.failed_stage)},
          {"stages", stages},
          {"tables", tables}};
}

void print_report(const Context& context, const PipelineReport& report) {
  std::cout << "medium " << report.medium.text << "\n";
  Table table({"stage", "outcome", "event", ""});
  for (const auto& [stage, outcome] : report.stages) {
    table.add({stage, word_for(outcome.outcome),
               outcome.event ? std::to_string(outcome.event.value) : "-", outcome.message});
  }
  std::cout << table.text(wants_color(context.settings.color, STDOUT_FILENO));
}

int exit_code_of(const PipelineReport& report) {
  if (report.interrupted) {
    say_warning("interrupted; the same command continues where this one stopped");
    return kFailed;
  }
  if (!report.done) {
    say_error(report.failed_stage + " failed; `ntt status " + report.medium.text.substr(0, 8) +
              "` tells more");
    return kFailed;
  }
  for (const auto& [stage, outcome] : report.stages) {
    if (!outcome.found_damage) continue;
    say_error(stage + " found damage: " + outcome.message);
    return kFound;
  }
  return kDone;
}

Result<PipelineReport> run_stages(Context& context, const RunRequest& request,
                                  stages::Progress& progress) {
  if (auto made = make_roots(context.settings); !made) return made.error();
  auto pipeline = pipeline_request(context, request);
  if (!pipeline) return std::move(pipeline).error();
  auto log = open_log_for_writing(context);
  if (!log) return std::move(log).error();
  return stages::run_pipeline(**log, context.clock, progress, context.cancelled,
                              std::move(*pipeline));
}

}  // namespace

int run_pipeline_command(Context& context, const RunRequest& request) {
  // The bar has left the terminal's line before anything else is printed.
  std::string tables = "behind";
  auto report = [&]() -> Result<PipelineReport> {
    LiveProgress progress(progress_style(context.settings.progress));
    auto done = run_stages(context, request, progress);
    if (!done) return done;
    if (done->interrupted || request.no_project) return done;
    // The log is closed again: others may write while the tables catch up.
    auto projected = project(context, progress);
    if (projected) {
      tables = "current";
      warn_of_unfolded(projected->unfolded);
    } else {
      say_warning(projected.error().message);
      say_warning("everything is in the log; `ntt project` brings the tables up to it");
    }
    return done;
  }();
  if (!report) return fail(report.error());
  if (request.json) {
    print_json(json_of_run(*report, tables));
  } else {
    print_report(context, *report);
  }
  return exit_code_of(*report);
}

}  // namespace ntt::tools
