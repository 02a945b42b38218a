// RocksStore: the RocksDB database under a log: its column families, its keys, its options.
//
// Only the rocks_*.cc files include this header. Any thread may read; one writes.
// Keys and values: see FORMAT.md, "Column families".

#pragma once

#include <rocksdb/db.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "events/envelope.h"
#include "events/log.h"
#include "events/merkle.h"
#include "events/posting_list.h"

namespace ntt::events {

enum class Family : std::size_t {  // position in RocksStore's handle list
  fallback,                        // RocksDB's obligatory "default": empty
  events,
  attachments,
  by_medium,
  by_type,
  by_time,
  by_run,
  ids,
  tree,
  meta,
};

// The families of posting lists.
inline constexpr Family kPostingFamilies[] = {Family::by_medium, Family::by_type, Family::by_run};

// Keys. Those of indexes end in an event's sequence number, big-endian, so that they sort by it.
std::string sequence_key(Sequence seq);
std::string medium_prefix(const MediumId& medium);
std::string type_prefix(std::string_view type);
std::string time_key(Timestamp occurred_at, Sequence seq);
std::string run_prefix(const RunId& run);
std::string tree_key(unsigned level, std::uint64_t index);
// What a posting family knows an event by, what the keys of a term begin with, and the label of the
// event's list.
std::string_view posting_term(Family family, const Envelope& envelope);
std::string posting_prefix(Family family, std::string_view term);
std::string_view posting_label(Family family, const Envelope& envelope);

Sequence sequence_at_end_of(std::string_view key);
TimedEvent timed_event_of_key(std::string_view key);  // the inverse of time_key

// Of all that a log's database holds. In format 1 every key stands for one event or node; such a
// log is read as it is, and has this format from the first time that it is opened for writing.
inline constexpr const char* kLogFormat = "2";
inline constexpr const char* kLogFormatBefore = "1";

// What meta/"head" holds.
std::string encode_head(const Head& head);
Result<Head> decode_head(std::string_view bytes);

// Neighbours on one level of the tree, stored together.
struct TreeSpan {
  std::uint64_t first = 0;  // index of the first
  std::string hashes;

  [[nodiscard]] std::size_t size() const { return hashes.size() / Sha256Digest::kSize; }
  // Nothing where the span does not have it.
  [[nodiscard]] std::optional<Sha256Digest> at(std::uint64_t index) const;
};

// The span that has this node. `it` is one of Family::tree.
Result<TreeSpan> tree_span_at(rocksdb::Iterator& it, unsigned level, std::uint64_t index);

Error to_error(const rocksdb::Status& status, std::string_view what);

class RocksStore {
 public:
  static Result<std::unique_ptr<RocksStore>> open_for_writing(const std::filesystem::path& path);
  // Follows a database that another process may be writing; catch_up() makes new events visible.
  static Result<std::unique_ptr<RocksStore>> open_for_reading(const std::filesystem::path& path);
  ~RocksStore();
  RocksStore(const RocksStore&) = delete;
  RocksStore& operator=(const RocksStore&) = delete;

  Status catch_up();

  // nullopt when there is no such key.
  [[nodiscard]] Result<std::optional<std::string>> get(Family family, std::string_view key) const;
  // Of many keys, which are sorted: the value of each.
  [[nodiscard]] Result<std::vector<std::optional<std::string>>> get_sorted(
      Family family, std::span<const std::string_view> keys) const;
  [[nodiscard]] std::unique_ptr<rocksdb::Iterator> iterate(Family family) const;

  void put(rocksdb::WriteBatch& batch, Family family, std::string_view key,
           std::string_view value) const;
  Status write_synced(rocksdb::WriteBatch& batch);
  // Moves what is in memory and in the write-ahead log into sorted tables. RocksDB does so by
  // itself when there is enough of it.
  Status write_tables();

  [[nodiscard]] Result<Head> head() const;
  [[nodiscard]] Result<Sha256Digest> tree_node(unsigned level, std::uint64_t index) const;
  [[nodiscard]] Result<std::string> attachment(Sequence seq) const;
  [[nodiscard]] Result<std::string> log_id() const;

 private:
  RocksStore() = default;
  [[nodiscard]] Status check_format() const;
  Status prepare_for(std::size_t batch_bytes);
  [[nodiscard]] std::uint64_t bytes_in_memory() const;  // not yet in sorted tables
  [[nodiscard]] rocksdb::ColumnFamilyHandle* handle(Family family) const {
    return handles_[static_cast<std::size_t>(family)];
  }

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  bool in_bulk_ = false;                  // the last batch was large
  std::filesystem::path secondary_path_;  // where a reader's database keeps its own info log
};

// A record taken apart into the event that readers see. Errc::corruption names `seq`.
Result<Event> event_from_record(Sequence seq, Record record);

}  // namespace ntt::events
