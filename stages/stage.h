// What every stage is given and what it gives back.

#pragma once

#include <atomic>
#include <string>

#include "events/clock.h"
#include "events/emitter.h"
#include "events/log.h"

namespace ntt::stages {

using events::Result;
using events::Status;

// Told how far the work is. May be called often and from any thread: implementations throttle.
class Progress {
 public:
  virtual ~Progress() = default;
  // Totals are 0 while unknown. `what` says the phase in a few words ("reading volume 2").
  virtual void update(std::string_view stage, std::string_view what, std::uint64_t items_done,
                      std::uint64_t items_total, std::uint64_t bytes_done,
                      std::uint64_t bytes_total) = 0;
};

// The collaborators of a stage. All must outlive it.
struct StageContext {
  events::Log& log;
  events::Emitter& emitter;  // carries the medium
  events::Clock& clock;
  Progress& progress;
  const std::atomic<bool>& cancelled;  // set by SIGINT/SIGTERM: stop at the next batch border
};

enum class StageOutcome {
  success,      // emitted <stage>_success
  skip,         // emitted <stage>_skip
  error,        // emitted <stage>_error; the message says why
  interrupted,  // cancelled: the start stays without an end, a later run continues
};

struct StageReport {
  StageOutcome outcome = StageOutcome::error;
  std::string message;        // for people: one line
  events::Sequence event;     // the event that ended the stage
  bool found_damage = false;  // verify did its work, and this is what it found
};

}  // namespace ntt::stages
