// The media of a log, folded from the log alone, and what people are told of them.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "projector/partial_fold.h"
#include "tools/ntt/context.h"

namespace ntt::tools {

// Every event of a medium but its batches, in the order of the log: what projector's folds take.
events::Result<std::vector<events::Event>> read_medium_events(const events::Log& log,
                                                              const events::MediumId& medium);

// Folds every medium (or the one given), in order of its first event and as far as it goes, and
// shows each to `visit`: one is in memory, never all. Batches are looked at only where one medium
// is asked for, and then only at their payloads. Works without a database.
events::Status visit_media(const events::Log& log, const std::optional<events::MediumId>& only,
                           const std::function<void(const projector::PartialFold&)>& visit);

// What to do about an event that stops its medium.
std::string remedy(events::Sequence stop);

// Warns that what is shown of the medium is what it was before an event.
void warn_of_stop(const events::MediumId& medium, const projector::FoldStop& stop);

// The stages that leave attempts: those of the pipeline in their order, and cleanup.
const std::vector<std::string>& stage_names();

// The run that a process is working on now. Zero: nobody writes the log.
events::RunId running_now(const Settings& settings, const events::Log& log);

// Where a stage of a medium stands: "done", "failed", "skipped", "retracted", "interrupted",
// "running", or "-". A stage that only lines of old logs tell of: "claimed", "claimed failed" or
// "claimed begun".
// `running`: the run that a process is working on now; zero when none is.
std::string stage_standing(const projector::MediumState& medium, const std::string& stage,
                           const events::RunId& running);

// What to do next with a medium, as a command or in a few words; empty when it is finished. Pure.
std::string next_step(const projector::MediumState& medium, const events::RunId& running);

}  // namespace ntt::tools
