// RocksStore: the RocksDB database under a log: its column families, its keys, its options.
//
// Only the rocks_*.cc files include this header. Any thread may read; one writes.
// Keys and values: see FORMAT.md, "Column families".

#pragma once

#include <rocksdb/db.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "events/envelope.h"
#include "events/log.h"
#include "events/merkle.h"

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

// The families that point at events, each with one key an event.
inline constexpr Family kIndexFamilies[] = {Family::by_medium, Family::by_type, Family::by_time,
                                            Family::by_run, Family::ids};

// Keys. Index keys end in the event's sequence number, big-endian, so that they sort by it.
std::string sequence_key(Sequence seq);
std::string medium_prefix(const MediumId& medium);
std::string type_prefix(std::string_view type);
std::string time_key(Timestamp occurred_at, Sequence seq);
std::string run_prefix(const RunId& run);
std::string tree_key(unsigned level, std::uint64_t index);
// The key that stands for `envelope` in an index family, and what the index holds under it.
std::string index_key(Family family, const Envelope& envelope);
std::string index_value(Family family, const Envelope& envelope);

Sequence sequence_at_end_of(std::string_view key);
Timestamp time_of_key(std::string_view key);

inline constexpr const char* kLogFormat = "1";  // of all that a log's database holds

// What meta/"head" holds.
std::string encode_head(const Head& head);
Result<Head> decode_head(std::string_view bytes);

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
  [[nodiscard]] std::unique_ptr<rocksdb::Iterator> iterate(Family family) const;

  void put(rocksdb::WriteBatch& batch, Family family, std::string_view key,
           std::string_view value) const;
  Status write_synced(rocksdb::WriteBatch& batch);
  // Moves what is in memory and in the write-ahead log into sorted tables. RocksDB does so by
  // itself when there is enough of it.
  Status write_tables();

  [[nodiscard]] Result<Head> head() const;
  [[nodiscard]] Result<Sha256Digest> tree_node(unsigned level, std::uint64_t index) const;
  [[nodiscard]] Result<Record> record(Sequence seq) const;
  [[nodiscard]] Result<Event> event(Sequence seq) const;
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
