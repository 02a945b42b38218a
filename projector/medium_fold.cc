// The fold of a medium: one pass over its events in fold order, then the judgements.

#include "projector/medium_fold.h"

#include <algorithm>
#include <span>

#include "events/bytes.h"
#include "projector/attempt_fold.h"
#include "projector/event_kind.h"
#include "projector/fold_order.h"

namespace ntt::projector {

namespace {

using events::Event;
using events::Status;

events::Error cannot_fold(const Event& event, events::Error error) {
  return std::move(error).within("event " + std::to_string(event.seq.value) + " (" + event.type +
                                 ")");
}

std::string describe(const events::MediumIdentified& facts) {
  std::string text = "recipe: " + facts.recipe;
  for (const std::string& input : facts.inputs) text += "\ninput: " + input;
  for (const std::string& signature : facts.signatures) text += "\nsignature: " + signature;
  if (facts.blank) text += "\nblank: " + *facts.blank;
  return text;
}

// Where an image file lies; nothing for a directory, a device or a .raw file.
std::optional<std::string> image_of(const events::SourceInfo& source) {
  if (source.kind == "image" || source.kind == "tar") return source.path.bytes;
  return std::nullopt;
}

class MediumFold {
 public:
  Status apply(const Event& event);
  events::Result<MediumState> finish();

 private:
  // Sets a value; an event that says what is known already changes nothing.
  template <class T>
  void set(T& field, T value, const Event& event, Sequence& set_by) {
    if (field == value) return;
    field = std::move(value);
    set_by = event.seq;
  }
  Status identify(const Event& event);
  Status apply_stage(const Event& event, EventKind kind);
  Status judge_load();
  Status judge_copy();
  Status judge_verify();
  Status judge_manifest();
  void touched_by(Sequence seq) { state_.last_seq = std::max(state_.last_seq, seq); }

