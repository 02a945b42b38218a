// Reading and restoring whole records in RocksDB.

#include "events/rocks_copy.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "events/bytes.h"
#include "events/head_file.h"
#include "events/limits.h"
#include "events/log_lock.h"
#include "events/rocks_append.h"
#include "events/rocks_records.h"
#include "events/rocks_store.h"
#include "events/whole_file.h"

namespace ntt::events {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kGroupBytes = 16U << 20U;  // of records in one synced write

class StoreRecordReader final : public RecordReader {
 public:
  explicit StoreRecordReader(std::unique_ptr<RocksStore> store)
      : store_(std::move(store)), records_(*store_) {}

  [[nodiscard]] Result<std::string> log_id() const override { return store_->log_id(); }

  Result<WholeRecord> read(Sequence seq) override {
    auto record = records_.record(seq);
    if (!record) return std::move(record).error();
    WholeRecord out;
    out.data_salt = record->data_salt;
    out.attachment_salt = record->attachment_salt;
    auto event = event_from_record(seq, std::move(*record));
    if (!event) return std::move(event).error();
    if (event->has_attachment()) {
      auto attachment = store_->attachment(seq);
      if (!attachment) return std::move(attachment).error();
      out.attachment = std::move(*attachment);
    }
    out.data = std::move(event->data);
    out.envelope = std::move(*event);
    return out;
  }

 private:
  std::unique_ptr<RocksStore> store_;
  StoredRecords records_;
};

Error refused(Sequence seq, const std::string& why) {
  return {Errc::invalid, "event " + std::to_string(seq.value) + " " + why};
}

// What is wrong with a record by itself; "" if nothing is.
std::string fault_of(const WholeRecord& record) {
  const Envelope& envelope = record.envelope;
  if (record.data.size() > kDataBytesMax || record.attachment.size() > kAttachmentBytesMax) {
    return "has a payload or an attachment that is too large";
  }
  if (envelope.id.is_zero()) return "has no id";
  if (salted_digest(record.data_salt, record.data) != envelope.data_digest) {
    return "has a payload that its digest does not fit";
  }
  if (envelope.attachment_bytes != record.attachment.size()) {
    return "has an attachment of another length than it says";
  }
  if (!envelope.has_attachment()) {
    const bool clean = record.attachment.empty() && record.attachment_salt == Salt{};
    return clean ? "" : "has an attachment without a digest";
  }
  const bool same =
      salted_digest(record.attachment_salt, record.attachment) == envelope.attachment_digest;
  return same ? "" : "has an attachment that its digest does not fit";
}

// Takes `from` to `to`: a new name, or in exchange for what is there.
Status move_into_place(const fs::path& from, const fs::path& to, bool exchange) {
  const unsigned flags = exchange ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) == 0) {
    return sync_directory(to.parent_path());
  }
  if (errno == EEXIST) {
    return Error{Errc::conflict, to.string() + " appeared while the log was restored"};
  }
  return errno_error("rename " + from.string() + " to " + to.string(), errno);
}

class RocksRestore final : public LogRestore {
 public:
  RocksRestore(fs::path directory, fs::path temporary, std::string log_id,
               std::optional<LogLock> lock, LogLock temporary_lock)
      : directory_(std::move(directory)),
        temporary_(std::move(temporary)),
        log_id_(std::move(log_id)),
        lock_(std::move(lock)),
        temporary_lock_(std::move(temporary_lock)) {}

  ~RocksRestore() override {
    store_.reset();
    std::error_code ignored;
    fs::remove_all(temporary_, ignored);
  }
  RocksRestore(const RocksRestore&) = delete;
  RocksRestore& operator=(const RocksRestore&) = delete;

  Status open() {
    auto store = RocksStore::open_for_writing(temporary_ / "db");
    if (!store) return std::move(store).error();
    store_ = std::move(*store);
    rocksdb::WriteBatch batch;
    store_->put(batch, Family::meta, "log_id", log_id_);
    store_->put(batch, Family::meta, "format", kLogFormat);
    head_.root = merkle_empty_root();
    batch_.emplace(*store_);
    return store_->write_synced(batch);
  }

  Status add(const WholeRecord& record) override {
    const Sequence seq = record.envelope.seq;
    if (seq != head_.seq.next()) {
      return refused(seq, "does not follow event " + std::to_string(head_.seq.value));
    }
    if (record.envelope.recorded_at < recorded_at_) {
      return refused(seq, "was recorded before the event in front of it");
    }
    if (std::string fault = fault_of(record); !fault.empty()) return refused(seq, fault);
    auto bytes = encode_envelope(record.envelope);
    if (!bytes) return refused(seq, "has " + bytes.error().message);
    auto known = is_known(record.envelope.id);
    if (!known) return std::move(known).error();
    if (*known) return refused(seq, "has the id of an earlier one");
    head_.envelope_hash = batch_->add(
        record.envelope, {*bytes, record.data_salt, record.attachment_salt, record.data},
        record.attachment, frontier_);
    head_.seq = seq;
    recorded_at_ = record.envelope.recorded_at;
    ids_.insert(record.envelope.id);
    return batch_->bytes() < kGroupBytes ? Status{} : write_group();
  }

  Status finish(const Head& expected) override {
    head_.root = frontier_.root();
    if (head_ != expected) {
      return Error{Errc::corruption, "the records end at event " + std::to_string(head_.seq.value) +
                                         " with the root " + head_.root.hex() + ", not at event " +
                                         std::to_string(expected.seq.value) + " with " +
                                         expected.root.hex()};
    }
    if (auto written = write_group(); !written) return written;
    if (auto written = store_->write_tables(); !written) return written;
    store_.reset();
    if (auto written = write_head_file(); !written) return written;
    if (auto synced = sync_directory(temporary_); !synced) return synced;
    return move_into_place(temporary_, directory_, lock_.has_value());
  }

