// Reads a medium's events and keeps the latest of each kind.

#include "stages/history.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <vector>

#include "events/retractions.h"

namespace ntt::stages {

namespace {

using events::Event;
using events::Result;
using events::Sequence;
using events::Status;

struct Collected {
  std::vector<Event> events;  // in log order, without batches and retractions
  std::set<std::uint64_t> retracted;
  std::map<std::uint64_t, std::uint64_t> manifest_entries;  // recorded entries by manifest
};

bool is_relevant(std::string_view type) {
  static constexpr std::string_view kTypes[] = {
      "medium_identified", "legacy_medium",  "image_success", "mapfile_observed", "enum_start",
      "enum_success",      "enum_error",     "enum_skip",     "load_success",     "copy_success",
      "archive_success",   "verify_success", "cleanup_start", "cleanup_done",     "cleanup_error"};
  return std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes);
}

void collect(const Event& event, Collected& into, std::vector<events::Error>& unreadable) {
  if (event.type == events::EnumBatchData::kType) {
    auto batch = events::payload_of<events::EnumBatchData>(event);
    if (batch) {
      into.manifest_entries[batch->manifest] += batch->count;
    } else {
      unreadable.push_back(
          std::move(batch).error().within("event " + std::to_string(event.seq.value)));
    }
  } else if (is_relevant(event.type)) {
    into.events.push_back(event);
  }
}

Result<Collected> collect_medium(const events::Log& log, const events::MediumId& medium) {
  Collected collected;
  std::vector<events::Error> unreadable;
  events::Retractions retractions;
  events::Filter filter;
  filter.medium = medium;
  auto scanned = log.scan(filter, [&](const Event& event) {
    collect(event, collected, unreadable);
    retractions.add(event);
    return true;
  });
  if (!scanned) return std::move(scanned).error();
  auto retracted = retractions.retracted();
  if (!retracted) return std::move(retracted).error();
  collected.retracted = std::move(*retracted);
  for (events::Error& error : unreadable) {
    if (!collected.retracted.contains(error.event)) return std::move(error);
  }
  return collected;
}

// An event and its place in the medium's own time: late facts (imported, backfilled) go where they
// happened, native events keep the order of the log even if the clock jumped between them. So does
// the projector (fold_order.h).
struct Placed {
  std::int64_t at = 0;
  bool native = false;
  const Event* event = nullptr;
  bool retracted = false;
};

std::vector<Placed> in_order(const Collected& collected) {
  std::vector<Placed> order;
  std::int64_t native_time = INT64_MIN;
  for (const Event& event : collected.events) {
    const bool native = event.origin == events::Origin::native;
    const bool absent = collected.retracted.contains(event.seq.value);
    if (native && !absent) native_time = std::max(native_time, event.occurred_at.micros);
    order.push_back({native ? native_time : event.occurred_at.micros, native, &event, absent});
  }
  std::stable_sort(order.begin(), order.end(), [](const Placed& a, const Placed& b) {
    return std::tie(a.at, a.native) < std::tie(b.at, b.native);
  });
  return order;
}

template <class Payload>
Status keep(const Event& event, std::optional<Recorded<Payload>>& latest) {
  auto payload = events::payload_of<Payload>(event);
  if (!payload) {
    return std::move(payload).error().within("event " + std::to_string(event.seq.value));
  }
  latest = Recorded<Payload>{event.seq, event.occurred_at, std::move(*payload), event.origin};
  return {};
}

// Folds the events that count, in order.
class Folder {
 public:
  Status take(const Event& event, bool retracted) {
    if (event.type == events::LoadSuccess::kType) return take_load(event, retracted);
    if (retracted) return {};
    if (event.type == events::MediumIdentified::kType) return keep(event, history.identified);
    if (event.type == events::LegacyMedium::kType) return keep(event, history.legacy);
    if (event.type == events::ImageSuccess::kType) return keep(event, history.image);
    if (event.type == events::MapfileObserved::kType) return keep(event, history.mapfile);
    if (event.type == events::ArchiveSuccess::kType) return take_archive(event);
    if (event.type.starts_with("cleanup_")) return take_cleanup(event);
    if (event.type == events::VerifySuccess::kType) return keep(event, history.verified);
    if (event.type == events::CopySuccess::kType) return take_copy(event);
    return take_enum(event);
  }