  MediumState state_;
  AttemptFold attempts_;
  // Events whose payload is read only if they turn out to count.
  const Event* load_ = nullptr;
  const Event* mapfile_ = nullptr;
  std::vector<const Event*> manifests_;
  std::vector<const Event*> copies_;    // since load_
  std::vector<const Event*> verifies_;  // since load_
  // Which event set what.
  Sequence human_by_, source_by_, image_by_, size_by_, message_by_, diagnostics_by_;
};

Status MediumFold::identify(const Event& event) {
  auto facts = events::payload_of<events::MediumIdentified>(event);
  if (!facts) return std::move(facts).error();
  set(state_.diagnostics, describe(*facts), event, diagnostics_by_);
  set(state_.medium_human, std::move(facts->medium_human), event, human_by_);
  set(state_.size, facts->size, event, size_by_);
  if (auto image = image_of(facts->source)) set(state_.image_path, image, event, image_by_);
  set(state_.source_kind, std::move(facts->source.kind), event, source_by_);
  set(state_.source_path, std::move(facts->source.path.bytes), event, source_by_);
  return {};
}

Status MediumFold::apply_stage(const Event& event, EventKind kind) {
  if (kind.phase == Phase::batch) return {};
  if (auto done = attempts_.apply(event, kind); !done) return done;
  if (kind.phase != Phase::success) return {};
  const Stamp stamp{event.occurred_at, event.seq};
  switch (kind.subject) {
    case Subject::image: {
      auto image = events::payload_of<events::ImageSuccess>(event);
      if (!image) return std::move(image).error();
      set(state_.image_path, std::optional(std::move(image->image_path.bytes)), event, image_by_);
      break;
    }
    case Subject::enumerate:
      manifests_.push_back(&event);
      break;
    case Subject::load:
      load_ = &event;
      copies_.clear();
      verifies_.clear();
      break;
    case Subject::copy:
      copies_.push_back(&event);
      break;
    case Subject::archive:
      state_.archive_done = stamp;
      break;
    case Subject::verify:
      verifies_.push_back(&event);
      break;
    default:
      break;
  }
  return {};
}

Status MediumFold::apply(const Event& event) {
  if (!state_.added_at) {
    state_.medium = event.medium;
    state_.added_at = Stamp{event.occurred_at, event.seq};
  }
  const EventKind kind = kind_of(event.type);
  if (kind.is_stage()) return apply_stage(event, kind);
  if (kind.subject == Subject::identified) return identify(event);
  if (kind.subject == Subject::mapfile) mapfile_ = &event;
  if (kind.subject == Subject::labelled) {
    auto labelled = events::payload_of<events::MediumLabelled>(event);
    if (!labelled) return std::move(labelled).error();
    set(state_.message, std::move(labelled->label), event, message_by_);
  }
  if (kind.subject == Subject::other && !events::is_known_type(event.type)) {
    state_.unknown_events.push_back(event.seq);
  }
  return {};
}

Status MediumFold::judge_load() {
  if (load_ == nullptr) return {};
  auto load = events::payload_of<events::LoadSuccess>(*load_);
  if (!load) return cannot_fold(*load_, std::move(load).error());
  state_.enum_done = Stamp{load_->occurred_at, load_->seq};
  state_.load_seq = load_->seq;
  state_.generation = std::max(load->generation, 1U);
  state_.load = std::move(*load);
  touched_by(load_->seq);
  return {};
}

Status MediumFold::judge_copy() {
  if (load_ == nullptr) return {};
  for (auto event = copies_.rbegin(); event != copies_.rend(); ++event) {
    auto copy = events::payload_of<events::CopySuccess>(**event);
    if (!copy) return cannot_fold(**event, std::move(copy).error());
    const bool named = copy->load != 0 ? copy->load == state_.load_seq.value
                                       : copy->generation == state_.generation;
    if (!named) continue;
    touched_by((*event)->seq);
    if ((*event)->occurred_at < state_.enum_done->at) {
      state_.problems.push_back("copy_success (event " + std::to_string((*event)->seq.value) +
                                ") is dated before the load_success that it completes");
      return {};
    }
    state_.copy_done = Stamp{(*event)->occurred_at, (*event)->seq};
    if (copy->partial + copy->failed > 0) {
      state_.problems.push_back(std::to_string(copy->partial + copy->failed) +
                                " files could not be copied");
    }
    state_.copy = *copy;
    return {};
  }
  return {};
}

Status MediumFold::judge_verify() {
  for (auto event = verifies_.rbegin(); event != verifies_.rend(); ++event) {
    auto verify = events::payload_of<events::VerifySuccess>(**event);
    if (!verify) return cannot_fold(**event, std::move(verify).error());
    const bool named =
        state_.copy_done && (verify->copy != 0 ? verify->copy == state_.copy_done->seq.value
                                               : verify->generation == state_.generation);
    if (!named) continue;
    state_.verify_done = Stamp{(*event)->occurred_at, (*event)->seq};
    touched_by((*event)->seq);
    const auto bad = verify->mismatched + verify->missing + verify->unreadable;
    state_.is_damaged = bad > 0 || !verify->archive_intact.value_or(true);
    if (bad > 0) {
      state_.problems.push_back(std::to_string(bad) + " of " + std::to_string(verify->checked) +
                                " blobs did not verify");
    }
    if (verify->archive_intact && !*verify->archive_intact) {
      state_.problems.emplace_back("the archive is not what was written");
    }
    return {};
  }
  return {};
}

Status MediumFold::judge_manifest() {
  if (!state_.load) return {};
  for (auto event = manifests_.rbegin(); event != manifests_.rend(); ++event) {
    auto manifest = events::payload_of<events::EnumSuccess>(**event);
    if (!manifest) return cannot_fold(**event, std::move(manifest).error());
    if (manifest->manifest != state_.load->manifest) continue;
    for (const events::VolumeOutcome& volume : manifest->volumes) {
      if (volume.outcome == "enumerated" || volume.outcome == "empty" || volume.outcome == "swap") {
        continue;
      }
      state_.problems.push_back("volume " + std::to_string(volume.volume) + ": " + volume.outcome +
                                (volume.message.empty() ? "" : ": " + volume.message));
    }
    if (manifest->unreadable_entries > 0) {
      state_.problems.push_back(std::to_string(manifest->unreadable_entries) +
                                " entries could not be read");
    }
    state_.manifest = std::move(*manifest);
    touched_by((*event)->seq);
    return {};
  }
  return {};
}

events::Result<MediumState> MediumFold::finish() {
  state_.health = "ok";
  if (mapfile_ != nullptr) {
    auto mapfile = events::payload_of<events::MapfileObserved>(*mapfile_);
    if (!mapfile) return cannot_fold(*mapfile_, std::move(mapfile).error());
    state_.health = judge_health(mapfile->rescued_bytes, mapfile->total_bytes);
    touched_by(mapfile_->seq);
  }
  for (const auto judge : {&MediumFold::judge_load, &MediumFold::judge_manifest,
                           &MediumFold::judge_copy, &MediumFold::judge_verify}) {
    if (auto done = (this->*judge)(); !done) return std::move(done).error();
  }
  touched_by(attempts_.add_problems(state_.problems));
  for (const Sequence seq :
       {human_by_, source_by_, image_by_, size_by_, message_by_, diagnostics_by_}) {
    touched_by(seq);
  }
  for (const auto& stamp : {state_.added_at, state_.archive_done}) {
    if (stamp) touched_by(stamp->seq);
  }
  state_.attempts = attempts_.attempts();
  return std::move(state_);
}

events::Result<MediumState> fold_span(std::span<const Event> log_order) {
  auto order = fold_order(log_order);
  if (!order) return std::move(order).error();
  MediumFold fold;
  for (const Event* event : *order) {
    if (auto done = fold.apply(*event); !done) {
      return cannot_fold(*event, std::move(done).error());
    }
  }
  return fold.finish();
}

bool same_content(MediumState a, MediumState b) {
  for (MediumState* state : {&a, &b}) {
    state->last_seq = {};
    state->attempts.clear();
    state->unknown_events.clear();
  }
  return a == b;
}

// A retraction shows in the state only by what is missing, so the events before it are folded with
// and without it. Retractions are rare.
events::Result<Sequence> last_effective_retraction(std::span<const Event> log_order) {
  for (std::size_t i = log_order.size(); i-- > 0;) {
    if (kind_of(log_order[i].type).subject != Subject::retraction) continue;
    auto before = fold_span(log_order.first(i));
    if (!before) return std::move(before).error();
    auto after = fold_span(log_order.first(i + 1));
    if (!after) return std::move(after).error();
    if (!same_content(*before, *after)) return log_order[i].seq;
  }
  return Sequence{};
}

}  // namespace

std::string judge_health(std::uint64_t rescued_bytes, std::uint64_t total_bytes) {
  if (total_bytes == 0) return "failed";
  if (rescued_bytes >= total_bytes) return "ok";
  const std::uint64_t lost = total_bytes - rescued_bytes;
  if (lost <= total_bytes / 10) return "incomplete";
  if (lost <= total_bytes - (total_bytes / 5 + (total_bytes % 5 != 0 ? 1 : 0))) return "corrupt";
  return "failed";
}

events::Result<MediumState> fold_medium(const std::vector<Event>& medium_events) {
  auto state = fold_span(medium_events);
  if (!state) return state;
  auto retraction = last_effective_retraction(medium_events);
  if (!retraction) return std::move(retraction).error();
  state->last_seq = std::max(state->last_seq, *retraction);
  if (!medium_events.empty()) state->medium = medium_events.front().medium;
  return state;
}

}  // namespace ntt::projector
