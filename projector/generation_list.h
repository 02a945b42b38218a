// The generations of a medium: every load that the log has, the current one, earlier ones and those
// that were retracted. Pure.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "projector/medium_fold.h"

namespace ntt::projector {

struct GenerationSummary {
  std::uint32_t number = 0;  // as its load_success says; 1 where that says none
  Stamp load;                // the load_success
  events::LoadSuccess facts;
  std::optional<Stamp> enumerated;  // the enum_success of its manifest
  events::SourceInfo source;        // what that one read; empty: not known
  std::optional<Stamp> copied;      // the latest copy_success of it that is not dated before it
  bool is_current = false;          // the one that the tables show
  Sequence retracted_by;            // 0: counts
};

// In the order of the loads. `medium_events` as fold_medium() takes them, and the same errors.
events::Result<std::vector<GenerationSummary>> list_generations(
    const std::vector<events::Event>& medium_events);

}  // namespace ntt::projector
