// The fold of claims: what lines of the earlier system's logs say of a medium's stages. Pure.
//
// A claim is shown as one and stands for nothing else: it sets no timestamp of the medium and makes
// no generation.

#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "events/payload.h"
#include "projector/event_kind.h"
#include "projector/medium_fold.h"

namespace ntt::projector {

// What a line says began or ended: a stage and a phase; Subject::other for all other lines. Lines
// that name no medium themselves say nothing of a stage: the start above them may be another's.
EventKind claimed_kind(const events::LegacyClaim& claim);

// Takes claims in fold order (fold_order.h).
class LegacyFold {
 public:
  void apply(const events::Event& event, const events::LegacyClaim& claim);
  [[nodiscard]] std::vector<StageAttempt> claims() && { return std::move(claims_); }

 private:
  // The last claimed attempt of a stage, and the words that began and ended it. Several programs
  // told of the same attempt, each in its own log and in its own words.
  struct Last {
    std::size_t index = 0;
    std::string start_word;
    std::string end_word;
  };
  void begin(const events::Event& event, EventKind kind, Last last);

  std::vector<StageAttempt> claims_;
  std::array<std::optional<Last>, kStages.size()> last_;
};

}  // namespace ntt::projector
