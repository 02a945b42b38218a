// ntt timeline: every attempt of every stage of a medium, and the gaps between them.

#include "tools/ntt/timeline.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "tools/ntt/context.h"
#include "tools/ntt/json.h"
#include "tools/ntt/media.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using projector::MediumState;
using projector::StageAttempt;

namespace {

struct TimelineOptions {
  std::string medium;
  bool json = false;
};

// A success that was adopted without its start stands for both (StageAttempt).
bool has_start(const StageAttempt& attempt) {
  return !attempt.end || attempt.end->seq != attempt.start_seq;
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json json_of_item(const MediumState& medium, const TimelineItem& item) {
  const StageAttempt& attempt = item.attempt;
  Json json;
  json["medium"] = medium.medium.text;
  json["stage"] = attempt.stage;
  json["start_seq"] = has_start(attempt) ? Json(attempt.start_seq.value) : Json(nullptr);
  json["started_at"] = has_start(attempt) ? json_of(attempt.started_at) : Json(nullptr);
  json["end_seq"] = attempt.end ? Json(attempt.end->seq.value) : Json(nullptr);
  json["ended_at"] = attempt.end ? json_of(attempt.end->at) : Json(nullptr);
  json["duration_us"] = json_of(item.duration_us);
  json["idle_us"] = json_of(item.idle_us);
  json["outcome"] = text_or_null(attempt.outcome);
  json["error"] = text_or_null(attempt.error);
  json["message"] = text_or_null(attempt.message);
  json["run"] = attempt.run.is_zero() ? Json(nullptr) : Json(events::to_uuid_string(attempt.run));
  return json;
}

void print_table(const std::vector<TimelineItem>& timeline, bool color) {
  Table table(
      {"idle before", "stage", "started", "event", "ended", "event", "duration", "outcome", ""});
  for (const TimelineItem& item : timeline) {
    const StageAttempt& attempt = item.attempt;
    std::string why = attempt.error;
    if (!attempt.message.empty()) why += (why.empty() ? "" : ": ") + attempt.message;
    table.add({item.idle_us ? human_elapsed(*item.idle_us) : "-", attempt.stage,
               has_start(attempt) ? events::to_rfc3339(attempt.started_at) : "not known",
               has_start(attempt) ? std::to_string(attempt.start_seq.value) : "-",
               attempt.end ? events::to_rfc3339(attempt.end->at) : "no end",
               attempt.end ? std::to_string(attempt.end->seq.value) : "-",
               item.duration_us ? human_elapsed(*item.duration_us) : "-",
               attempt.outcome.empty() ? "no end" : attempt.outcome, why});
  }
  std::cout << table.text(color);
}

int run(Context& context, const TimelineOptions& options) {
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  auto found = find_medium(**log, options.medium);
  if (!found) return fail(found.error());
  const auto show = [&](const projector::PartialFold& fold) {
    const MediumState& medium = fold.state;
    if (fold.stop) warn_of_stop(medium.medium, *fold.stop);
    const auto timeline = timeline_of(medium);
    if (options.json) {
      for (const TimelineItem& item : timeline) print_json(json_of_item(medium, item));
    } else if (timeline.empty()) {
      std::cout << "No stage of " << medium.medium.text << " was ever attempted.\n";
    } else {
      print_table(timeline, wants_color(context.settings.color, STDOUT_FILENO));
    }
  };
  if (auto visited = visit_media(**log, *found, show); !visited) return fail(visited.error());
  return kDone;
}

}  // namespace

std::vector<TimelineItem> timeline_of(const MediumState& medium) {
  std::vector<StageAttempt> attempts = medium.attempts;
  std::stable_sort(
      attempts.begin(), attempts.end(),
      [](const StageAttempt& a, const StageAttempt& b) { return a.started_at < b.started_at; });
  std::vector<TimelineItem> timeline;
  std::optional<events::Timestamp> idle_since;
  bool is_open = false;  // the attempt before has no end
  for (StageAttempt& attempt : attempts) {
    TimelineItem item;
    if (idle_since && !is_open && has_start(attempt)) {
      item.idle_us = std::max<std::int64_t>(0, attempt.started_at.micros - idle_since->micros);
    }
    if (attempt.end && has_start(attempt)) {
      item.duration_us = attempt.end->at.micros - attempt.started_at.micros;
    }
    is_open = !attempt.end;
    if (attempt.end) {
      idle_since = std::max(idle_since.value_or(attempt.end->at), attempt.end->at);
    }
    item.attempt = std::move(attempt);
    timeline.push_back(std::move(item));
  }
  return timeline;
}

Command timeline_command() {
  auto options = std::make_shared<TimelineOptions>();
  Command command;
  command.name = "timeline";
  command.summary = "Every attempt of every stage of a medium, and the gaps between them";
  command.examples =
      "  ntt timeline 8e61cad2\n"
      "  ntt timeline 8e61cad2 --json | jq 'select(.outcome == null)'";
  command.options = {
      {"medium", &options->medium, "MEDIUM", "its hash, or four or more digits of it", true, {}},
      {"--json", &options->json, "", "one JSON object a line", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
