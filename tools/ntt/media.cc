// Folding media and judging what is left to do.

#include "tools/ntt/media.h"

#include <algorithm>

#include "events/bytes.h"
#include "events/payload.h"
#include "events/retractions.h"
#include "events/rocks_log.h"
#include "tools/ntt/messages.h"
#include "tools/ntt/standing.h"

namespace ntt::tools {

using events::Error;
using events::Event;
using events::Result;
using projector::FoldStop;
using projector::MediumState;
using projector::PartialFold;
using projector::StageAttempt;

namespace {

const StageAttempt* last_attempt(const std::vector<StageAttempt>& attempts,
                                 const std::string& stage) {
  for (auto i = attempts.rbegin(); i != attempts.rend(); ++i) {
    if (i->stage == stage) return &*i;
  }
  return nullptr;
}

// Of a stage that only old logs tell of.
std::string claimed_standing(const MediumState& medium, const std::string& stage) {
  const StageAttempt* claim = last_attempt(medium.claims, stage);
  if (claim == nullptr) return "-";
  if (claim->outcome == "success") return "claimed";
  return claim->outcome == "error" ? "claimed failed" : "claimed begun";
}

// One word for a shell, whatever the bytes.
std::string shell_quoted(const std::string& bytes) {
  const bool plain = events::escape_bytes(bytes) == bytes;
  std::string out = plain ? "'" : "$'";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'') {
      out += plain ? "'\\''" : "\\'";
    } else if (!plain && (c == '\\' || byte < 0x20 || byte >= 0x7F)) {
      char octal[8];
      std::snprintf(octal, sizeof octal, "\\%03o", byte);
      out += octal;
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string run_again(const MediumState& medium) {
  if (medium.source_path.empty()) return "take its image or device in with `ntt run`";
  const bool is_directory = medium.source_kind == "directory";
  const std::string flag = is_directory ? "dir" : medium.source_kind;
  return "ntt run --" + flag + " " + shell_quoted(medium.source_path);
}

// The media in order of their first events; one event of each is read.
Result<std::vector<events::MediumId>> in_order_of_arrival(const events::Log& log) {
  auto names = log.media("");
  if (!names) return names;
  std::vector<std::pair<events::Sequence, events::MediumId>> arrivals;
  for (events::MediumId& medium : *names) {
    events::Filter filter;
    filter.medium = medium;
    filter.batches = false;
    events::Sequence first;
    auto scanned = log.scan(filter, [&first](const Event& event) {
      first = event.seq;
      return false;
    });
    if (!scanned) return std::move(scanned).error();
    if (first) arrivals.emplace_back(first, std::move(medium));
  }
  std::sort(arrivals.begin(), arrivals.end());
  names->clear();
  for (auto& [first, medium] : arrivals) names->push_back(std::move(medium));
  return names;
}

// The first batch that counts whose payload cannot be read, as what stops the medium.
Result<std::optional<FoldStop>> unreadable_batch(const events::Log& log,
                                                 const std::vector<Event>& others,
                                                 const PartialFold& fold) {
  events::Retractions retractions;
  for (const Event& event : others) retractions.add(event);
  const auto retracted = retractions.in_force();
  events::Filter filter;
  filter.medium = fold.state.medium;
  filter.types = {events::EnumBatchData::kType, events::LoadBatchData::kType,
                  events::CopyBatchData::kType};
  if (fold.stop) filter.last = {fold.stop->at.value - 1};
  std::optional<FoldStop> found;
  auto scanned = log.scan(filter, [&](const Event& event) {
    if (retracted.contains(event.seq.value)) return true;
    auto fits = events::check_payload(event);
    if (!fits) {
      const std::string name = "event " + std::to_string(event.seq.value) + " (" + event.type + ")";
      found = FoldStop{std::max(event.seq, fold.state.load_seq),
                       std::move(fits).error().within(name).message};
    }
    return !found;
  });
  if (!scanned) return std::move(scanned).error();
  return found;
}

}  // namespace

Result<std::vector<Event>> read_medium_events(const events::Log& log,
                                              const events::MediumId& medium) {
  events::Filter filter;
  filter.medium = medium;
  filter.batches = false;
  std::vector<Event> found;
  auto scanned = log.scan(filter, [&found](const Event& event) {
    found.push_back(event);
    return true;
  });
  if (!scanned) return std::move(scanned).error().within("medium " + medium.text);
  return found;
}

events::Status visit_media(const events::Log& log, const std::optional<events::MediumId>& only,
                           const std::function<void(const projector::PartialFold&)>& visit) {
  auto media =
      only ? Result<std::vector<events::MediumId>>(std::vector{*only}) : in_order_of_arrival(log);
  if (!media) return std::move(media).error();
  for (const events::MediumId& medium : *media) {
    auto events = read_medium_events(log, medium);
    if (!events) return std::move(events).error();
    auto fold = projector::fold_partly(*events);
    if (only && fold.state.load) {
      auto batch = unreadable_batch(log, *events, fold);
      if (!batch) return std::move(batch).error();
      if (*batch) fold = projector::fold_partly(std::move(*events), std::move(*batch));
    }
    visit(fold);
  }
  return {};
}

std::string remedy(events::Sequence stop) {
  const std::string seq = std::to_string(stop.value);
  return "`ntt show " + seq + "` shows the event; `ntt retract " + seq +
         " --why TEXT` withdraws it, or a newer ntt may read it";
}

void warn_of_stop(const events::MediumId& medium, const projector::FoldStop& stop) {
  say_warning("medium " + medium.text + " is stopped before event " +
              std::to_string(stop.at.value) + ": " + stop.reason + "; " + remedy(stop.at));
}

const std::vector<std::string>& stage_names() {
  static const std::vector<std::string> names = {"image",   "enum",   "load",   "copy",
                                                 "archive", "verify", "cleanup"};
  return names;
}

events::RunId running_now(const Settings& settings, const events::Log& log) {
  if (events::rocks_log_writer(settings.log_directory).empty()) return {};
  auto head = log.head();
  if (!head || !head->seq) return {};
  auto last = log.read(head->seq);
  return last ? last->run : events::RunId{};
}

std::string stage_standing(const MediumState& medium, const std::string& stage,
                           const events::RunId& running) {
  const StageAttempt* attempt = last_attempt(medium.attempts, stage);
  if (attempt == nullptr) return claimed_standing(medium, stage);
  // An earlier generation's copy and verify say nothing of the current one.
  const bool is_of_generation = stage == "copy" || stage == "verify";
  if (is_of_generation && attempt->start_seq < medium.load_seq) return "-";
  if (attempt->outcome == "success") {
    if ((stage == "load" && !medium.load) || (stage == "copy" && !medium.copy) ||
        (stage == "verify" && !medium.verify_done)) {
      return "-";
    }
    return stage == "verify" && medium.is_damaged ? "damaged" : "done";
  }
  if (attempt->outcome == "error") return "failed";
  if (attempt->outcome == "skip") return "skipped";
  if (attempt->outcome == "retracted") return "retracted";
  return !running.is_zero() && attempt->run == running ? "running" : "interrupted";
}

std::string next_step(const MediumState& medium, const events::RunId& running) {
  const Standing standing = standing_of(medium, running);
  if (standing.word == "running") return "";
  if (standing.word == "interrupted") {
    return run_again(medium) + " (continues " + standing.stage + ")";
  }
  if (standing.word == "failed" && stage_standing(medium, standing.stage, {}) == "damaged") {
    return "put back what is damaged (see problem), then " + run_again(medium) + " to verify again";
  }
  if (standing.word == "failed") {
    return run_again(medium) + " (" + standing.stage + " failed: `ntt status " +
           medium.medium.text.substr(0, 8) + "` says why)";
  }
  if (standing.word == "never tried") return run_again(medium);
  if (standing.word == "attempted but not completed") {
    if (medium.source_kind == "raw" && medium.load) {
      return "take its image or device in with `ntt run`: " + standing.why;
    }
    const bool is_only_claimed = medium.attempts.empty();
    return run_again(medium) + (is_only_claimed ? " (only old logs tell of it)" : "");
  }
  const std::string cleanup = stage_standing(medium, "cleanup", running);
  if (cleanup == "interrupted" || cleanup == "failed") {
    return "ntt cleanup " + medium.medium.text.substr(0, 8) + " --yes (its cleanup " +
           (cleanup == "failed" ? "failed)" : "was interrupted)");
  }
  // Of a deleted image the archive has everything, and nothing more can be read from it in place.
  if (medium.copy->failed + medium.copy->partial > 0 && !medium.image_deleted) {
    return run_again(medium) + " --retry-failed (" + standing.why + ")";
  }
  if (medium.verify_done) return "";
  // What was adopted is verified where it lies: its source is often gone.
  if (medium.copy_origin != events::Origin::native) {
    return "ntt verify blobs " + medium.medium.text.substr(0, 8) +
           " (nobody has read its blobs here)";
  }
  return run_again(medium) + " (to verify)";
}

}  // namespace ntt::tools
