// Which words of the old logs tell of which stage.

#include "projector/legacy_fold.h"

#include <unordered_map>

namespace ntt::projector {

namespace {

using events::LegacyClaim;

const std::unordered_map<std::string_view, EventKind>& kinds() {
  static const std::unordered_map<std::string_view, EventKind> kinds = {
      {"imager_spawn", {Subject::image, Phase::start}},
      {"imager_success", {Subject::image, Phase::success}},
      {"imager_partial", {Subject::image, Phase::error}},
      {"enum_spawn", {Subject::enumerate, Phase::start}},
      {"enum_start", {Subject::enumerate, Phase::start}},
      {"enum_complete", {Subject::enumerate, Phase::success}},
      {"enum_success", {Subject::enumerate, Phase::success}},
      {"enum_error", {Subject::enumerate, Phase::error}},
      {"loader_spawn", {Subject::load, Phase::start}},
      {"load_start", {Subject::load, Phase::start}},
      {"load_success", {Subject::load, Phase::success}},
      {"load_error", {Subject::load, Phase::error}},
      {"copy_start", {Subject::copy, Phase::start}},
      {"copy_success", {Subject::copy, Phase::success}},
      {"copy_error", {Subject::copy, Phase::error}},
      {"copy_incomplete", {Subject::copy, Phase::error}},
      {"archive_start", {Subject::archive, Phase::start}},
      {"archive_done", {Subject::archive, Phase::success}},
      {"archive_success", {Subject::archive, Phase::success}},
      {"archive_error", {Subject::archive, Phase::error}}};
  return kinds;
}

std::string said(const LegacyClaim& claim, const char* key) {
  const auto found = claim.says.find(key);
  return found == claim.says.end() ? "" : found->second;
}

std::string_view outcome_of(Phase phase) {
  return phase == Phase::success ? "success" : "error";
}

}  // namespace

EventKind claimed_kind(const LegacyClaim& claim) {
  if (!claim.medium_from || *claim.medium_from == "start") return {};
  const auto found = kinds().find(claim.stage);
  return found == kinds().end() ? EventKind{} : found->second;
}

void LegacyFold::begin(const events::Event& event, EventKind kind, Last last) {
  last.index = claims_.size();
  last_[static_cast<std::size_t>(kind.subject)] = std::move(last);
  StageAttempt& attempt = claims_.emplace_back();
  attempt.stage = kStages[static_cast<std::size_t>(kind.subject)];
  attempt.start_seq = event.seq;
  attempt.started_at = event.occurred_at;
  attempt.run = event.run;
  attempt.origin = event.origin;
}

void LegacyFold::apply(const events::Event& event, const LegacyClaim& claim) {
  const EventKind kind = claimed_kind(claim);
  if (!kind.is_stage()) return;
  auto& last = last_[static_cast<std::size_t>(kind.subject)];
  const bool is_open = last && claims_[last->index].outcome.empty();
  if (kind.phase == Phase::start) {
    // Another program's word for the start that is open.
    if (!is_open || last->start_word == claim.stage) begin(event, kind, {0, claim.stage, ""});
    return;
  }
  const std::string_view outcome = outcome_of(kind.phase);
  if (!is_open) {
    const bool is_said_again =
        last && last->end_word != claim.stage && claims_[last->index].outcome == outcome;
    if (is_said_again) return;
    begin(event, kind, {});
  }
  last->end_word = claim.stage;
  StageAttempt& attempt = claims_[last->index];
  attempt.end = Stamp{event.occurred_at, event.seq};
  attempt.outcome = outcome;
  if (kind.phase != Phase::error) return;
  attempt.error = said(claim, "error").empty() ? claim.stage : said(claim, "error");
  attempt.message = said(claim, "msg");
  if (const std::string remaining = said(claim, "remaining"); !remaining.empty()) {
    attempt.message = remaining + " remaining";
  }
}

}  // namespace ntt::projector
