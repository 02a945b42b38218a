// Options, keys and single reads of the RocksDB database under a log.

#include "events/rocks_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "events/bytes.h"
#include "events/limits.h"

namespace ntt::events {

namespace {

constexpr const char* kFamilyNames[] = {  // part of the format, in the order of Family
    "default", "events", "attachments", "by_medium", "by_type",
    "by_time", "by_run", "ids",         "tree",      "meta"};
constexpr std::size_t kReaderOpenTries = 20;
constexpr std::size_t kWriteBufferBytes = 16U << 20U;
constexpr std::size_t kIdsBufferBytes = 4U << 20U;
// Every opening reads the write-ahead logs, at some 50 ms a megabyte. A writer that ends leaves
// less than the first of these; one that is at work, or was killed, the second, and while large
// batches come (an import) the third.
constexpr std::uint64_t kLeftInMemoryBytesMax = 256U << 10U;
constexpr std::uint64_t kWriteAheadBytesMax = 4U << 20U;
constexpr std::uint64_t kBulkWriteAheadBytesMax = 64U << 20U;
constexpr std::size_t kBulkBatchBytes = 512U << 10U;
constexpr std::size_t kManifestBytesMax = 64U << 10U;
constexpr std::size_t kReaderCacheBytes = 64U << 20U;

rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

rocksdb::CompressionType supported_compression(rocksdb::CompressionType best) {
  const auto supported = rocksdb::GetSupportedCompressions();
  const auto has = [&](rocksdb::CompressionType type) {
    return std::find(supported.begin(), supported.end(), type) != supported.end();
  };
  if (has(best)) return best;
  return has(rocksdb::kLZ4Compression) ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

rocksdb::CompressionType compression_of(Family family) {
  switch (family) {
    case Family::ids:
    case Family::tree:         // digests and random ids do not get smaller
    case Family::attachments:  // they come compressed
      return rocksdb::kNoCompression;
    case Family::events:  // packs come compressed, and single ones are few: this soon passes over
                          // them
      return supported_compression(rocksdb::kLZ4Compression);
    default:
      return supported_compression(rocksdb::kZSTD);
  }
}

rocksdb::DBOptions database_options() {
  rocksdb::DBOptions options;
  options.paranoid_checks = true;
  // A record cut off at the end of the write-ahead log was never acknowledged; damage before the
  // end fails the open. What a lost tail could hide, the head file shows.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  // Opening writes no tables: a short run costs no more syncs than its events. The write-ahead logs
  // stay until the memory tables are full.
  options.avoid_flush_during_recovery = true;
  options.max_open_files = -1;  // a reader keeps the files that the writer may delete meanwhile
  options.keep_log_file_num = 4;
  options.db_write_buffer_size = 4 * kWriteBufferBytes;
  options.max_total_wal_size = kWriteAheadBytesMax;
  // So is the list of all tables there ever were since it was last begun anew.
  options.max_manifest_file_size = kManifestBytesMax;
  options.skip_stats_update_on_db_open = true;  // they would be read from every table
  // More threads than this one are started anew for every step of opening, which takes longer than
  // what they do.
  options.max_file_opening_threads = 1;
  options.max_background_jobs = 2;
  return options;
}

// `reader_cache`: of a reader, shared by the families; null for the writer.
rocksdb::ColumnFamilyOptions family_options(Family family,
                                            const std::shared_ptr<rocksdb::Cache>& reader_cache) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = kWriteBufferBytes;
  options.compression = compression_of(family);
  rocksdb::BlockBasedTableOptions table;
  table.format_version = 5;
  table.checksum = rocksdb::kCRC32c;
  table.block_size = 16U << 10U;
  // A reader often asks for a few events of a large log and ends: it reads the indexes of those
  // tables only that it needs.
  table.cache_index_and_filter_blocks = reader_cache != nullptr;
  table.block_cache = reader_cache;  // null: RocksDB's default
  if (family == Family::ids) {
    // Every append asks for ids that are nearly always new.
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    options.memtable_whole_key_filtering = true;
    options.memtable_prefix_bloom_size_ratio = 0.02;
    // Random keys find their place sooner in a table that the processor's cache holds.
    options.write_buffer_size = kIdsBufferBytes;
    options.level0_file_num_compaction_trigger = 8;  // its tables are small
  }
  // Keys rise within a level of the tree, within a medium whose id has its usual length, and, for
  // the ids of one append, within a first byte.
  const std::size_t rising = family == Family::tree || family == Family::ids ? 1
                             : family == Family::by_medium                   ? 33
                                                                             : 0;
  if (rising > 0) {
    options.memtable_insert_with_hint_prefix_extractor.reset(
        rocksdb::NewFixedPrefixTransform(rising));
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  // Keys that only rise never overlap, so levelled compaction would leave every small table as it
  // was written, and opening a log of ten million events would open thousands. This style merges
  // them; the bytes are written about five times for that.
  options.compaction_style = rocksdb::kCompactionStyleUniversal;
  if (family == Family::attachments) {
    // No blob files: RocksDB 7.8's follower reads freed memory when it fetches from one. At some
    // seven bytes a directory entry the values are small enough to be merged with their tables.
    options.enable_blob_files = false;
  }
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(
    const std::shared_ptr<rocksdb::Cache>& reader_cache) {
  std::vector<rocksdb::ColumnFamilyDescriptor> out;
  for (std::size_t i = 0; i < std::size(kFamilyNames); ++i) {
    out.emplace_back(kFamilyNames[i], family_options(static_cast<Family>(i), reader_cache));
  }
  return out;
}

void append_time(std::string& out, Timestamp time) {
  append_be64(out, static_cast<std::uint64_t>(time.micros) ^ (1ULL << 63U));  // sorts signed
}

}  // namespace

std::string sequence_key(Sequence seq) {
  std::string key;
  append_be64(key, seq.value);
  return key;
}

std::string medium_prefix(const MediumId& medium) {
  return posting_prefix(Family::by_medium, medium.text);
}

std::string type_prefix(std::string_view type) {
  return posting_prefix(Family::by_type, type);
}

std::string time_key(Timestamp occurred_at, Sequence seq) {
  std::string key;
  append_time(key, occurred_at);
  append_be64(key, seq.value);
  return key;
}

std::string run_prefix(const RunId& run) {
  return posting_prefix(Family::by_run, run.view());
}

std::string tree_key(unsigned level, std::uint64_t index) {
  std::string key;
  append_u8(key, static_cast<std::uint8_t>(level));
  append_be64(key, index);
  return key;
}

std::string_view posting_term(Family family, const Envelope& envelope) {
  switch (family) {
    case Family::by_medium:
      return envelope.medium.text;
    case Family::by_type:
      return envelope.type;
    case Family::by_run:
      return envelope.run.view();
    default:
      break;
  }
  CHECK(false && "not a family of posting lists");
}

std::string posting_prefix(Family family, std::string_view term) {
  return std::string(term).append(family == Family::by_run ? 0 : 1, '\0');  // runs have one length
}

std::string_view posting_label(Family family, const Envelope& envelope) {
  return family == Family::by_medium ? std::string_view(envelope.type) : std::string_view();
}

std::optional<Sha256Digest> TreeSpan::at(std::uint64_t index) const {
  if (index < first || index - first >= size()) return std::nullopt;
  return Sha256Digest::from_bytes(
      std::string_view(hashes).substr((index - first) * Sha256Digest::kSize, Sha256Digest::kSize));
}

Sequence sequence_at_end_of(std::string_view key) {
  if (key.size() < 8) return {};
  ByteReader reader(key.substr(key.size() - 8));
  return {reader.be64()};
}

TimedEvent timed_event_of_key(std::string_view key) {
  ByteReader reader(key);
  const Timestamp time{static_cast<std::int64_t>(reader.be64() ^ (1ULL << 63U))};
  return {time, sequence_at_end_of(key)};
}

Result<TreeSpan> tree_span_at(rocksdb::Iterator& it, unsigned level, std::uint64_t index) {
  const std::string sought = tree_key(level, index);
  it.SeekForPrev(sought);
  if (!it.status().ok()) return to_error(it.status(), "read the tree");
  TreeSpan span;
  if (it.Valid() && it.key().ToStringView().substr(0, 1) == std::string_view(sought).substr(0, 1)) {
    span = {sequence_at_end_of(it.key().ToStringView()).value, it.value().ToString()};
  }
  if (!span.at(index)) {
    return Error{Errc::corruption, "tree node " + std::to_string(level) + "/" +
                                       std::to_string(index) + " is missing or damaged"};
  }
  return span;
}

std::string encode_head(const Head& head) {
  std::string out = sequence_key(head.seq);
  out += head.envelope_hash.view();
  out += head.root.view();
  return out;
}

Result<Head> decode_head(std::string_view bytes) {
  ByteReader reader(bytes);
  Head head;
  head.seq.value = reader.be64();
  head.envelope_hash = Sha256Digest::from_bytes(reader.take(32)).value_or(Sha256Digest{});
  head.root = Sha256Digest::from_bytes(reader.take(32)).value_or(Sha256Digest{});
  if (!reader.at_end()) return Error{Errc::corruption, "the stored head does not decode"};
  return head;
}

Error to_error(const rocksdb::Status& status, std::string_view what) {
  const std::string message = std::string(what) + ": " + status.ToString();
  if (status.IsNotFound()) return {Errc::not_found, message};
  if (status.IsCorruption()) return {Errc::corruption, message};
  return {Errc::io, message};
}

Result<std::unique_ptr<RocksStore>> RocksStore::open_for_writing(
    const std::filesystem::path& path) {
  rocksdb::Options options(database_options(), rocksdb::ColumnFamilyOptions());
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  std::unique_ptr<RocksStore> store(new RocksStore());
  rocksdb::DB* db = nullptr;
  const auto status =
      rocksdb::DB::Open(options, path.string(), family_descriptors(nullptr), &store->handles_, &db);
  if (!status.ok()) return to_error(status, "open the log's database in " + path.string());
  store->db_.reset(db);
  if (auto known = store->check_format(); !known) return std::move(known).error();
  return store;
}

Status RocksStore::check_format() const {
  auto format = get(Family::meta, "format");
  if (!format) return std::move(format).error();
  if (!*format || **format == kLogFormat || **format == kLogFormatBefore) return {};
  return Error{Errc::invalid, "the log has format " + **format +
                                  ", which this program does not know: use a newer ntt"};
}

Result<std::unique_ptr<RocksStore>> RocksStore::open_for_reading(
    const std::filesystem::path& path) {
  std::error_code missing;
  if (!std::filesystem::exists(path / "CURRENT", missing)) {
    if (missing) {
      return Error{Errc::io, "the log in " + path.string() + " cannot be opened: " +
                                 missing.message() + "; is this user allowed to read it?"};
    }
    return Error{Errc::not_found, "there is no log in " + path.string()};
  }
  std::string secondary = (std::filesystem::temp_directory_path(missing) / "ntt-reader-XXXXXX");
  if (::mkdtemp(secondary.data()) == nullptr) return errno_error("make " + secondary, errno);
  std::unique_ptr<RocksStore> store(new RocksStore());
  store->secondary_path_ = secondary;
  rocksdb::Options options(database_options(), rocksdb::ColumnFamilyOptions());
  const auto cache = rocksdb::NewLRUCache(kReaderCacheBytes);
  // Sizes are not asked of every table: what is read is checked when it is read.
  options.skip_checking_sst_file_sizes_on_db_open = true;
  // The writer may delete a file between our reading of its name and our opening of it; then the
  // names are old, and reading them again gives the new ones.
  rocksdb::Status status;
  for (std::size_t attempt = 0; attempt < kReaderOpenTries; ++attempt) {
    rocksdb::DB* db = nullptr;
    status = rocksdb::DB::OpenAsSecondary(options, path.string(), secondary,
                                          family_descriptors(cache), &store->handles_, &db);
    if (status.ok()) {
      store->db_.reset(db);
      if (auto known = store->check_format(); !known) return std::move(known).error();
      return store;
    }
    store->handles_.clear();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (status.IsInvalidArgument() && status.ToString().find("olumn family") != std::string::npos) {
    return Error{Errc::not_found, "the log in " + path.string() +
                                      " was never made to the end: whoever made it was "
                                      "interrupted, or is at it"};
  }
  return to_error(status, "open the log's database in " + path.string() + " for reading");
}

RocksStore::~RocksStore() {
  if (db_) {
    // A failure costs the next opening time and no event.
    if (secondary_path_.empty() && bytes_in_memory() > kLeftInMemoryBytesMax) {
      (void)write_tables().has_value();
    }
    for (auto* handle : handles_) db_->DestroyColumnFamilyHandle(handle);
    db_->Close().PermitUncheckedError();
    db_.reset();
  }
  if (!secondary_path_.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(secondary_path_, ignored);
  }
}

std::uint64_t RocksStore::bytes_in_memory() const {
  std::uint64_t total = 0;
  for (auto* handle : handles_) {
    std::uint64_t bytes = 0;
    if (db_->GetIntProperty(handle, rocksdb::DB::Properties::kCurSizeActiveMemTable, &bytes)) {
      total += bytes;
    }
  }
  return total;
}

Status RocksStore::catch_up() {
  if (secondary_path_.empty()) return {};
  const auto status = db_->TryCatchUpWithPrimary();
  if (!status.ok()) return to_error(status, "follow the log");
  return {};
}

Result<std::optional<std::string>> RocksStore::get(Family family, std::string_view key) const {
  std::string value;
  const auto status = db_->Get(rocksdb::ReadOptions(), handle(family), slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>{};
  if (!status.ok()) return to_error(status, "read the log");
  return std::optional(std::move(value));
}

Result<std::vector<std::optional<std::string>>> RocksStore::get_sorted(
    Family family, std::span<const std::string_view> keys) const {
  constexpr std::size_t kAtOnce = 1024;
  std::vector<std::optional<std::string>> out(keys.size());
  std::vector<rocksdb::Slice> slices(kAtOnce);
  std::vector<rocksdb::PinnableSlice> values(kAtOnce);
  std::vector<rocksdb::Status> found(kAtOnce);
  for (std::size_t begin = 0; begin < keys.size(); begin += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, keys.size() - begin);
    for (std::size_t i = 0; i < count; ++i) slices[i] = slice(keys[begin + i]);
    constexpr bool kSorted = true;
    db_->MultiGet(rocksdb::ReadOptions(), handle(family), count, slices.data(), values.data(),
                  found.data(), kSorted);
    for (std::size_t i = 0; i < count; ++i) {
      if (found[i].ok()) {
        out[begin + i] = values[i].ToString();
      } else if (!found[i].IsNotFound()) {
        return to_error(found[i], "read the log");
      }
      values[i].Reset();
    }
  }
  return out;
}

std::unique_ptr<rocksdb::Iterator> RocksStore::iterate(Family family) const {
  return std::unique_ptr<rocksdb::Iterator>(
      db_->NewIterator(rocksdb::ReadOptions(), handle(family)));
}

void RocksStore::put(rocksdb::WriteBatch& batch, Family family, std::string_view key,
                     std::string_view value) const {
  batch.Put(handle(family), slice(key), slice(value)).PermitUncheckedError();
}

Status RocksStore::write_synced(rocksdb::WriteBatch& batch) {
  if (auto ready = prepare_for(batch.GetDataSize()); !ready) return ready;
  rocksdb::WriteOptions options;
  options.sync = true;
  options.protection_bytes_per_key = 8;
  const auto status = db_->Write(options, &batch);
  if (!status.ok()) return to_error(status, "append to the log");
  return {};
}

// While large batches come (an import), tables are written less often, and larger; else every few
// thousand events would make tables in ten families, to be merged again at once.
Status RocksStore::prepare_for(std::size_t batch_bytes) {
  const bool is_bulk = batch_bytes >= kBulkBatchBytes;
  if (is_bulk == in_bulk_) return {};
  const auto status =
      db_->SetDBOptions({{"max_total_wal_size", std::to_string(is_bulk ? kBulkWriteAheadBytesMax
                                                                       : kWriteAheadBytesMax)}});
  if (!status.ok()) return to_error(status, "set the size of the write-ahead log");
  in_bulk_ = is_bulk;
  return {};
}

Status RocksStore::write_tables() {
  const auto status = db_->Flush(rocksdb::FlushOptions(), handles_);
  if (!status.ok()) return to_error(status, "write the tables of the log");
  return {};
}

Result<Head> RocksStore::head() const {
  auto stored = get(Family::meta, "head");
  if (!stored) return std::move(stored).error();
  if (!*stored) return Head{{}, {}, merkle_empty_root()};
  return decode_head(**stored);
}

Result<Sha256Digest> RocksStore::tree_node(unsigned level, std::uint64_t index) const {
  auto span = tree_span_at(*iterate(Family::tree), level, index);
  if (!span) return std::move(span).error();
  return *span->at(index);
}

Result<std::string> RocksStore::attachment(Sequence seq) const {
  auto stored = get(Family::attachments, sequence_key(seq));
  const std::string name = "attachment of event " + std::to_string(seq.value);
  if (!stored) return std::move(stored).error().within(name);
  if (!*stored) return Error{Errc::not_found, name + " is not in the log"};
  return std::move(**stored);
}

Result<std::string> RocksStore::log_id() const {
  auto stored = get(Family::meta, "log_id");
  if (!stored) return std::move(stored).error();
  return stored->value_or("");
}

Result<Event> event_from_record(Sequence seq, Record record) {
  auto envelope = decode_envelope(record.envelope);
  const std::string name = "event " + std::to_string(seq.value);
  if (!envelope) return std::move(envelope).error().within(name);
  if (envelope->seq != seq) {
    return Error{Errc::corruption,
                 name + " says that it is event " + std::to_string(envelope->seq.value)};
  }
  return Event{std::move(*envelope), std::move(record.data)};
}

}  // namespace ntt::events
