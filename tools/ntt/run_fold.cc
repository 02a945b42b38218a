// The fold of a run.

#include "tools/ntt/run_fold.h"

#include <algorithm>

#include "projector/event_kind.h"

namespace ntt::tools {

using events::Event;
using projector::Phase;

void RunFold::apply_stage(const Event& event) {
  const auto kind = projector::kind_of(event.type);
  if (!kind.is_stage() || kind.phase == Phase::none) return;
  const std::string stage(projector::kStages[static_cast<std::size_t>(kind.subject)]);
  auto found = std::find_if(state_.stages.begin(), state_.stages.end(),
                            [&stage](const auto& item) { return item.first == stage; });
  if (found == state_.stages.end()) found = state_.stages.insert(found, {stage, ""});
  if (kind.phase == Phase::start) found->second = "";
  if (kind.phase == Phase::success) found->second = "success";
  if (kind.phase == Phase::error) found->second = "error";
  if (kind.phase == Phase::skip) found->second = "skip";
}

void RunFold::apply(const Event& event) {
  if (state_.events == 0) {
    state_.run = event.run;
    state_.first_seq = event.seq;
  }
  state_.events += 1;
  state_.last_seq = event.seq;
  state_.last_event_at = event.occurred_at;
  if (!event.medium.empty() && std::find(state_.media.begin(), state_.media.end(),
                                         event.medium.text) == state_.media.end()) {
    state_.media.push_back(event.medium.text);
  }
  if (event.type == events::PipelineStart::kType) {
    state_.started_at = event.occurred_at;
    if (auto start = events::payload_of<events::PipelineStart>(event)) state_.start = *start;
  } else if (event.type == events::PipelineDone::kType) {
    state_.ended_at = event.occurred_at;
    state_.outcome = "done";
  } else if (event.type == events::PipelineAbort::kType) {
    state_.ended_at = event.occurred_at;
    state_.outcome = "aborted";
    if (auto abort = events::payload_of<events::PipelineAbort>(event)) {
      if (!abort->failed_stage.empty()) state_.outcome = "failed";
      state_.failed_stage = abort->failed_stage;
      state_.message = abort->message;
    }
  } else {
    apply_stage(event);
    apply_cleanup(event);
  }
}

// A run that only deletes has no pipeline_start: it lasts from its first file to its last.
void RunFold::apply_cleanup(const Event& event) {
  if (state_.start || projector::kind_of(event.type).subject != projector::Subject::cleanup) return;
  if (event.type == events::CleanupStart::kType) {
    if (!state_.started_at) state_.started_at = event.occurred_at;
    if (state_.outcome == "done") state_.outcome.clear();
    return;
  }
  state_.ended_at = event.occurred_at;
  if (event.type == events::CleanupDone::kType) {
    if (state_.outcome.empty()) state_.outcome = "done";
    return;
  }
  state_.outcome = "failed";
  state_.failed_stage = "cleanup";
  if (auto error = events::payload_of<events::CleanupError>(event)) state_.message = error->message;
}

}  // namespace ntt::tools
