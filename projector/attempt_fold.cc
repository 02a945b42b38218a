// Attempts are found by the cause of their end.

#include "projector/attempt_fold.h"

namespace ntt::projector {

namespace {

using events::Event;

struct EndWords {
  std::string error;
  std::string message;
};

// Errors of all stages share two members, skips theirs: read by what they share.
events::Result<EndWords> words_of(const Event& event, Phase phase) {
  if (phase == Phase::success) return EndWords{};
  if (phase == Phase::error) {
    auto payload = events::from_data<events::LoadError>(event.version, event.data);
    if (!payload) return std::move(payload).error();
    return EndWords{std::move(payload->error), std::move(payload->message)};
  }
  auto payload = events::from_data<events::LoadSkip>(event.version, event.data);
  if (!payload) return std::move(payload).error();
  return EndWords{std::move(payload->reason), std::move(payload->message)};
}

std::string_view outcome_of(Phase phase) {
  if (phase == Phase::success) return "success";
  return phase == Phase::error ? "error" : "skip";
}

}  // namespace

void AttemptFold::begin(const Event& event, EventKind kind) {
  by_start_[event.seq.value] = attempts_.size();
  last_[static_cast<std::size_t>(kind.subject)] = attempts_.size();
  StageAttempt& attempt = attempts_.emplace_back();
  attempt.stage = kStages[static_cast<std::size_t>(kind.subject)];
  attempt.start_seq = event.seq;
  attempt.started_at = event.occurred_at;
  attempt.run = event.run;
  attempt.origin = event.origin;
}

// The attempt that the event ends; null when it ends none. An end that names no cause (old logs
// have none) ends the latest open attempt of its stage.
StageAttempt* AttemptFold::attempt_ended_by(const Event& event, EventKind kind) {
  const std::string_view stage = kStages[static_cast<std::size_t>(kind.subject)];
  if (event.cause) {
    const auto found = by_start_.find(event.cause.value);
    if (found == by_start_.end() || attempts_[found->second].stage != stage) return nullptr;
    return &attempts_[found->second];
  }
  for (auto attempt = attempts_.rbegin(); attempt != attempts_.rend(); ++attempt) {
    if (attempt->stage == stage && !attempt->end) return &*attempt;
  }
  return nullptr;
}

events::Status AttemptFold::apply(const Event& event, EventKind kind) {
  if (kind.phase == Phase::start) {
    begin(event, kind);
    return {};
  }
  StageAttempt* attempt = attempt_ended_by(event, kind);
  if (attempt == nullptr) {
    // A deletion that ntt did not begin is no attempt of its own.
    if (kind.phase == Phase::skip || kind.subject == Subject::cleanup) return {};
    begin(event, kind);
    attempt = &attempts_.back();
  }
  if (attempt->end) return {};  // the first end counts
  auto words = words_of(event, kind.phase);
  if (!words) return std::move(words).error();
  attempt->retracted_by = {};
  attempt->end = Stamp{event.occurred_at, event.seq};
  attempt->outcome = outcome_of(kind.phase);
  attempt->origin = event.origin;
  if (kind.phase == Phase::error) had_error_[static_cast<std::size_t>(kind.subject)] = true;
  attempt->error = std::move(words->error);
  attempt->message = std::move(words->message);
  return {};
}

void AttemptFold::withdraw(const Event& event, EventKind kind, Sequence retraction) {
  if (kind.phase == Phase::start || kind.phase == Phase::batch) return;
  StageAttempt* attempt = attempt_ended_by(event, kind);
  if (attempt == nullptr || attempt->end) return;
  attempt->outcome = "retracted";
  attempt->message = "event " + std::to_string(event.seq.value) + " (" + event.type +
                     ") was retracted by event " + std::to_string(retraction.value);
  attempt->retracted_by = retraction;
}

Sequence AttemptFold::add_problems(std::vector<std::string>& problems) const {
  Sequence depends_on;
  for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
    if (!had_error_[stage]) continue;
    const StageAttempt& attempt = attempts_[*last_[stage]];
    depends_on = std::max(depends_on, attempt.start_seq);
    if (attempt.outcome != "error") continue;
    depends_on = std::max(depends_on, attempt.end->seq);
    problems.push_back(attempt.stage + " failed: " + attempt.error +
                       (attempt.message.empty() ? "" : ": " + attempt.message));
  }
  return depends_on;
}

}  // namespace ntt::projector