  History finish(const std::map<std::uint64_t, std::uint64_t>& manifest_entries) {
    if (history.enum_start && !history.enum_ended) {
      const std::uint64_t resumed = history.enum_start->payload.manifest;
      history.open_manifest = resumed != 0 ? Sequence{resumed} : history.enum_start->seq;
      const auto entries = manifest_entries.find(history.open_manifest.value);
      if (entries != manifest_entries.end()) history.open_manifest_entries = entries->second;
    }
    for (const auto& copy : copies_) {
      if (history.loaded && completes(copy, *history.loaded)) history.copied = copy;
    }
    return std::move(history);
  }

  History history;

 private:
  // A withdrawn generation still uses up its number: a number never means two generations.
  Status take_load(const Event& event, bool retracted) {
    std::optional<Recorded<events::LoadSuccess>> load;
    if (auto kept = keep(event, load); !kept) {
      if (!retracted) return kept;
      history.generations += 1;
      return {};
    }
    history.generations = std::max(history.generations + 1, load->payload.generation);
    if (!retracted) history.loaded = std::move(load);
    return {};
  }

  Status take_archive(const Event& event) {
    if (auto kept = keep(event, history.archived); !kept) return kept;
    history.archives.push_back(*history.archived);
    return {};
  }

  Status take_cleanup(const Event& event) {
    if (event.type == events::CleanupStart::kType) {
      std::optional<Recorded<events::CleanupStart>> start;
      if (auto kept = keep(event, start); !kept) return kept;
      history.open_cleanups.push_back(std::move(*start));
      return {};
    }
    std::erase_if(history.open_cleanups,
                  [&event](const auto& start) { return start.seq == event.cause; });
    if (event.type != events::CleanupDone::kType) return {};
    std::optional<Recorded<events::CleanupDone>> done;
    if (auto kept = keep(event, done); !kept) return kept;
    history.deleted.push_back(std::move(*done));
    return {};
  }

  Status take_copy(const Event& event) {
    std::optional<Recorded<events::CopySuccess>> copy;
    if (auto kept = keep(event, copy); !kept) return kept;
    copies_.push_back(*copy);
    return {};
  }

  // One that is dated before its load (the clock was set back) counts for no table either; copying
  // again adds one that does.
  static bool completes(const Recorded<events::CopySuccess>& copy,
                        const Recorded<events::LoadSuccess>& load) {
    const bool is_named = copy.payload.load != 0
                              ? copy.payload.load == load.seq.value
                              : copy.payload.generation == load.payload.generation;
    return is_named && copy.occurred_at >= load.occurred_at;
  }

  Status take_enum(const Event& event) {
    if (event.type == events::EnumStart::kType) {
      history.enum_ended = false;
      return keep(event, history.enum_start);
    }
    if (history.enum_start && event.cause == history.enum_start->seq) history.enum_ended = true;
    if (event.type != events::EnumSuccess::kType) return {};
    std::optional<Recorded<events::EnumSuccess>> success;
    if (auto kept = keep(event, success); !kept) return kept;
    // An imported line tells of an enumeration whose entries the log does not have.
    if (success->payload.manifest != 0) history.enumerated = std::move(success);
    return {};
  }

  std::vector<Recorded<events::CopySuccess>> copies_;
};

}  // namespace

Result<History> read_history(const events::Log& log, const events::MediumId& medium) {
  auto collected = collect_medium(log, medium);
  if (!collected) {
    return std::move(collected).error().within("reading the history of " + medium.text);
  }
  Folder folder;
  for (const Placed& placed : in_order(*collected)) {
    if (auto taken = folder.take(*placed.event, placed.retracted); !taken) {
      return std::move(taken).error().within("reading the history of " + medium.text);
    }
  }
  return folder.finish(collected->manifest_entries);
}

}  // namespace ntt::stages
