// ByHand: an event that a person adds to a medium: what it changes, adding it, and the tables.
//
// Such events are all that changes state by hand: retraction, medium_labelled, note.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "events/event.h"
#include "events/payload.h"
#include "projector/correction.h"
#include "tools/ntt/context.h"
#include "tools/ntt/json.h"

namespace ntt::tools {

struct ByHandOptions {
  bool dry_run = false;     // only say what would change
  bool no_project = false;  // leave the tables as they are
  bool json = false;
};
// The options for the command line.
std::vector<Option> by_hand_options(ByHandOptions& options);

// The event that is to be added: what of it depends on the payload.
struct HandEvent {
  std::string type;
  std::uint16_t version = 1;
  std::string data;
  events::Sequence cause;
};
template <class Payload>
HandEvent hand_event(const Payload& payload, events::Sequence cause = {}) {
  return {Payload::kType, Payload::kVersion, events::to_data(payload), cause};
}

// Opens the log as the options need it: a dry run writes nothing.
events::Result<std::unique_ptr<events::Log>> open_log_by_hand(Context& context,
                                                              const ByHandOptions& options);

struct HandReport {
  events::Sequence seq;                           // 0: nothing was added
  std::vector<projector::RowDifference> changes;  // of the medium's row
};
// Folds the medium with and without the event, then adds it unless it is a dry run. `unless_same`:
// an event that changes no column is not added.
events::Result<HandReport> add_by_hand(Context& context, events::Log& log,
                                       const events::MediumId& medium, const HandEvent& event,
                                       const ByHandOptions& options, bool unless_same);

// Brings the tables up to date unless there is nothing new or it is not wanted. "current", or
// "behind": with a warning that says what to do when the database is away. The log must be closed.
std::string project_by_hand(Context& context, const HandReport& report,
                            const ByHandOptions& options);

// A table of the columns with their values before and after; a sentence when there are none.
void print_changes(const Context& context, const HandReport& report);

}  // namespace ntt::tools
