// The enum stage: decides whether to walk, from where, and says how it ended.
//
// A rerun after an interruption walks the source again and goes on where the log ends. If the
// source no longer begins with what is recorded, that attempt ends as enum_error source_changed and
// a new one begins a manifest of its own: half of an old and half of a new tree are never mixed.

#include "stages/enumerate.h"

#include <algorithm>

#include "stages/history.h"
#include "stages/manifest_writer.h"

namespace ntt::stages {

namespace {

using events::EnumError;
using events::EnumSkip;
using events::EnumStart;
using events::EnumSuccess;
using events::Sequence;

EnumStart start_for(const Source& source, const EnumRequest& request) {
  EnumStart start;
  start.source = source.info();
  start.deleted_entries = request.deleted_entries;
  start.cross_filesystems = request.cross_filesystems;
  return start;
}

bool asks_the_same(const EnumStart& a, const EnumStart& b) {
  return a.source == b.source && a.deleted_entries == b.deleted_entries &&
         a.cross_filesystems == b.cross_filesystems;
}

// Whether the finished manifest answers this request as well.
Result<bool> is_done(const events::Log& log, const History& history, const EnumStart& wanted) {
  if (!history.enumerated) return false;
  auto event = log.read(Sequence{history.enumerated->payload.manifest});
  if (!event) return std::move(event).error();
  if (event->type != EnumStart::kType) return false;
  auto start = events::payload_of<EnumStart>(*event);
  if (!start) return std::move(start).error();
  return asks_the_same(*start, wanted);
}

// What an interrupted attempt at the same walk left to go on from; empty when there is nothing.
Result<RecordedManifest> resumable(StageContext& context, const History& history,
                                   const EnumStart& wanted) {
  if (!history.open_manifest || !asks_the_same(history.enum_start->payload, wanted)) {
    return RecordedManifest{};
  }
  return read_recorded_manifest(context.log, context.emitter.medium(), history.open_manifest);
}

template <class Payload>
Result<StageReport> end_stage(StageContext& context, StageOutcome outcome, std::string message,
                              const Payload& payload, Sequence start) {
  auto event = context.emitter.emit(payload, start);
  if (!event) return std::move(event).error();
  return StageReport{outcome, std::move(message), *event};
}

Result<StageReport> fail(StageContext& context, Sequence start, std::string error,
                         const std::string& message, std::vector<VolumeOutcome> volumes) {
  return end_stage(context, StageOutcome::error, message,
                   EnumError{std::move(error), message, std::move(volumes)}, start);
}

// A volume whose reader died half-way still brought what came before.
bool brought_something(const VolumeOutcome& volume) {
  return volume.outcome == "enumerated" || volume.entries > volume.unreadable;
}

std::string describe(const EnumSuccess& summary) {
  std::string text = std::to_string(summary.entries) + " entries in " +
                     std::to_string(summary.volumes.size()) + " volume" +
                     (summary.volumes.size() == 1 ? "" : "s");
  if (summary.unreadable_entries != 0) {
    text += ", " + std::to_string(summary.unreadable_entries) + " with errors";
  }
  const auto failed = std::count_if(summary.volumes.begin(), summary.volumes.end(),
                                    [](const auto& v) { return v.outcome != "enumerated"; });
  if (failed != 0) text += ", " + std::to_string(failed) + " not enumerated whole";
  return text;
}

// "volume 1: encrypted (LUKS); volume 2: empty"
std::string describe_failures(const std::vector<VolumeOutcome>& volumes) {
  std::string text;
  for (const VolumeOutcome& volume : volumes) {
    if (!text.empty()) text += "; ";
    text += "volume " + std::to_string(volume.volume) + ": " + volume.outcome;
    if (!volume.message.empty()) text += " (" + volume.message + ")";
  }
  return text;
}

Result<StageReport> conclude(StageContext& context, const EnumStart& wanted, Sequence start,
                             EnumSuccess summary) {
  const auto& volumes = summary.volumes;
  if (std::any_of(volumes.begin(), volumes.end(), brought_something)) {
    summary.source = wanted.source;
    return end_stage(context, StageOutcome::success, describe(summary), summary, start);
  }
  if (volumes.empty()) {
    return fail(context, start, "nothing_found", "no volume and no entry was found", {});
  }
  const bool alike = std::all_of(volumes.begin(), volumes.end(), [&](const auto& volume) {
    return volume.outcome == volumes.front().outcome;
  });
  return fail(context, start, alike ? volumes.front().outcome : "all_volumes_failed",
              describe_failures(volumes), volumes);
}

// One attempt: from its enum_start to its end. No report: the source is not what was recorded.
Result<std::optional<StageReport>> attempt(StageContext& context, Source& source,
                                           const EnumStart& wanted,
                                           const RecordedManifest& recorded) {
  EnumStart payload = wanted;
  payload.manifest = recorded.manifest.value;
  payload.resumed_entries = recorded.entries;
  auto start = context.emitter.emit(payload);
  if (!start) return std::move(start).error();

  ManifestWriter writer(context, *start, recorded);
  auto walked = source.walk(writer);
  if (auto written = writer.finish(); !written) walked = std::move(written);
  if (writer.stop() == WalkStop::log_failed) return std::move(walked).error();
  if (writer.stop() == WalkStop::cancelled) {
    return std::optional(
        StageReport{StageOutcome::interrupted,
                    "stopped after " + std::to_string(writer.summary().entries) + " entries",
                    {}});
  }
  const bool changed = writer.stop() == WalkStop::source_changed ||
                       (walked.has_value() && !writer.met_all_recorded());
  if (changed) {
    auto ended = fail(context, *start, "source_changed",
                      "the source no longer begins with the recorded entries", {});
    if (!ended) return std::move(ended).error();
    return std::optional<StageReport>{};
  }
  auto ended = walked ? conclude(context, wanted, *start, writer.summary())
                      : fail(context, *start, "source_failed", walked.error().message,
                             writer.summary().volumes);
  if (!ended) return std::move(ended).error();
  return std::optional(std::move(*ended));
}

}  // namespace

Result<StageReport> run_enum(StageContext& context, Source& source, const EnumRequest& request) {
  auto history = read_history(context.log, context.emitter.medium());
  if (!history) return std::move(history).error();
  const EnumStart wanted = start_for(source, request);

  auto recorded = resumable(context, *history, wanted);
  if (!recorded) return std::move(recorded).error();
  if (!request.force && !recorded->manifest) {
    auto done = is_done(context.log, *history, wanted);
    if (!done) return std::move(done).error();
    if (*done) {
      EnumSkip skip;
      skip.reason = "already_done";
      skip.message = "enumerated before: " + describe(history->enumerated->payload) +
                     "; --force enumerates again";
      skip.done_by = history->enumerated->seq.value;
      return end_stage(context, StageOutcome::skip, skip.message, skip, {});
    }
  }
  auto report = attempt(context, source, wanted, *recorded);
  if (report && !*report) report = attempt(context, source, wanted, RecordedManifest{});
  if (!report) return std::move(report).error();
  CHECK(report->has_value());
  return std::move(**report);
}

}  // namespace ntt::stages
