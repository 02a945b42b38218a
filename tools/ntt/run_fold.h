// RunFold: what one run of ntt did, given its events. Pure.

#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "events/event.h"
#include "events/payload.h"

namespace ntt::tools {

struct RunState {
  events::RunId run;
  events::Sequence first_seq;
  events::Sequence last_seq;
  std::uint64_t events = 0;
  std::optional<events::Timestamp>
      started_at;                             // pipeline_start's time, or the first cleanup_start's
  std::optional<events::Timestamp> ended_at;  // of pipeline_done, pipeline_abort, the last cleanup
  events::Timestamp last_event_at;
  std::optional<events::PipelineStart> start;
  std::vector<std::string> media;  // in order of their first event
  // "success", "error", "skip" or, while a stage has no end, "", in order of the first event.
  std::vector<std::pair<std::string, std::string>> stages;
  // "done"; "failed" (at failed_stage); "aborted" (without one); "" while the run has no end.
  std::string outcome;
  std::string failed_stage;
  std::string message;
  bool operator==(const RunState&) const = default;
};

class RunFold {
 public:
  // Takes the events of one run in the order of the log. A payload that cannot be read leaves out
  // what it would have told: the list of runs is no place to stop at.
  void apply(const events::Event& event);
  [[nodiscard]] const RunState& state() const { return state_; }

 private:
  void apply_stage(const events::Event& event);
  void apply_cleanup(const events::Event& event);
  RunState state_;
};

}  // namespace ntt::tools
