// ntt cleanup: what of each medium may be deleted, and why or why not; deletes only when told to.

#include "stages/cleanup.h"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "events/bytes.h"
#include "events/emitter.h"
#include "tools/ntt/context.h"
#include "tools/ntt/json.h"
#include "tools/ntt/messages.h"
#include "tools/ntt/progress.h"
#include "tools/ntt/tables.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Log;
using events::MediumId;
using events::Result;
using stages::CleanupCandidate;

namespace {

struct CleanupOptions {
  std::string medium;
  bool yes = false;
  bool no_project = false;
  bool json = false;
};

struct CleanupReport {
  std::vector<std::pair<MediumId, CleanupCandidate>> candidates;
  bool failed = false;    // something that was asked for was not done
  bool recorded = false;  // the log has new events
};

Json json_of_candidate(const MediumId& medium, const CleanupCandidate& candidate) {
  Json evidence = Json::array();
  for (const events::Sequence seq : candidate.evidence) evidence.push_back(seq.value);
  Json json;
  json["medium"] = medium.text;
  json["kind"] = candidate.kind;
  json["path"] =
      candidate.path.empty() ? Json(nullptr) : Json(events::escape_bytes(candidate.path));
  json["bytes"] = json_of(candidate.bytes);
  json["deletable"] = candidate.may;
  json["why"] = candidate.why;
  json["evidence"] = evidence;
  json["outcome"] = candidate.outcome.empty() ? Json(nullptr) : Json(candidate.outcome);
  json["event"] = candidate.event ? Json(candidate.event.value) : Json(nullptr);
  return json;
}

void print_table(const Context& context, const CleanupReport& report) {
  Table table({"medium", "kind", "size", "delete", "path", "why"});
  for (const auto& [medium, candidate] : report.candidates) {
    const std::string answer = candidate.may ? "yes" : "no";
    table.add({medium.text.substr(0, 8), candidate.kind,
               candidate.bytes ? human_bytes(*candidate.bytes) : "-",
               candidate.outcome.empty() ? answer : candidate.outcome,
               candidate.path.empty() ? "-" : events::escape_bytes(candidate.path), candidate.why});
  }
  if (!table.is_empty()) {
    std::cout << table.text(wants_color(context.settings.color, STDOUT_FILENO));
  }
}

void print_sum(const CleanupReport& report, bool yes) {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  for (const auto& [medium, candidate] : report.candidates) {
    if (yes ? candidate.outcome != "deleted" : !candidate.may) continue;
    count += 1;
    bytes += candidate.bytes.value_or(0);
  }
  const std::string files =
      with_commas(count) + (count == 1 ? " file" : " files") + " of " + human_bytes(bytes);
  if (yes) {
    std::cout << files << " deleted\n";
  } else if (count == 0) {
    std::cout << "nothing may be deleted\n";
  } else {
    std::cout << files << " may be deleted, and would be read again first: --yes does it\n";
  }
}

Result<std::vector<CleanupCandidate>> clean_medium(Context& context, Log& log,
                                                   const MediumId& medium, const events::RunId& run,
                                                   const stages::NamedFiles& named,
                                                   stages::Progress& progress) {
  events::Emitter emitter(log, context.clock, medium, run, events::this_actor());
  stages::StageContext stage{log, emitter, context.clock, progress, context.cancelled};
  stages::CleanupRequest request;
  request.store = context.settings.by_hash_root.string();
  request.temporary_directory = context.settings.temporary_directory().string();
  return stages::run_cleanup(stage, named, request);
}

// One medium that cannot be judged keeps no other from it.
Result<CleanupReport> judge_media(Context& context, Log& log, const CleanupOptions& options) {
  std::vector<MediumId> media;
  if (options.medium.empty()) {
    auto all = list_media(log);
    if (!all) return std::move(all).error();
    media = std::move(*all);
  } else {
    auto found = find_medium(log, options.medium);
    if (!found) return std::move(found).error();
    media.push_back(std::move(*found));
  }
  auto named = stages::NamedFiles::of(log);
  if (!named) return std::move(named).error();
  const events::RunId run = events::new_run_id(context.clock);
  LiveProgress progress(progress_style(context.settings.progress));
  CleanupReport report;
  for (const MediumId& medium : media) {
    if (context.cancelled.load()) {
      report.failed = true;
      break;
    }
    auto candidates = options.yes ? clean_medium(context, log, medium, run, *named, progress)
                                  : stages::plan_cleanup(log, medium, *named);
    if (!candidates) {
      say_error(candidates.error().message);
      report.failed = true;
      continue;
    }
    for (CleanupCandidate& candidate : *candidates) {
      const std::string& outcome = candidate.outcome;
      report.failed |= outcome == "refused" || outcome == "failed" || outcome == "interrupted";
      report.recorded |= !outcome.empty();
      report.candidates.emplace_back(medium, std::move(candidate));
    }
  }
  return report;
}

Result<CleanupReport> judge_and_close(Context& context, const CleanupOptions& options) {
  auto log = open_log_for_reading(context.settings);
  if (!log) return std::move(log).error();
  if (options.yes) {
    log->reset();
    std::error_code failed;
    std::filesystem::create_directories(context.settings.temporary_directory(), failed);
    log = open_log_for_writing(context);
    if (!log) return std::move(log).error();
  }
  return judge_media(context, **log, options);
}

void bring_tables_up(Context& context) {
  auto projected = [&context] {
    LiveProgress progress(progress_style(context.settings.progress));
    return project(context, progress);
  }();
  if (projected) {
    warn_of_unfolded(projected->unfolded);
    return;
  }
  say_warning(projected.error().message);
  say_warning("everything is in the log; `ntt project` brings the tables up to it");
}

int run(Context& context, const CleanupOptions& options) {
  auto report = judge_and_close(context, options);
  if (!report) return fail(report.error());
  if (report->recorded && !options.no_project) bring_tables_up(context);
  if (options.json) {
    for (const auto& [medium, candidate] : report->candidates) {
      print_json(json_of_candidate(medium, candidate));
    }
  } else {
    print_table(context, *report);
    print_sum(*report, options.yes);
  }
  if (!report->failed) return kDone;
  say_error(options.yes ? "not everything that was to be deleted is: see above"
                        : "not every medium could be judged");
  return kFailed;
}

}  // namespace

Command cleanup_command() {
  auto options = std::make_shared<CleanupOptions>();
  Command command;
  command.name = "cleanup";
  command.summary = "What may be deleted safely, and why or why not; deletes only with --yes";
  command.examples =
      "  ntt cleanup                   every medium; changes nothing\n"
      "  ntt cleanup 8e61cad2 --yes    reads everything again, then deletes what may go\n"
      "  ntt cleanup --json | jq -r 'select(.deletable) | .path'";
  command.options = {
      {"medium", &options->medium, "MEDIUM", "its hash, or four or more digits of it", false, {}},
      {"--yes", &options->yes, "", "delete what may be deleted", false, {}},
      {"--no-project",
       &options->no_project,
       "",
       "only record; `ntt project` follows later",
       false,
       {}},
      {"--json", &options->json, "", "one JSON object a line", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
