// The rules of retraction, and folds before and after.

#include "projector/correction.h"

#include <map>

#include "events/retractions.h"
#include "projector/event_kind.h"
#include "projector/medium_steps.h"
#include "projector/partial_fold.h"

namespace ntt::projector {

namespace {

using events::Event;

std::string number(Sequence seq) {
  return "event " + std::to_string(seq.value);
}

// What holds whatever the other events are.
std::string why_never(const Event& event, EventKind kind) {
  const std::string what = number(event.seq) + " is a " + event.type;
  if (!events::is_known_type(event.type)) {
    return what + ", which this program does not know: it cannot tell what a retraction would undo";
  }
  if (event.type.starts_with("pipeline_")) {
    return what + ": it records a run, and nothing is folded from it";
  }
  if (kind.subject == Subject::cleanup) {
    return what + ": what was done to a file stays done; put a note beside it (`ntt note`)";
  }
  if (event.type == events::CheckpointSigned::kType) {
    return what + ": a signature that was given stays given";
  }
  if (event.medium.empty()) return what + " about no medium: nothing is folded from it";
  if (kind.phase == Phase::start && event.origin == events::Origin::native) {
    return what + ": the attempt was made; what it achieved is in the event that ended it";
  }
  if (kind.is(Subject::enumerate, Phase::batch) || kind.is(Subject::load, Phase::batch)) {
    return what +
           ": a part of a manifest; retract the load_success that made a generation of it "
           "(`ntt generations`)";
  }
  if (kind.is(Subject::verify, Phase::batch)) {
    return what + ": what was read stays read; retract the verify_success that sums it up";
  }
  return "";
}

// Outcomes of a copy that counts as complete are retracted with their sum, or the sum is wrong.
std::string why_not_batch(const Event& batch, const std::vector<Event>& medium_events,
                          const std::map<std::uint64_t, std::uint64_t>& retracted) {
  auto outcomes = events::payload_of<events::CopyBatchData>(batch);
  if (!outcomes) return "";
  for (const Event& event : medium_events) {
    if (event.type != events::CopySuccess::kType || event.seq < batch.seq) continue;
    if (retracted.contains(event.seq.value)) continue;
    auto copy = events::payload_of<events::CopySuccess>(event);
    if (!copy || !names_load(*copy, {outcomes->load}, outcomes->generation)) continue;
    return number(batch.seq) + " is a copy_batch that " + number(event.seq) +
           " (copy_success) counts; retract that one first";
  }
  return "";
}

}  // namespace

std::string why_not_retractable(const Event& event, const std::vector<Event>& medium_events) {
  const EventKind kind = kind_of(event.type);
  // What cannot be read says nothing that would have to stay.
  const bool is_readable = event.medium.empty() || events::check_payload(event).has_value();
  if (auto never = why_never(event, kind); is_readable && !never.empty()) return never;
  events::Retractions retractions;
  for (const Event& other : medium_events) retractions.add(other);
  const auto retracted = retractions.in_force();
  const auto by = retracted.find(event.seq.value);
  if (by != retracted.end()) {
    return number(event.seq) + " is retracted already, by " + number({by->second}) +
           "; retract that one to bring it back";
  }
  if (kind.phase == Phase::batch) return why_not_batch(event, medium_events, retracted);
  return "";
}

std::vector<RowDifference> effect_of(std::vector<Event> medium_events, const Event& event) {
  auto before = fold_partly(medium_events).state;
  medium_events.push_back(event);
  auto after = fold_partly(std::move(medium_events)).state;
  before.medium = after.medium = event.medium;
  auto differences = row_differences(medium_row(before), medium_row(after));
  std::erase_if(differences, [](const RowDifference& d) { return d.name == "last_seq"; });
  return differences;
}

}  // namespace ntt::projector