 private:
  Result<bool> is_known(const EventId& id) const {
    if (ids_.contains(id)) return true;
    auto stored = store_->get(Family::ids, id.view());
    if (!stored) return std::move(stored).error();
    return stored->has_value();
  }

  Status write_group() {
    if (ids_.empty()) return {};
    head_.root = frontier_.root();
    auto written = store_->write_synced(batch_->finish(head_));
    batch_.emplace(*store_);
    ids_.clear();
    return written;
  }

  Status write_head_file() {
    auto file = HeadFile::open(temporary_ / "head");
    if (!file) return std::move(file).error();
    return file->write({log_id_, head_});
  }

  fs::path directory_;
  fs::path temporary_;  // after the exchange: the empty log that was there
  std::string log_id_;
  std::optional<LogLock> lock_;  // of the empty log that is there; nothing: there is none
  LogLock temporary_lock_;
  std::unique_ptr<RocksStore> store_;
  std::optional<AppendBatch> batch_;  // there is one from open() on
  std::set<EventId> ids_;             // in batch_
  MerkleFrontier frontier_;
  Head head_;
  Timestamp recorded_at_{INT64_MIN};
};

// Whether the directory exists. What is in it has to be nothing, or a log without events.
Result<bool> exists_without_events(const fs::path& directory) {
  std::error_code failed;
  if (!fs::exists(directory, failed)) return false;
  if (!fs::exists(directory / "db", failed)) {
    auto it = fs::directory_iterator(directory, failed);
    for (; !failed && it != fs::directory_iterator(); it.increment(failed)) {
      if (it->path().filename() == "lock") continue;
      return Error{Errc::conflict, directory.string() + " holds something that is no log"};
    }
    if (failed) return Error{Errc::io, directory.string() + ": " + failed.message()};
    return true;
  }
  auto witness = HeadFile::read(directory / "head");
  if (!witness) return std::move(witness).error();
  if (*witness && (*witness)->head.seq) {
    return Error{Errc::conflict,
                 "the head file in " + directory.string() + " saw a log of " +
                     std::to_string((*witness)->head.seq.value) +
                     " events: it is kept as their witness. Restore to another place (--log-url)"};
  }
  auto store = RocksStore::open_for_reading(directory / "db");
  if (!store) return std::move(store).error();
  auto head = (*store)->head();
  if (!head) return std::move(head).error();
  if (!head->seq) return true;
  return Error{Errc::conflict, "the log in " + directory.string() + " has " +
                                   std::to_string(head->seq.value) +
                                   " events: a log is restored only where there is none"};
}

// A directory with nothing in it but its lock; what a restore that was killed left is taken away.
Result<LogLock> make_place_for_restore(const fs::path& temporary) {
  std::error_code failed;
  fs::create_directory(temporary, failed);
  if (failed) return Error{Errc::io, "make " + temporary.string() + ": " + failed.message()};
  auto item = fs::directory_iterator(temporary, failed);
  for (; !failed && item != fs::directory_iterator(); item.increment(failed)) {
    const fs::path name = item->path().filename();
    if (name == "lock" || name == "db" || name == "head") continue;
    return Error{Errc::conflict, temporary.string() + " holds something that no restore made: " +
                                     name.string() + ". Move it away first"};
  }
  if (failed) return Error{Errc::io, temporary.string() + ": " + failed.message()};
  auto lock = LogLock::acquire(temporary / "lock", std::chrono::milliseconds(0));
  if (!lock) return std::move(lock).error().within("another log is being restored here");
  for (const char* left : {"db", "head"}) {
    fs::remove_all(temporary / left, failed);
    if (failed)
      return Error{Errc::io, "remove " + (temporary / left).string() + ": " + failed.message()};
  }
  return lock;
}

}  // namespace

Result<std::unique_ptr<RecordReader>> open_record_reader(const fs::path& directory) {
  auto store = RocksStore::open_for_reading(directory / "db");
  if (!store) return std::move(store).error();
  return std::unique_ptr<RecordReader>(std::make_unique<StoreRecordReader>(std::move(*store)));
}

Result<std::unique_ptr<LogRestore>> begin_log_restore(const fs::path& directory,
                                                      const std::string& log_id) {
  const auto raw = from_hex(log_id);
  if (!raw || raw->size() != 16 || to_hex(*raw) != log_id) {
    return Error{Errc::invalid, "'" + log_id + "' is not the id of a log"};
  }
  // Without a slash at the end, so that there is a name beside it.
  const fs::path place = directory.has_filename() ? directory : directory.parent_path();
  std::error_code failed;
  fs::create_directories(place.parent_path(), failed);
  if (failed)
    return Error{Errc::io, "make " + place.parent_path().string() + ": " + failed.message()};
  auto there = exists_without_events(place);
  if (!there) return std::move(there).error();
  std::optional<LogLock> lock;
  if (*there) {
    auto locked = LogLock::acquire(place / "lock", std::chrono::milliseconds(0));
    if (!locked) return std::move(locked).error();
    lock.emplace(std::move(*locked));
    // A writer may have come between the look and the lock.
    if (auto still = exists_without_events(place); !still) return std::move(still).error();
  }
  const fs::path temporary = place.string() + ".restoring";
  auto temporary_lock = make_place_for_restore(temporary);
  if (!temporary_lock) return std::move(temporary_lock).error();
  auto restore = std::make_unique<RocksRestore>(place, temporary, log_id, std::move(lock),
                                                std::move(*temporary_lock));
  if (auto opened = restore->open(); !opened) return std::move(opened).error();
  return std::unique_ptr<LogRestore>(std::move(restore));
}

}  // namespace ntt::events
