// MediumSteps: the fold of a medium event by event, for who wants to see the states on the way.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "events/event.h"
#include "events/payload.h"
#include "projector/attempt_fold.h"
#include "projector/event_kind.h"
#include "projector/legacy_fold.h"
#include "projector/medium_fold.h"

namespace ntt::projector {

// An event whose payload is read only if it turns out to count, and then once.
template <class Payload>
class LazyPayload {
 public:
  explicit LazyPayload(const events::Event& event) : event_(&event) {}
  [[nodiscard]] const events::Event& event() const { return *event_; }
  [[nodiscard]] const events::Result<Payload>& payload() const {
    if (!payload_) payload_ = events::payload_of<Payload>(*event_);
    return *payload_;
  }

 private:
  const events::Event* event_;
  mutable std::optional<events::Result<Payload>> payload_;
};

// Takes events in fold order (fold_order.h), which must outlive it. Not thread-safe. Errors name
// the event that cannot be folded.
class MediumSteps {
 public:
  events::Status apply(const events::Event& event);
  // An event that does not count, where it would stand: of an attempt that it ended, that is told.
  void withdraw(const events::Event& event, Sequence retraction);

  // What the events so far make of the medium, but for its attempts. Costs the same however many
  // they are.
  [[nodiscard]] events::Result<MediumState> state() const { return judge(state_); }
  // The same with the attempts; ends the fold.
  events::Result<MediumState> finish();

 private:
  // Which event set a value, and whether any but an earlier system told it.
  struct SetBy {
    Sequence seq;
    bool observed = false;
  };
  static bool is_hearsay(const events::Event& event) {
    return event.type == events::LegacyClaim::kType || event.type == events::LegacyMedium::kType;
  }
  // Sets a value; an event that says what is known already changes nothing, and what an earlier
  // system said changes nothing that was observed.
  template <class T>
  void set(T& field, T value, const events::Event& event, SetBy& set_by) {
    if (!is_hearsay(event)) {
      set_by.observed = true;
    } else if (set_by.observed) {
      return;
    }
    if (field == value) return;
    field = std::move(value);
    set_by.seq = event.seq;
  }
  events::Status take(const events::Event& event);
  events::Status identify(const events::Event& event);
  events::Status take_claim(const events::Event& event);
  events::Status take_legacy_row(const events::Event& event);
  events::Status take_stage(const events::Event& event, EventKind kind);
  events::Status take_success(const events::Event& event, Subject stage);
  [[nodiscard]] events::Result<MediumState> judge(MediumState state) const;
  events::Status judge_health(MediumState& state) const;
  events::Status judge_load(MediumState& state) const;
  events::Status judge_manifest(MediumState& state) const;
  events::Status judge_copy(MediumState& state) const;
  events::Status judge_verify(MediumState& state) const;

  MediumState state_;  // what needs no judgement
  AttemptFold attempts_;
  LegacyFold claims_;
  std::optional<LazyPayload<events::LoadSuccess>> load_;
  std::optional<LazyPayload<events::MapfileObserved>> mapfile_;
  std::optional<std::pair<std::uint64_t, Sequence>> claimed_rescue_;  // hundredths of a percent
  std::optional<std::pair<std::string, Sequence>> legacy_health_;
  std::optional<std::pair<std::string, Sequence>> legacy_problems_;
  std::vector<LazyPayload<events::EnumSuccess>> manifests_;
  std::vector<LazyPayload<events::CopySuccess>> copies_;      // since load_
  std::vector<LazyPayload<events::VerifySuccess>> verifies_;  // since load_
  std::map<std::string, Stamp> deleted_images_;               // by path
  // Which event set what.
  SetBy human_by_, source_by_, image_by_, size_by_, message_by_, diagnostics_by_;
};

// Whether a copy is one of this load.
bool names_load(const events::CopySuccess& copy, Sequence load, std::uint32_t generation);

}  // namespace ntt::projector
