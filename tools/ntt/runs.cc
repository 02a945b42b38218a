// ntt runs: every run of the pipeline, the newest first.

#include <unistd.h>

#include <iostream>
#include <memory>

#include "tools/ntt/context.h"
#include "tools/ntt/json.h"
#include "tools/ntt/media.h"
#include "tools/ntt/run_fold.h"
#include "tools/ntt/selection.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Event;
using events::Log;
using events::Result;
using events::RunId;

namespace {

struct RunsOptions {
  std::uint64_t limit = 0;
  bool json = false;
};

// The runs that have a pipeline_start or a cleanup_start, oldest first. 16 bytes a run are held.
Result<std::vector<RunId>> runs_of(const Log& log, std::uint64_t limit) {
  // A run of cleanup has several starts: as many events as runs may be too few.
  for (std::uint64_t starts = limit;; starts *= 2) {
    Selection selection;
    selection.filter.types = {events::PipelineStart::kType, events::CleanupStart::kType};
    if (limit != 0) {
      auto begin = begin_of_newest(log, selection, starts);
      if (!begin) return std::move(begin).error();
      selection.filter.first = *begin;
    }
    std::vector<RunId> runs;
    std::uint64_t found = 0;
    auto scanned = scan(log, selection, [&runs, &found](const Event& event) {
      found += 1;
      const bool is_new = !event.run.is_zero() && (runs.empty() || runs.back() != event.run);
      if (is_new) runs.push_back(event.run);
      return true;
    });
    if (!scanned) return scanned.error();
    if (limit != 0 && runs.size() < limit && found == starts) continue;
    if (limit != 0 && runs.size() > limit) {
      runs.erase(runs.begin(), runs.end() - static_cast<std::ptrdiff_t>(limit));
    }
    return runs;
  }
}

Result<RunState> fold_run(const Log& log, const RunId& run) {
  RunFold fold;
  events::Filter filter;
  filter.run = run;
  auto scanned = log.scan(filter, [&fold](const Event& event) {
    fold.apply(event);
    return true;
  });
  if (!scanned) return scanned.error();
  return fold.state();
}

std::string outcome_of(const RunState& run, const RunId& running) {
  if (!run.outcome.empty()) return run.outcome;
  return run.run == running ? "running" : "interrupted";
}

std::string outcome_of_stage(const std::string& outcome, bool is_running) {
  if (!outcome.empty()) return outcome;
  return is_running ? "running" : "interrupted";
}

std::optional<std::int64_t> duration_of(const RunState& run) {
  if (!run.started_at || !run.ended_at) return std::nullopt;
  return run.ended_at->micros - run.started_at->micros;
}

Json json_of_run(const RunState& run, const RunId& running) {
  Json stages = Json::object();
  for (const auto& [stage, outcome] : run.stages) {
    stages[stage] = outcome_of_stage(outcome, run.run == running);
  }
  Json json;
  json["run"] = events::to_uuid_string(run.run);
  json["started_at"] = run.started_at ? json_of(*run.started_at) : Json(nullptr);
  json["ended_at"] = run.ended_at ? json_of(*run.ended_at) : Json(nullptr);
  json["last_event_at"] = json_of(run.last_event_at);
  json["duration_us"] = json_of(duration_of(run));
  json["outcome"] = outcome_of(run, running);
  json["failed_stage"] = run.failed_stage.empty() ? Json(nullptr) : Json(run.failed_stage);
  json["message"] = run.message.empty() ? Json(nullptr) : Json(run.message);
  json["command_line"] = run.start ? Json(run.start->command_line) : Json(nullptr);
  json["media"] = run.media;
  json["stages"] = stages;
  json["events"] = run.events;
  json["first_seq"] = run.first_seq.value;
  json["last_seq"] = run.last_seq.value;
  return json;
}

std::vector<std::string> row_of_run(const RunState& run, const RunId& running) {
  std::string media;
  for (const std::string& medium : run.media)
    media += (media.empty() ? "" : " ") + medium.substr(0, 8);
  std::string stages;
  for (const auto& [stage, outcome] : run.stages) {
    stages +=
        (stages.empty() ? "" : " ") + stage + ":" + outcome_of_stage(outcome, run.run == running);
  }
  std::string command;
  if (run.start) {
    for (const std::string& word : run.start->command_line) {
      command += (command.empty() ? "" : " ") + word;
    }
  }
  const auto duration = duration_of(run);
  return {events::to_uuid_string(run.run),
          run.started_at ? events::to_rfc3339(*run.started_at) : "-",
          run.ended_at ? events::to_rfc3339(*run.ended_at) : "no end",
          duration ? human_elapsed(*duration) : "-",
          outcome_of(run, running),
          media,
          std::to_string(run.events),
          stages,
          cut(command, 60)};
}

int run(Context& context, const RunsOptions& options) {
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  auto runs = runs_of(**log, options.limit);
  if (!runs) return fail(runs.error());
  const RunId running = running_now(context.settings, **log);
  Table table(
      {"run", "started", "ended", "duration", "outcome", "media", "events", "stages", "command"});
  for (auto newest = runs->rbegin(); newest != runs->rend() && std::cout; ++newest) {
    auto state = fold_run(**log, *newest);
    if (!state) return fail(state.error());
    if (options.json) {
      print_json(json_of_run(*state, running));
    } else {
      table.add(row_of_run(*state, running));
    }
  }
  if (options.json) return kDone;
  if (table.is_empty()) {
    std::cout << "No runs yet. `ntt run --image FILE` takes a medium in.\n";
  } else {
    std::cout << table.text(wants_color(context.settings.color, STDOUT_FILENO));
  }
  return kDone;
}

}  // namespace

Command runs_command() {
  auto options = std::make_shared<RunsOptions>();
  Command command;
  command.name = "runs";
  command.summary = "Every run of the pipeline, the newest first";
  command.examples =
      "  ntt runs --limit 10\n"
      "  ntt runs --json | jq -r 'select(.outcome == \"failed\") | .run, .message'\n"
      "  ntt log --run \"$(ntt runs --limit 1 --json | jq -r .run)\"";
  command.options = {
      {"-n,--limit", &options->limit, "N", "only the newest N", false, {}},
      {"--json", &options->json, "", "one JSON object a line", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
