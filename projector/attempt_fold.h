// The fold of stage attempts: pairs each start with its end.

#pragma once

#include <array>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "projector/event_kind.h"
#include "projector/medium_fold.h"

namespace ntt::projector {

// Takes stage events in fold order (fold_order.h).
class AttemptFold {
 public:
  // `kind` is that of the event, a stage's start, success, error or skip. Errc::corruption when the
  // payload of an end cannot be read.
  events::Status apply(const events::Event& event, EventKind kind);

  // An end that was retracted. Unless another one counts, its attempt is retracted, not
  // interrupted.
  void withdraw(const events::Event& event, EventKind kind, Sequence retraction);

  [[nodiscard]] std::vector<StageAttempt> attempts() && { return std::move(attempts_); }

  // The last attempt of a stage that ended in an error is a problem of the medium. Appends it in
  // words and returns the last event that it depends on.
  Sequence add_problems(std::vector<std::string>& problems) const;

 private:
  void begin(const events::Event& event, EventKind kind);
  StageAttempt* attempt_ended_by(const events::Event& event, EventKind kind);

  std::vector<StageAttempt> attempts_;
  std::unordered_map<std::uint64_t, std::size_t> by_start_;
  // Of each stage: its last attempt, and whether any ended in an error.
  std::array<std::optional<std::size_t>, kStages.size()> last_;
  std::array<bool, kStages.size()> had_error_{};
};

}  // namespace ntt::projector
