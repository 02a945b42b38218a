// Choosing indexes and walking what they have in common.

#include "events/rocks_query.h"

#include <fnmatch.h>

#include <algorithm>

#include "events/limits.h"
#include "events/posting_list.h"
#include "events/rocks_positions.h"
#include "events/rocks_records.h"

namespace ntt::events {

namespace {

enum class Next { go_on, stop };

// Times of occurrence are keys in another order than the log's: to be visited in the log's, their
// positions have to be held and sorted. At most so many (8 MB); beyond, their range is read.
constexpr std::size_t kTimePositionsMax = std::size_t{1} << 20U;
// So many are looked at to learn whether time is narrow where another index serves as well.
constexpr std::uint64_t kTimesBesideAnotherIndex = 8192;

bool is_plain(std::string_view glob) {
  return glob.find_first_of("*?[\\") == glob.npos;
}

bool matches_type(const Filter& filter, const std::string& type) {
  if (!filter.batches && type.ends_with("_batch")) return false;
  return (filter.types.empty() ||
          std::find(filter.types.begin(), filter.types.end(), type) != filter.types.end()) &&
         (filter.type_glob.empty() || fnmatch(filter.type_glob.c_str(), type.c_str(), 0) == 0);
}

// Whether the filter says which types it wants, rather than what they look like.
bool names_types(const Filter& filter) {
  return !filter.types.empty() || (!filter.type_glob.empty() && is_plain(filter.type_glob));
}

bool matches(const Filter& filter, const Event& event) {
  return (!filter.id || event.id == *filter.id) &&
         (!filter.medium || event.medium == *filter.medium) && matches_type(filter, event.type) &&
         (!filter.run || event.run == *filter.run) &&
         (!filter.origin || event.origin == *filter.origin) &&
         (!filter.occurred_from || event.occurred_at >= *filter.occurred_from) &&
         (!filter.occurred_until || event.occurred_at < *filter.occurred_until) &&
         (!filter.recorded_from || event.recorded_at >= *filter.recorded_from) &&
         (!filter.recorded_until || event.recorded_at < *filter.recorded_until);
}

class Scan {
 public:
  Scan(const RocksStore& store, const Filter& filter,
       const std::function<bool(const Event&)>& visit)
      : store_(store),
        filter_(filter),
        visit_(visit),
        first_(std::max(filter.first, Sequence{1})),
        last_(filter.last),
        records_(store) {}

  Status run() {
    if (auto status = end_at_the_log(); !status) return status;
    if (auto status = turn_recorded_into_range(); !status) return status;
    if (first_ > last_) return {};
    if (filter_.id) {
      if (auto status = add_id(); !status) return status;
    }
    if (filter_.medium) add_medium();
    if (filter_.run) {
      indexes_.push_back(prefix_positions(store_, Family::by_run, run_prefix(*filter_.run), {}));
    }
    if (auto status = add_types(); !status) return status;
    if (auto status = add_time(); !status) return status;
    return indexes_.empty() ? by_sequence() : by_indexes();
  }

 private:
  Status end_at_the_log() {
    auto end = records_.last();
    if (!end) return std::move(end).error();
    last_ = std::min(last_, *end);
    return {};
  }

  // The first event in first_..last_ that was recorded at or after `time`; last_ + 1 if none.
  Result<Sequence> first_recorded(Timestamp time) {
    std::uint64_t low = first_.value;
    std::uint64_t high = last_.value + 1;
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      auto event = records_.event({middle});
      if (!event) return std::move(event).error();
      if (event->recorded_at < time) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return Sequence{low};
  }

  Status turn_recorded_into_range() {
    if (filter_.recorded_from && first_ <= last_) {
      auto first = first_recorded(*filter_.recorded_from);
      if (!first) return std::move(first).error();
      first_ = *first;
    }
    if (filter_.recorded_until && first_ <= last_) {
      auto end = first_recorded(*filter_.recorded_until);
      if (!end) return std::move(end).error();
      last_ = {end->value - 1};
    }
    return {};
  }

  // The labels of this index are the types: of a few events, those of other types are passed over
  // more quickly than their types' indexes are opened. A type that is named has one index.
  void add_medium() {
    LabelCondition is_wanted;
    if (!names_types(filter_)) {
      is_wanted = [this](std::string_view type) {
        return matches_type(filter_, std::string(type));
      };
    }
    indexes_.push_back(prefix_positions(store_, Family::by_medium, medium_prefix(*filter_.medium),
                                        std::move(is_wanted)));
  }

  Status add_id() {
    auto stored = store_.get(Family::ids, filter_.id->view());
    if (!stored) return std::move(stored).error();
    std::vector<Sequence> found;
    if (*stored) found.push_back(sequence_at_end_of(**stored));
    indexes_.push_back(listed_positions(std::move(found)));
    return {};
  }

  // The types of the log that the filter wants, found by one seek a type. `all`: it wants all.
  Status find_types(std::vector<std::string>& wanted, bool& all) {
    auto it = store_.iterate(Family::by_type);
    for (it->SeekToFirst(); it->Valid();) {
      const std::string_view key = it->key().ToStringView();
      const std::string type(key.substr(0, key.find('\0')));
      if (matches_type(filter_, type)) {
        wanted.push_back(type);
      } else {
        all = false;
      }
      it->Seek(type + '\x01');
    }
    return iterator_status(*it);
  }

