// Choosing an index and walking it.

#include "events/rocks_query.h"

#include <fnmatch.h>

#include <algorithm>

#include "events/bytes.h"

namespace ntt::events {

namespace {

enum class Next { go_on, stop };

bool is_plain(std::string_view glob) {
  return glob.find_first_of("*?[\\") == glob.npos;
}

bool matches_type(const Filter& filter, const std::string& type) {
  return filter.type_glob.empty() || fnmatch(filter.type_glob.c_str(), type.c_str(), 0) == 0;
}

bool matches(const Filter& filter, const Event& event) {
  return (!filter.medium || event.medium == *filter.medium) && matches_type(filter, event.type) &&
         (!filter.run || event.run == *filter.run) &&
         (!filter.origin || event.origin == *filter.origin) &&
         (!filter.occurred_from || event.occurred_at >= *filter.occurred_from) &&
         (!filter.occurred_until || event.occurred_at < *filter.occurred_until);
}

class Scan {
 public:
  Scan(const RocksStore& store, const Filter& filter,
       const std::function<bool(const Event&)>& visit)
      : store_(store), filter_(filter), visit_(visit) {}

  Status run() {
    if (filter_.medium) return by_prefix(Family::by_medium, medium_prefix(*filter_.medium));
    if (!filter_.type_glob.empty()) return by_type();
    if (filter_.run) return by_prefix(Family::by_run, run_prefix(*filter_.run));
    if (filter_.occurred_from || filter_.occurred_until) return by_time();
    return by_sequence();
  }

 private:
  // Reads the event and shows it if it matches.
  Result<Next> show(Sequence seq) {
    auto event = store_.event(seq);
    if (!event) return std::move(event).error();
    if (!matches(filter_, *event)) return Next::go_on;
    return visit_(*event) ? Next::go_on : Next::stop;
  }

  // Keys of one prefix, which end in the sequence number. by_medium's values are the types, which
  // saves reading the events of others.
  Status by_prefix(Family family, const std::string& prefix) {
    auto it = store_.iterate(family);
    for (it->Seek(prefix + sequence_key(filter_.first)); it->Valid(); it->Next()) {
      const std::string_view key = it->key().ToStringView();
      const Sequence seq = sequence_at_end_of(key);
      if (key.substr(0, prefix.size()) != prefix || seq > filter_.last) break;
      if (family == Family::by_medium && !matches_type(filter_, it->value().ToString())) continue;
      const auto next = show(seq);
      if (!next) return next.error();
      if (*next == Next::stop) return {};
    }
    return iterator_status(*it);
  }

  // A type by its prefix; a glob by the sorted positions of all types that match it.
  Status by_type() {
    if (is_plain(filter_.type_glob)) {
      return by_prefix(Family::by_type, type_prefix(filter_.type_glob));
    }
    auto it = store_.iterate(Family::by_type);
    std::vector<Sequence> found;
    for (it->SeekToFirst(); it->Valid();) {
      const std::string_view key = it->key().ToStringView();
      const std::string type(key.substr(0, key.find('\0')));
      if (!matches_type(filter_, type)) {
        it->Seek(type + '\x01');
        continue;
      }
      found.push_back(sequence_at_end_of(key));
      it->Next();
    }
    if (auto status = iterator_status(*it); !status) return status;
    return show_all(std::move(found));
  }

  Status by_time() {
    auto it = store_.iterate(Family::by_time);
    std::vector<Sequence> found;
    const Timestamp from = filter_.occurred_from.value_or(Timestamp{INT64_MIN});
    for (it->Seek(time_key(from, {})); it->Valid(); it->Next()) {
      const std::string_view key = it->key().ToStringView();
      if (filter_.occurred_until && time_of_key(key) >= *filter_.occurred_until) break;
      found.push_back(sequence_at_end_of(key));
    }
    if (auto status = iterator_status(*it); !status) return status;
    return show_all(std::move(found));
  }

  Status show_all(std::vector<Sequence> found) {
    std::sort(found.begin(), found.end());
    for (const Sequence seq : found) {
      if (seq < filter_.first || seq > filter_.last) continue;
      const auto next = show(seq);
      if (!next) return next.error();
      if (*next == Next::stop) return {};
    }
    return {};
  }

  Status by_sequence() {
    auto it = store_.iterate(Family::events);
    for (it->Seek(sequence_key(filter_.first)); it->Valid(); it->Next()) {
      const Sequence seq = sequence_at_end_of(it->key().ToStringView());
      if (seq > filter_.last) break;
      auto record = decode_record(it->value().ToStringView());
      if (!record) return std::move(record).error().within("event " + std::to_string(seq.value));
      auto event = event_from_record(seq, std::move(*record));
      if (!event) return std::move(event).error();
      if (matches(filter_, *event) && !visit_(*event)) return {};
    }
    return iterator_status(*it);
  }

  static Status iterator_status(const rocksdb::Iterator& it) {
    if (!it.status().ok()) return to_error(it.status(), "read the log");
    return {};
  }

  const RocksStore& store_;
  const Filter& filter_;
  const std::function<bool(const Event&)>& visit_;
};

}  // namespace

Status scan_store(const RocksStore& store, const Filter& filter,
                  const std::function<bool(const Event&)>& visit) {
  return Scan(store, filter, visit).run();
}

Result<Sequence> last_of_medium(const RocksStore& store, const MediumId& medium) {
  const std::string prefix = medium_prefix(medium);
  auto it = store.iterate(Family::by_medium);
  it->SeekForPrev(prefix + sequence_key({UINT64_MAX}));
  if (!it->status().ok()) return to_error(it->status(), "read the log");
  if (!it->Valid() || it->key().ToStringView().substr(0, prefix.size()) != prefix) {
    return Sequence{};
  }
  return sequence_at_end_of(it->key().ToStringView());
}

}  // namespace ntt::events
