// The last attempt of each stage decides; the stages are asked in their order.

#include "tools/ntt/standing.h"

#include <algorithm>
#include <string_view>

#include "tools/ntt/media.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Origin;
using projector::MediumState;
using projector::StageAttempt;

namespace {

// Whether the work of `later` shows that `stage` had left what it needs.
bool needs(std::string_view later, std::string_view stage) {
  static constexpr std::string_view kChain[] = {"image", "enum", "load", "copy", "verify"};
  if (later == "archive") return stage == "image";
  const auto place_of = [](std::string_view name) {
    return std::find(std::begin(kChain), std::end(kChain), name);
  };
  return place_of(stage) != std::end(kChain) && place_of(stage) < place_of(later);
}

Standing standing_at(std::string word, const StageAttempt& attempt) {
  Standing standing{std::move(word), attempt.stage, attempt.started_at, attempt.error};
  if (attempt.end) standing.when = attempt.end->at;
  if (!attempt.message.empty()) {
    standing.why += (standing.why.empty() ? "" : ": ") + attempt.message;
  }
  return standing;
}

bool is_overtaken(const std::vector<StageAttempt>& attempts, const StageAttempt& attempt) {
  const auto* after = &attempt + 1;
  const auto* end = attempts.data() + attempts.size();
  return std::any_of(after, end, [&attempt](const StageAttempt& later) {
    return later.outcome == "success" && needs(later.stage, attempt.stage);
  });
}

// What is running, or else the first stage whose last attempt came to no good end.
std::optional<Standing> unsettled(const MediumState& medium, const events::RunId& running) {
  std::optional<Standing> first;
  for (const std::string& stage : stage_names()) {
    const std::string word = stage_standing(medium, stage, running);
    if (word != "running" && word != "interrupted" && word != "failed") continue;
    const auto attempt = std::find_if(medium.attempts.rbegin(), medium.attempts.rend(),
                                      [&stage](const auto& each) { return each.stage == stage; });
    if (word == "running") return standing_at(word, *attempt);
    // What is kept is not less for what could not be deleted.
    if (first || stage == "cleanup" || is_overtaken(medium.attempts, *attempt)) continue;
    const bool was_seen = attempt->origin == Origin::native;
    first = standing_at(was_seen ? word : "attempted but not completed", *attempt);
    if (!was_seen && first->why.empty()) first->why = "its end is not known";
  }
  if (!first && medium.is_damaged) {
    first = Standing{"failed", "verify", std::nullopt, "what it read is not what was written"};
    if (medium.verify_done) first->when = medium.verify_done->at;
  }
  return first;
}

Standing completed(const MediumState& medium) {
  Standing standing{"complete", "copy", std::nullopt, ""};
  if (medium.copy_done) standing.when = medium.copy_done->at;
  const bool is_dated = medium.enum_done && medium.copy_done;
  const bool was_seen =
      medium.load_origin == Origin::native && medium.copy_origin == Origin::native;
  if (!is_dated) {
    standing.word = "complete (date unknown)";
  } else if (!was_seen) {
    standing.word = "complete (adopted)";
  }
  if (const auto lost = medium.copy->partial + medium.copy->failed; lost > 0) {
    standing.why = counted(lost, "file") + (lost == 1 ? " is" : " are") + " not stored";
  }
  return standing;
}

std::string what_is_missing(const MediumState& medium) {
  if (!medium.load) return "nothing is loaded";
  return medium.source_kind == "raw" ? "a listing has names and no contents"
                                     : "its files are not copied";
}

Standing unfinished(const MediumState& medium) {
  for (const StageAttempt& attempt : medium.attempts) {
    if (stage_standing(medium, attempt.stage, {}) == "retracted" &&
        attempt.outcome == "retracted") {
      return standing_at("attempted but not completed", attempt);
    }
  }
  Standing standing = standing_at("attempted but not completed", medium.attempts.back());
  standing.why = what_is_missing(medium);
  return standing;
}

Standing only_claimed(const MediumState& medium) {
  Standing standing = standing_at("attempted but not completed", medium.claims.back());
  const std::string& outcome = medium.claims.back().outcome;
  const std::string claim = outcome == "success" ? "old logs claim that it succeeded"
                            : outcome == "error" ? "old logs claim that it failed"
                                                 : "old logs tell of no end";
  standing.why = claim + (standing.why.empty() ? "" : ": " + standing.why);
  return standing;
}

}  // namespace

Standing standing_of(const MediumState& medium, const events::RunId& running) {
  if (auto standing = unsettled(medium, running)) return *standing;
  if (medium.load && medium.copy) return completed(medium);
  if (!medium.attempts.empty()) return unfinished(medium);
  if (!medium.claims.empty()) return only_claimed(medium);
  return {"never tried", "", std::nullopt, ""};
}

}  // namespace ntt::tools