  Status add_types() {
    std::vector<std::string> wanted = filter_.types;
    if (names_types(filter_)) {
      if (wanted.empty()) wanted = {filter_.type_glob};
    } else {
      if (filter_.medium || (filter_.type_glob.empty() && filter_.batches)) return {};
      bool all = true;
      if (auto status = find_types(wanted, all); !status) return status;
      if (all) return {};  // such an index would not narrow anything
    }
    std::vector<std::unique_ptr<Positions>> parts;
    for (const std::string& type : wanted) {
      if (!matches_type(filter_, type)) continue;
      parts.push_back(prefix_positions(store_, Family::by_type, type_prefix(type), {}));
    }
    indexes_.push_back(any_positions(std::move(parts)));
    return {};
  }

  // Stops when more events lie in the time than it would take to look at the events themselves.
  Status add_time() {
    if (!filter_.occurred_from && !filter_.occurred_until) return {};
    const std::uint64_t span = last_.value - first_.value + 1;
    const std::uint64_t looked_at_max =
        indexes_.empty() ? span : std::min(span, kTimesBesideAnotherIndex);
    auto it = store_.iterate(Family::by_time);
    std::vector<Sequence> found;
    std::uint64_t looked_at = 0;
    std::uint64_t count = 0;
    Sequence lowest{UINT64_MAX};
    Sequence highest;
    const Timestamp from = filter_.occurred_from.value_or(Timestamp{INT64_MIN + kTimeSpanMax});
    // A list that begins so much earlier may reach into the time.
    const Timestamp earliest{std::max(from.micros, INT64_MIN + kTimeSpanMax) - kTimeSpanMax};
    for (it->Seek(time_key(earliest, {})); it->Valid(); it->Next()) {
      const TimedEvent first = timed_event_of_key(it->key().ToStringView());
      if (filter_.occurred_until && first.occurred_at >= *filter_.occurred_until) break;
      auto events = decode_times(first, it->value().ToStringView());
      if (!events) return std::move(events).error();
      looked_at += events->size();
      if (looked_at > looked_at_max) return {};
      for (const auto& [occurred_at, seq] : *events) {
        if (occurred_at < from || seq < first_ || seq > last_) continue;
        if (filter_.occurred_until && occurred_at >= *filter_.occurred_until) continue;
        lowest = std::min(lowest, seq);
        highest = std::max(highest, seq);
        if (++count <= kTimePositionsMax) found.push_back(seq);
      }
    }
    if (auto status = iterator_status(*it); !status) return status;
    first_ = std::max(first_, lowest);
    last_ = std::min(last_, highest);
    if (count > kTimePositionsMax) return {};
    std::sort(found.begin(), found.end());
    indexes_.push_back(listed_positions(std::move(found)));
    return {};
  }

  // Reads the event and shows it if it matches.
  Result<Next> show(Sequence seq) {
    auto event = records_.event(seq);
    if (!event) return std::move(event).error();
    if (!matches(filter_, *event)) return Next::go_on;
    return visit_(*event) ? Next::go_on : Next::stop;
  }

  Status by_indexes() {
    for (Sequence candidate = first_; candidate <= last_;) {
      const Sequence before = candidate;
      for (const auto& index : indexes_) {
        const auto at = index->at_or_after(candidate);
        if (!at) return index->status();
        candidate = *at;
      }
      // All of them have it only if none moved it on after another had been asked.
      if (candidate != before && indexes_.size() > 1) continue;
      if (candidate > last_) break;
      const auto next = show(candidate);
      if (!next) return next.error();
      if (*next == Next::stop) return {};
      candidate = candidate.next();
    }
    return {};
  }

  Status by_sequence() {
    for (Sequence seq = first_; seq <= last_; seq = seq.next()) {
      const auto next = show(seq);
      if (!next) return next.error();
      if (*next == Next::stop) break;
    }
    return {};
  }

  const RocksStore& store_;
  const Filter& filter_;
  const std::function<bool(const Event&)>& visit_;
  Sequence first_;
  Sequence last_;
  StoredRecords records_;
  std::vector<std::unique_ptr<Positions>> indexes_;
};

}  // namespace

Status scan_store(const RocksStore& store, const Filter& filter,
                  const std::function<bool(const Event&)>& visit) {
  return Scan(store, filter, visit).run();
}

Result<std::vector<MediumId>> media_in_store(const RocksStore& store, const std::string& prefix) {
  std::vector<MediumId> media;
  auto it = store.iterate(Family::by_medium);
  for (it->Seek(prefix); it->Valid();) {
    const std::string_view key = it->key().ToStringView();
    if (key.substr(0, prefix.size()) != prefix) break;
    const std::string_view name = key.substr(0, key.find('\0'));
    if (!name.empty()) media.push_back({std::string(name)});
    it->Seek(std::string(name) + '\x01');  // behind every key of this medium
  }
  if (!it->status().ok()) return to_error(it->status(), "read the log");
  return media;
}

Result<Sequence> last_of_medium(const RocksStore& store, const MediumId& medium) {
  const std::string prefix = medium_prefix(medium);
  auto it = store.iterate(Family::by_medium);
  it->SeekForPrev(prefix + sequence_key({UINT64_MAX}));
  if (!it->status().ok()) return to_error(it->status(), "read the log");
  if (!it->Valid() || it->key().ToStringView().substr(0, prefix.size()) != prefix) {
    return Sequence{};
  }
  auto list =
      decode_postings(sequence_at_end_of(it->key().ToStringView()), it->value().ToStringView());
  if (!list) return std::move(list).error();
  return list->events.back();
}

}  // namespace ntt::events
