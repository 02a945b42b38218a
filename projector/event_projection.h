// The table `event`, and what the new events touch.

#pragma once

#include <optional>
#include <set>
#include <vector>

#include "events/log.h"
#include "projector/pg.h"
#include "projector/projector.h"

namespace ntt::projector {

struct TouchedMedium {
  events::MediumId medium;
  bool retracted = false;               // a retraction is among the new events
  bool unreadable_copy = false;         // a new copy_batch does not say what it is of
  std::set<std::uint64_t> copied_into;  // load_success events that new copy_batches name
};

struct NewEvents {
  std::vector<TouchedMedium> media;  // in the order in which the new events first name them
  std::vector<events::Sequence> copy_batches;
  std::vector<events::Sequence> verify_batches;
  std::vector<UnfoldedEvent> unfolded;  // those of no medium that cannot be read
};

struct EventRange {
  events::Sequence from;                   // those after it
  events::Sequence to;                     // up to it
  std::optional<events::MediumId> medium;  // only this one's; empty: all
};

// Writes the events of the range into `event` and says what they touch. A payload that jsonb does
// not take is written as a text: TABLES.md.
events::Result<NewEvents> project_events(Pg& pg, const events::Log& log, const EventRange& range,
                                         const ProjectProgress& progress);

}  // namespace ntt::projector
