// The table `event`, and what the new events touch.

#pragma once

#include <set>
#include <vector>

#include "events/log.h"
#include "projector/pg.h"
#include "projector/projector.h"

namespace ntt::projector {

struct TouchedMedium {
  events::MediumId medium;
  bool retracted = false;               // a retraction is among the new events
  std::set<std::uint64_t> copied_into;  // load_success events that new copy_batches name
};

struct NewEvents {
  std::vector<TouchedMedium> media;  // in the order in which the new events first name them
  std::vector<events::Sequence> copy_batches;
  std::vector<events::Sequence> verify_batches;
};

// Writes the events after `from` up to `to` into `event` and says what they touch.
events::Result<NewEvents> project_events(Pg& pg, const events::Log& log, events::Sequence from,
                                         events::Sequence to, const ProjectProgress& progress);

}  // namespace ntt::projector
