// The fold of a medium: one pass over its events in fold order, then the judgements.

#include "projector/medium_fold.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <span>

#include "events/bytes.h"
#include "projector/event_kind.h"
#include "projector/fold_order.h"
#include "projector/medium_steps.h"

namespace ntt::projector {

namespace {

using events::Event;
using events::Status;

events::Error cannot_fold(const Event& event, events::Error error) {
  error.event = event.seq.value;
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

bool repeats_a_volume(const events::EnumSuccess& manifest) {
  std::set<std::uint32_t> volumes;
  return std::any_of(
      manifest.volumes.begin(), manifest.volumes.end(),
      [&](const events::VolumeOutcome& each) { return !volumes.insert(each.volume).second; });
}

constexpr std::uint64_t kHundredthsOfAll = 10000;

// "99.53" is 9953; nothing for what is no percentage. The old mapfile reader cut it to two digits.
std::optional<std::uint64_t> hundredths(const std::string& percent) {
  const std::size_t point = std::min(percent.find('.'), percent.size());
  std::string digits = percent.substr(0, point);
  const std::string fraction = point < percent.size() ? percent.substr(point + 1) : "";
  if (digits.empty() || digits.size() > 3 || fraction.size() > 2) return std::nullopt;
  digits += fraction + std::string(2 - fraction.size(), '0');
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  return is_number && value <= kHundredthsOfAll ? std::optional(value) : std::nullopt;
}

bool is_dated(const std::optional<events::Evidence>& evidence) {
  return !evidence || evidence->time_is != "unknown";
}

// A backfilled event that nothing dates has a place in the story, and no time.
bool has_time(const Event& event) {
  return event.occurred_at != Timestamp{};
}

void touched_by(MediumState& state, Sequence seq) {
  state.last_seq = std::max(state.last_seq, seq);
}

}  // namespace

Status MediumSteps::identify(const Event& event) {
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

// What a line says of the medium itself is taken until a newer line says otherwise, or anything
// that this program saw or a person said.
Status MediumSteps::take_claim(const Event& event) {
  auto claim = events::payload_of<events::LegacyClaim>(event);
  if (!claim) return std::move(claim).error();
  claims_.apply(event, *claim);
  if (claim->medium_from == "start") return {};
  const auto said = [&claim](const char* key) {
    const auto found = claim->says.find(key);
    return found == claim->says.end() ? std::string() : found->second;
  };
  if (const auto human = said("medium_human"); !human.empty()) {
    set(state_.medium_human, human, event, human_by_);
  }
  if (const auto label = said("message"); !label.empty() && claim->stage == "identify") {
    set(state_.message, label, event, message_by_);
  }
  if (claim->stage == "health_update" && !mapfile_) {
    if (const auto percent = hundredths(said("rescued_pct"))) {
      claimed_rescue_ = {*percent, event.seq};
    }
  }
  if (claim->stage == "mount_success" && !said("image_path").empty()) {
    set(state_.image_path, std::optional(said("image_path")), event, image_by_);
  }
  if (claim->stage != "identify") return {};
  for (const auto& [key, kind] :
       {std::pair("image", "image"), {"path", "directory"}, {"dev", "device"}}) {
    if (said(key).empty()) continue;
    set(state_.source_kind, std::string(kind), event, source_by_);
    set(state_.source_path, said(key), event, source_by_);
  }
  return {};
}

// The row as it was found, under the same rules. Its times are no one's: what was inferred from
// them is in events of its own.
Status MediumSteps::take_legacy_row(const Event& event) {
  auto row = events::payload_of<events::LegacyMedium>(event);
  if (!row) return std::move(row).error();
  const auto said = [&row](const char* column) {
    const auto found = row->says.find(column);
    return found == row->says.end() ? std::string() : found->second;
  };
  const auto take = [&](std::string& field, const char* column, SetBy& by) {
    if (auto value = said(column); !value.empty()) set(field, std::move(value), event, by);
  };
  take(state_.medium_human, "medium_human", human_by_);
  take(state_.message, "message", message_by_);
  take(state_.diagnostics, "diagnostics", diagnostics_by_);
  if (const auto image = said("image_path"); !image.empty()) {
    set(state_.image_path, std::optional(image), event, image_by_);
    set(state_.source_kind, std::string("image"), event, source_by_);
    set(state_.source_path, image, event, source_by_);
  }
  for (const char* known : {"ok", "incomplete", "corrupt", "failed"}) {
    if (said("health") == known) legacy_health_ = {known, event.seq};
  }
  legacy_problems_.reset();
  if (auto problems = said("problems"); !problems.empty()) {
    legacy_problems_ = {"the earlier system says: " + problems, event.seq};
  }
  return {};
}

Status MediumSteps::take_stage(const Event& event, EventKind kind) {
  if (kind.phase == Phase::batch) return {};
  if (auto done = attempts_.apply(event, kind); !done) return done;
  return kind.phase == Phase::success ? take_success(event, kind.subject) : Status();
}

Status MediumSteps::take_success(const Event& event, Subject stage) {
  switch (stage) {
    case Subject::image: {
      auto image = events::payload_of<events::ImageSuccess>(event);
      if (!image) return std::move(image).error();
      deleted_images_.erase(image->image_path.bytes);
      set(state_.image_path, std::optional(std::move(image->image_path.bytes)), event, image_by_);
      break;
    }
    case Subject::enumerate:
      manifests_.emplace_back(event);
      break;
    case Subject::load:
      load_.emplace(event);
      copies_.clear();
      verifies_.clear();
      break;
    case Subject::copy:
      copies_.emplace_back(event);
      break;
    case Subject::archive:
      state_.archive_done = Stamp{event.occurred_at, event.seq};
      break;
    case Subject::verify:
      verifies_.emplace_back(event);
      break;
    case Subject::cleanup: {
      auto cleanup = events::payload_of<events::CleanupDone>(event);
      if (!cleanup) return std::move(cleanup).error();
      if (cleanup->kind != "image") break;
      deleted_images_[cleanup->path.bytes] = Stamp{event.occurred_at, event.seq};
      break;
    }
    default:
      break;
  }
  return {};
}

Status MediumSteps::apply(const Event& event) {
  auto taken = take(event);
  if (!taken) return cannot_fold(event, std::move(taken).error());
  return {};
}

void MediumSteps::withdraw(const Event& event, Sequence retraction) {
  const EventKind kind = kind_of(event.type);
  if (kind.is_stage()) attempts_.withdraw(event, kind, retraction);
}

Status MediumSteps::take(const Event& event) {
  if (state_.medium.text.empty()) state_.medium = event.medium;
  if (!state_.added_at && has_time(event)) {
    state_.added_at = Stamp{event.occurred_at, event.seq};
  }
  const EventKind kind = kind_of(event.type);
  if (kind.is_stage()) return take_stage(event, kind);
  if (kind.subject == Subject::identified) return identify(event);
  if (kind.subject == Subject::claim) return take_claim(event);
  if (kind.subject == Subject::legacy) return take_legacy_row(event);
  if (kind.subject == Subject::mapfile) {
    mapfile_.emplace(event);
    claimed_rescue_.reset();
  }
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

Status MediumSteps::judge_health(MediumState& state) const {
  state.health = "ok";
  if (legacy_health_) {
    state.health = legacy_health_->first;
    touched_by(state, legacy_health_->second);
  }
  if (claimed_rescue_) {
    state.health = projector::judge_health(claimed_rescue_->first, kHundredthsOfAll);
    touched_by(state, claimed_rescue_->second);
  }
  if (!mapfile_) return {};
  const auto& mapfile = mapfile_->payload();
  if (!mapfile) return cannot_fold(mapfile_->event(), mapfile.error());
  // Bytes of the medium that the mapfile does not cover were not rescued either.
  const std::uint64_t bytes = std::max(mapfile->total_bytes, state.size.value_or(0));
  state.health = projector::judge_health(mapfile->rescued_bytes, bytes);
  touched_by(state, mapfile_->event().seq);
  return {};
}

Status MediumSteps::judge_load(MediumState& state) const {
  if (!load_) return {};
  const auto& load = load_->payload();
  const Event& event = load_->event();
  if (!load) return cannot_fold(event, load.error());
  if (is_dated(load->evidence)) state.enum_done = Stamp{event.occurred_at, event.seq};
  state.load_seq = event.seq;
  state.generation = std::max(load->generation, 1U);
  state.load = *load;
  state.load_origin = event.origin;
  touched_by(state, event.seq);
  return {};
}

Status MediumSteps::judge_copy(MediumState& state) const {
  if (!load_) return {};
  for (auto candidate = copies_.rbegin(); candidate != copies_.rend(); ++candidate) {
    const auto& copy = candidate->payload();
    const Event& event = candidate->event();
    if (!copy) return cannot_fold(event, copy.error());
    if (!names_load(*copy, state.load_seq, state.generation)) continue;
    touched_by(state, event.seq);
    if (state.enum_done && event.occurred_at < state.enum_done->at) {
      state.problems.push_back("copy_success (event " + std::to_string(event.seq.value) +
                               ") is dated before the load_success that it completes");
      return {};
    }
    // What nothing dates has no time, and copy_done never stands without enum_done.
    if (state.enum_done && is_dated(copy->evidence)) {
      state.copy_done = Stamp{event.occurred_at, event.seq};
    }
    if (copy->partial + copy->failed > 0) {
      state.problems.push_back(std::to_string(copy->partial + copy->failed) +
                               " files could not be copied");
    }
    state.copy = *copy;
    state.copy_seq = event.seq;
    state.copy_origin = event.origin;
    return {};
  }
  return {};
}

Status MediumSteps::judge_verify(MediumState& state) const {
  if (!state.copy) return {};
  for (auto candidate = verifies_.rbegin(); candidate != verifies_.rend(); ++candidate) {
    const auto& verify = candidate->payload();
    const Event& event = candidate->event();
    if (!verify) return cannot_fold(event, verify.error());
    const bool named = verify->copy != 0 ? verify->copy == state.copy_seq.value
                                         : verify->generation == state.generation;
    if (!named) continue;
    state.verify_done = Stamp{event.occurred_at, event.seq};
    touched_by(state, event.seq);
    const auto bad = verify->mismatched + verify->missing + verify->unreadable;
    state.is_damaged = bad > 0 || !verify->archive_intact.value_or(true);
    if (bad > 0) {
      state.problems.push_back(std::to_string(bad) + " of " + std::to_string(verify->checked) +
                               " blobs did not verify");
    }
    if (verify->archive_intact && !*verify->archive_intact) {
      state.problems.emplace_back("the archive is not what was written");
    }
    return {};
  }
  return {};
}

Status MediumSteps::judge_manifest(MediumState& state) const {
  if (!state.load) return {};
  for (auto candidate = manifests_.rbegin(); candidate != manifests_.rend(); ++candidate) {
    const auto& manifest = candidate->payload();
    if (!manifest) return cannot_fold(candidate->event(), manifest.error());
    if (manifest->manifest != state.load->manifest) continue;
    if (repeats_a_volume(*manifest)) {
      return cannot_fold(candidate->event(),
                         {events::Errc::corruption, "it has two outcomes for one volume"});
    }
    for (const events::VolumeOutcome& volume : manifest->volumes) {
      if (volume.outcome == "enumerated" || volume.outcome == "empty" || volume.outcome == "swap") {
        continue;
      }
      state.problems.push_back("volume " + std::to_string(volume.volume) + ": " + volume.outcome +
                               (volume.message.empty() ? "" : ": " + volume.message));
    }
    if (manifest->unreadable_entries > 0) {
      state.problems.push_back(std::to_string(manifest->unreadable_entries) +
                               " entries could not be read");
    }
    state.manifest = *manifest;
    touched_by(state, candidate->event().seq);
    return {};
  }
  return {};
}

events::Result<MediumState> MediumSteps::judge(MediumState state) const {
  for (const auto step :
       {&MediumSteps::judge_health, &MediumSteps::judge_load, &MediumSteps::judge_manifest,
        &MediumSteps::judge_copy, &MediumSteps::judge_verify}) {
    if (auto done = (this->*step)(state); !done) return std::move(done).error();
  }
  if (auto found = deleted_images_.find(state.image_path.value_or(""));
      found != deleted_images_.end()) {
    state.image_deleted = found->second;
  }
  touched_by(state, attempts_.add_problems(state.problems));
  if (legacy_problems_) {
    state.problems.push_back(legacy_problems_->first);
    touched_by(state, legacy_problems_->second);
  }
  for (const SetBy& by :
       {human_by_, source_by_, image_by_, size_by_, message_by_, diagnostics_by_}) {
    touched_by(state, by.seq);
  }
  for (const auto& stamp : {state.added_at, state.archive_done}) {
    if (stamp) touched_by(state, stamp->seq);
  }
  return state;
}

events::Result<MediumState> MediumSteps::finish() {
  auto state = judge(std::move(state_));
  if (state) {
    state->attempts = std::move(attempts_).attempts();
    state->claims = std::move(claims_).claims();
  }
  return state;
}

bool names_load(const events::CopySuccess& copy, Sequence load, std::uint32_t generation) {
  return copy.load != 0 ? copy.load == load.value : copy.generation == generation;
}

namespace {

events::Result<MediumState> fold_span(std::span<const Event> log_order) {
  auto story = story_order(log_order);
  if (!story) return std::move(story).error();
  MediumSteps steps;
  for (const PlacedEvent& placed : *story) {
    if (placed.retracted_by) steps.withdraw(*placed.event, placed.retracted_by);
    if (!placed.counts) continue;
    if (auto done = steps.apply(*placed.event); !done) return std::move(done).error();
  }
  return steps.finish();
}

bool same_content(MediumState a, MediumState b) {
  for (MediumState* state : {&a, &b}) {
    state->last_seq = {};
    state->attempts.clear();
    state->claims.clear();
    state->unknown_events.clear();
    state->image_deleted.reset();
  }
  return a == b;
}

// A retraction shows in the state only by what is missing, so the events before it are folded with
// and without it. Retractions are rare.
Sequence last_effective_retraction(std::span<const Event> log_order) {
  for (std::size_t i = log_order.size(); i-- > 0;) {
    if (kind_of(log_order[i].type).subject != Subject::retraction) continue;
    auto before = fold_span(log_order.first(i));
    auto after = fold_span(log_order.first(i + 1));
    if (!before && !after) continue;
    // Without it, or only since then, the events could not be folded.
    if (!before || !after || !same_content(*before, *after)) return log_order[i].seq;
  }
  return {};
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
  state->last_seq = std::max(state->last_seq, last_effective_retraction(medium_events));
  if (!medium_events.empty()) state->medium = medium_events.front().medium;
  return state;
}

}  // namespace ntt::projector
