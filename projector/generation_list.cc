// Loads joined with the enumeration before and the copy after them.

#include "projector/generation_list.h"

#include <algorithm>

#include "events/retractions.h"
#include "projector/event_kind.h"
#include "projector/fold_order.h"
#include "projector/medium_steps.h"

namespace ntt::projector {

namespace {

using events::Event;
using events::Result;
using events::Status;

Stamp stamp_of(const Event& event) {
  return {event.occurred_at, event.seq};
}

class Lister {
 public:
  Status add_load(const Event& event) {
    auto load = events::payload_of<events::LoadSuccess>(event);
    if (!load) return std::move(load).error();
    GenerationSummary& summary = list_.emplace_back();
    summary.number = std::max(load->generation, 1U);
    summary.load = stamp_of(event);
    summary.facts = std::move(*load);
    return {};
  }

  // Called after every load has been added; in fold order, so that the latest is what stays.
  Status add_manifest(const Event& event) {
    auto manifest = events::payload_of<events::EnumSuccess>(event);
    if (!manifest) return std::move(manifest).error();
    for (GenerationSummary& summary : list_) {
      if (summary.facts.manifest != manifest->manifest) continue;
      summary.enumerated = stamp_of(event);
      summary.source = manifest->source;
    }
    return {};
  }

  Status add_copy(const Event& event) {
    auto copy = events::payload_of<events::CopySuccess>(event);
    if (!copy) return std::move(copy).error();
    for (GenerationSummary& summary : list_) {
      if (!names_load(*copy, summary.load.seq, summary.number)) continue;
      if (event.occurred_at >= summary.load.at) summary.copied = stamp_of(event);
    }
    return {};
  }

  std::vector<GenerationSummary> take() && { return std::move(list_); }

 private:
  std::vector<GenerationSummary> list_;
};

Status add_all(Lister& lister, const std::vector<PlacedEvent>& story) {
  for (const bool loads : {true, false}) {
    for (const PlacedEvent& placed : story) {
      const EventKind kind = kind_of(placed.event->type);
      Status added;
      if (kind.is(Subject::load, Phase::success)) {
        if (!loads) continue;
        added = lister.add_load(*placed.event);
        if (!added && !placed.counts) continue;  // withdrawn, and nobody can read what it was
      } else if (!loads && placed.counts && kind.is(Subject::enumerate, Phase::success)) {
        added = lister.add_manifest(*placed.event);
      } else if (!loads && placed.counts && kind.is(Subject::copy, Phase::success)) {
        added = lister.add_copy(*placed.event);
      }
      if (!added) {
        return std::move(added).error().within("event " + std::to_string(placed.event->seq.value));
      }
    }
  }
  return {};
}

}  // namespace

Result<std::vector<GenerationSummary>> list_generations(const std::vector<Event>& medium_events) {
  auto story = story_order(medium_events);
  if (!story) return std::move(story).error();
  auto current = fold_medium(medium_events);
  if (!current) return std::move(current).error();
  events::Retractions retractions;
  for (const Event& event : medium_events) retractions.add(event);
  Lister lister;
  if (auto added = add_all(lister, *story); !added) return std::move(added).error();
  auto list = std::move(lister).take();
  const auto retracted = retractions.in_force();
  for (GenerationSummary& summary : list) {
    summary.is_current = summary.load.seq == current->load_seq;
    const auto found = retracted.find(summary.load.seq.value);
    if (found != retracted.end()) summary.retracted_by = {found->second};
  }
  return list;
}

}  // namespace ntt::projector
