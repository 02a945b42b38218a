// The attempts of a medium's stages in the order of time, with what lay between them. Pure.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "projector/medium_fold.h"

namespace ntt::tools {

struct TimelineItem {
  projector::StageAttempt attempt;
  // nullopt: it has no end, or the log does not have its start.
  std::optional<std::int64_t> duration_us;
  // Since the latest end of all attempts before it. nullopt for the first one and for one whose
  // start the log does not have; also where the attempt just before has no end, for nobody knows
  // when work on that one stopped. Never negative.
  std::optional<std::int64_t> idle_us;
};

std::vector<TimelineItem> timeline_of(const projector::MediumState& medium);

}  // namespace ntt::tools
