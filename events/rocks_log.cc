// RocksLog: group appends with one synced write, and the two ways to open a log.

#include "events/rocks_log.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "events/bytes.h"
#include "events/emitter.h"
#include "events/head_file.h"
#include "events/limits.h"
#include "events/log_lock.h"
#include "events/rocks_append.h"
#include "events/rocks_query.h"
#include "events/rocks_records.h"
#include "events/rocks_store.h"
#include "events/rocks_verify.h"

namespace ntt::events {

namespace {

constexpr std::chrono::milliseconds kFollowInterval{50};
constexpr std::size_t kGroupBytesMax = 64U << 20U;

struct Paths {
  std::filesystem::path database;
  std::filesystem::path head_file;
  std::filesystem::path lock_file;
};

Paths paths_of(const std::filesystem::path& directory) {
  return {directory / "db", directory / "head", directory / "lock"};
}

// What both kinds of RocksLog answer from the store.
class StoreReader : public Log {
 public:
  StoreReader(std::unique_ptr<RocksStore> store, Paths paths)
      : store_(std::move(store)), paths_(std::move(paths)) {}

  // A reader looks for what was appended meanwhile: who asks how far the log has come must not be
  // told less than others know already.
  [[nodiscard]] Result<Head> head() const override {
    if (auto status = store_->catch_up(); !status) return std::move(status).error();
    return store_->head();
  }

  [[nodiscard]] Result<Sha256Digest> root_at(std::uint64_t size) const override {
    auto last = head();
    if (!last) return std::move(last).error();
    if (size > last->seq.value) {
      return Error{Errc::not_found, "the log has only " + std::to_string(last->seq.value) +
                                        " events, not " + std::to_string(size)};
    }
    auto frontier = load_frontier(size);
    if (!frontier) return std::move(frontier).error();
    return frontier->root();
  }

  [[nodiscard]] Result<std::string> log_id() const override { return store_->log_id(); }

  [[nodiscard]] Result<Sha256Digest> tree_node(unsigned level, std::uint64_t index) const override {
    return store_->tree_node(level, index);
  }

  [[nodiscard]] Result<Record> record(Sequence seq) const override {
    return StoredRecords(*store_).record(seq);
  }

  [[nodiscard]] Result<Event> read(Sequence seq) const override {
    return StoredRecords(*store_).event(seq);
  }

  [[nodiscard]] Result<std::string> attachment(Sequence seq) const override {
    return store_->attachment(seq);
  }

  Status scan(const Filter& filter, const std::function<bool(const Event&)>& visit) const override {
    return scan_store(*store_, filter, visit);
  }

  [[nodiscard]] Result<std::vector<MediumId>> media(const std::string& prefix) const override {
    return media_in_store(*store_, prefix);
  }

  Result<VerifyReport> verify(
      const std::function<void(std::uint64_t, std::uint64_t)>& progress) const override {
    // The witness is read first: an append in between leaves it behind the log, never ahead.
    auto witness = HeadFile::read(paths_.head_file);
    if (!witness) return std::move(witness).error();
    if (auto status = store_->catch_up(); !status) return std::move(status).error();
    return verify_store(*store_, *witness, progress);
  }

 protected:
  [[nodiscard]] Result<MerkleFrontier> load_frontier(std::uint64_t size) const {
    return MerkleFrontier::load(
        size, [&](unsigned level, std::uint64_t index) { return store_->tree_node(level, index); });
  }

  std::unique_ptr<RocksStore> store_;  // NOLINT(readability-identifier-naming): as private ones
  Paths paths_;                        // NOLINT(readability-identifier-naming)
};

class ReadingLog final : public StoreReader {
 public:
  using StoreReader::StoreReader;

  Result<std::vector<Sequence>> append(std::span<const NewEvent> /*events*/,
                                       const AppendOptions& /*options*/) override {
    return Error{Errc::invalid, "this log is open for reading only"};
  }

  Result<Sequence> wait_past(Sequence after, std::chrono::milliseconds timeout) const override {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (true) {
      auto last = head();
      if (!last) return std::move(last).error();
      if (last->seq > after || std::chrono::steady_clock::now() >= deadline) return last->seq;
      std::this_thread::sleep_for(kFollowInterval);
    }
  }
};

// One caller's append, waiting for its turn.
struct Request {
  std::span<const NewEvent> events;
  const AppendOptions& options;
  std::vector<Sequence> sequences;
  Status status;
  bool done = false;
};

std::size_t bytes_of(const Request& request) {
  std::size_t bytes = 0;
  for (const NewEvent& event : request.events) bytes += event.data.size() + event.attachment.size();
  return bytes;
}

// Ids are random, or digests, in their last bytes.
struct IdHash {
  std::size_t operator()(const EventId& id) const {
    std::size_t hash = 0;
    std::memcpy(&hash, id.bytes.data() + id.bytes.size() - sizeof hash, sizeof hash);
    return hash;
  }
};

// The state that a group of appends builds up before it is written; dropped whole if it is not.
struct Group {
  explicit Group(const RocksStore& store) : batch(store) {}

  AppendBatch batch;
  MerkleFrontier frontier;
  Head head;
  Timestamp recorded_at;
  std::unordered_map<EventId, Sequence, IdHash> ids;     // added by this group
  std::unordered_map<std::string, Sequence> media_last;  // by medium id
  Envelope envelope;                                     // of the event that is being added
  std::string envelope_bytes;                            // the same, encoded
};

class WritingLog final : public StoreReader {
 public:
  WritingLog(std::unique_ptr<RocksStore> store, Paths paths, LogLock lock, HeadFile head_file,
             std::string log_id, Clock& clock)
      : StoreReader(std::move(store), std::move(paths)),
        lock_(std::move(lock)),
        head_file_(std::move(head_file)),
        log_id_(std::move(log_id)),
        clock_(clock) {}

  // The database first: whoever waits for the lock opens it next.
  ~WritingLog() override { store_.reset(); }
  WritingLog(const WritingLog&) = delete;
  WritingLog& operator=(const WritingLog&) = delete;

  Status load_position() {
    auto last = store_->head();
    if (!last) return std::move(last).error();
    head_ = *last;
    auto frontier = load_frontier(head_.seq.value);
    if (!frontier) return std::move(frontier).error();
    frontier_ = std::move(*frontier);
    if (frontier_.root() != head_.root) {
      return Error{Errc::corruption, "the stored tree does not fit the stored head"};
    }
    if (!head_.seq) return {};
    auto event = read(head_.seq);
    if (!event) return std::move(event).error();
    recorded_at_ = event->recorded_at;
    return {};
  }

  Result<std::vector<Sequence>> append(std::span<const NewEvent> events,
                                       const AppendOptions& options) override {
    if (events.empty()) return std::vector<Sequence>{};
    Request request{events, options, {}, {}, false};
    std::unique_lock lock(mutex_);
    waiting_.push_back(&request);
    turn_.wait(lock, [&] { return request.done || (waiting_.front() == &request && !writing_); });
    if (!request.done) write_group(lock);
    if (!request.status) return std::move(request.status).error();
    return std::move(request.sequences);
  }

  // Appends wait until it is done.
  Result<VerifyReport> verify(
      const std::function<void(std::uint64_t, std::uint64_t)>& progress) const override {
    std::unique_lock lock(mutex_);
    turn_.wait(lock, [&] { return !writing_; });
    writing_ = true;
    lock.unlock();
    auto report = StoreReader::verify(progress);
    lock.lock();
    writing_ = false;
    turn_.notify_all();
    return report;
  }

  Result<Sequence> wait_past(Sequence after, std::chrono::milliseconds timeout) const override {
    std::unique_lock lock(mutex_);
    turn_.wait_for(lock, timeout, [&] { return head_.seq > after; });
    return head_.seq;
  }

 private:
  // Writes what is waiting as one synced batch. The first in the queue does it for all; those who
  // come meanwhile wait for the next group.
  void write_group(std::unique_lock<std::mutex>& lock) {
    std::vector<Request*> members;
    std::size_t bytes = 0;
    std::size_t events = 0;
    for (Request* request : waiting_) {
      bytes += bytes_of(*request);
      if (!members.empty() && bytes > kGroupBytesMax) break;
      events += request->events.size();
      members.push_back(request);
    }
    writing_ = true;
    Group group(*store_);
    group.ids.reserve(events);
    group.frontier = frontier_;
    group.head = head_;
    group.recorded_at = recorded_at_;
    Status written = failure_;
    lock.unlock();
    if (written) written = build_and_write(group, members);
    lock.lock();
    writing_ = false;
    if (written) {
      head_ = group.head;
      frontier_ = std::move(group.frontier);
      recorded_at_ = group.recorded_at;
    } else {
      failure_ = written.error();
    }
    for (Request* member : members) {
      if (!written && member->status) member->status = written.error();
      member->done = true;
    }
    waiting_.erase(waiting_.begin(),
                   waiting_.begin() + static_cast<std::ptrdiff_t>(members.size()));
    turn_.notify_all();
  }

  // An error is one of the whole group; what is wrong with one request alone goes into its status.
  Status build_and_write(Group& group, const std::vector<Request*>& members) {
    for (Request* member : members) {
      member->status = check(*member, group);
      if (!member->status) {
        if (member->status.error().code == Errc::io) return member->status.error();
        continue;
      }
      if (auto status = add(*member, group); !status) return status;
    }
    if (group.head.seq == head_.seq) return {};
    group.head.root = group.frontier.root();
    if (auto status = store_->write_synced(group.batch.finish(group.head)); !status) return status;
    return head_file_.write({log_id_, group.head});
  }

  // Everything that can be refused is refused before the first byte goes into the batch.
  Status check(const Request& request, Group& group) const {
    if (request.events.size() > kAppendEventsMax) {
      return Error{Errc::invalid, "at most 65536 events go into one append"};
    }
    for (const NewEvent& event : request.events) {
      if (event.data.size() > kDataBytesMax || event.attachment.size() > kAttachmentBytesMax) {
        return Error{Errc::invalid, event.type + ": payload or attachment is too large"};
      }
      if (event.id.is_zero()) return Error{Errc::invalid, event.type + ": the event has no id"};
      if (auto status = check_event(event); !status) {
        return std::move(status).error().within(event.type);
      }
    }
    if (!request.options.expected_medium) return {};
    const MediumId& medium = *request.options.expected_medium;
    auto last = last_of(medium, group);
    if (!last) return std::move(last).error();
    if (*last != request.options.expected_last) {
      auto repeated = is_repeated(request, group);
      if (!repeated) return std::move(repeated).error();
      if (*repeated) return {};
      return Error{Errc::conflict, "stream " + medium.text + " ends at event " +
                                       std::to_string(last->value) + ", not at " +
                                       std::to_string(request.options.expected_last.value)};
    }
    return {};
  }

  // Whether all its events are in the log already: then nothing depends on the position.
  Result<bool> is_repeated(const Request& request, const Group& group) const {
    auto known = known_numbers(request, group);
    if (!known) return std::move(known).error();
    return std::all_of(known->begin(), known->end(), [](Sequence seq) { return bool(seq); });
  }

  Result<Sequence> last_of(const MediumId& medium, const Group& group) const {
    const auto found = group.media_last.find(medium.text);
    if (found != group.media_last.end()) return found->second;
    return last_of_medium(*store_, medium);
  }

  Status add(Request& request, Group& group) {
    auto known = known_numbers(request, group);
    if (!known) return std::move(known).error();
    request.sequences = std::move(*known);
    for (std::size_t i = 0; i < request.events.size(); ++i) {
      Sequence& seq = request.sequences[i];
      if (seq) continue;
      const NewEvent& event = request.events[i];
      const auto [found, is_new] = group.ids.try_emplace(event.id, group.head.seq.next());
      seq = found->second;  // of an earlier one of this request, if the id is repeated in it
      if (is_new) add_event(event, seq, group);
    }
    return {};
  }

  // The number that the log, or the group, has of each event; 0: it has it not.
  Result<std::vector<Sequence>> known_numbers(const Request& request, const Group& group) const {
    std::vector<std::pair<std::string_view, std::size_t>> unknown;  // id and position
    std::vector<Sequence> numbers(request.events.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const EventId& id = request.events[i].id;
      const auto found = group.ids.find(id);
      found != group.ids.end() ? void(numbers[i] = found->second)
                               : void(unknown.emplace_back(id.view(), i));
    }
    std::sort(unknown.begin(), unknown.end());
    std::vector<std::string_view> ids;
    ids.reserve(unknown.size());
    for (const auto& [id, position] : unknown) ids.push_back(id);
    auto stored = store_->get_sorted(Family::ids, ids);
    if (!stored) return std::move(stored).error();
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto& number = (*stored)[i];
      if (number) numbers[unknown[i].second] = sequence_at_end_of(*number);
    }
    return numbers;
  }

  void add_event(const NewEvent& event, Sequence seq, Group& group) {
    group.recorded_at = std::max(group.recorded_at, clock_.now());
    const bool attached = !event.attachment.empty();
    RecordView record;
    record.data_salt = random_salt();
    record.attachment_salt = attached ? random_salt() : Salt{};
    record.data = event.data;
    Envelope& envelope = group.envelope;
    envelope.seq = seq;
    envelope.id = event.id;
    envelope.type = event.type;
    envelope.version = event.version;
    envelope.medium = event.medium;
    envelope.occurred_at = event.occurred_at;
    envelope.recorded_at = group.recorded_at;
    envelope.origin = event.origin;
    envelope.run = event.run;
    envelope.cause = event.cause;
    envelope.actor = event.actor;
    envelope.data_digest = salted_digest(record.data_salt, record.data);
    envelope.attachment_bytes = event.attachment.size();
    envelope.attachment_digest =
        attached ? salted_digest(record.attachment_salt, event.attachment) : Sha256Digest{};
    group.envelope_bytes.clear();
    append_envelope(group.envelope_bytes, envelope);
    record.envelope = group.envelope_bytes;
    const Sha256Digest leaf = group.batch.add(envelope, record, event.attachment, group.frontier);
    group.head = {seq, leaf, {}};  // the root is made once for all
    group.media_last[event.medium.text] = seq;
  }

  LogLock lock_;
  HeadFile head_file_;
  std::string log_id_;
  Clock& clock_;

  mutable std::mutex mutex_;
  mutable std::condition_variable turn_;
  std::deque<Request*> waiting_;  // in order of arrival; under mutex_
  mutable bool writing_ = false;  // or verifying; under mutex_
  Status failure_;                // the first failed write, for ever; under mutex_
  Head head_;                     // written under mutex_ by the one that writes
  MerkleFrontier frontier_;
  Timestamp recorded_at_{INT64_MIN};
};

Status make_directory(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Error{Errc::io, "make " + path.string() + ": " + error.message()};
  return {};
}

// The log's id, made when the log is. A log of the format before gets this one.
Result<std::string> ensure_log_id(RocksStore& store, Clock& clock) {
  auto stored = store.log_id();
  auto format = store.get(Family::meta, "format");
  if (!stored || !format) return stored ? std::move(format).error() : std::move(stored).error();
  if (!stored->empty() && *format == kLogFormat) return stored;
  const std::string id = stored->empty() ? new_event_id(clock).hex() : *stored;
  rocksdb::WriteBatch batch;
  store.put(batch, Family::meta, "log_id", id);
  store.put(batch, Family::meta, "format", kLogFormat);
  if (auto status = store.write_synced(batch); !status) return std::move(status).error();
  return id;
}

// A log that its head file contradicts must not be appended to: numbers would be used twice.
Status check_witness(const RocksStore& store, const std::optional<Witness>& witness,
                     const std::string& log_id, const std::filesystem::path& directory) {
  auto head = store.head();
  if (!head) return std::move(head).error();
  const std::string where = "the log in " + directory.string();
  if (!witness) {
    const std::filesystem::path file = paths_of(directory).head_file;
    std::error_code failed;
    if (!head->seq || std::filesystem::exists(file, failed))
      return {};  // new, or torn by a power cut
    return Error{Errc::corruption,
                 where + " has " + std::to_string(head->seq.value) +
                     " events but no head file, which would show if it had more; it can be read, "
                     "but nothing is appended. Put " +
                     file.string() + " back, or make an empty file there to take the log as it is"};
  }
  const std::string advice =
      "; it can be read, but nothing is appended. Restore the log from a copy that is whole";
  if (witness->log_id != log_id) {
    return Error{Errc::corruption, where + " is not the one that its head file saw" + advice};
  }
  if (witness->head.seq > head->seq) {
    return Error{Errc::corruption, where + " ends at event " + std::to_string(head->seq.value) +
                                       " but its head file saw event " +
                                       std::to_string(witness->head.seq.value) + advice};
  }
  if (!witness->head.seq) return {};
  auto leaf = store.tree_node(0, witness->head.seq.value - 1);
  if (!leaf) return std::move(leaf).error();
  if (*leaf != witness->head.envelope_hash) {
    return Error{Errc::corruption, where + " differs from what its head file saw at event " +
                                       std::to_string(witness->head.seq.value) + advice};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Log>> open_rocks_log(const RocksLogOptions& options, Clock& clock) {
  if (auto status = make_directory(options.directory); !status) return std::move(status).error();
  const Paths paths = paths_of(options.directory);
  auto lock = LogLock::acquire(paths.lock_file, options.lock_wait);
  if (!lock) return std::move(lock).error();
  auto witness = HeadFile::read(paths.head_file);
  if (!witness) return std::move(witness).error();
  std::error_code failed;
  if (*witness && (*witness)->head.seq &&
      !std::filesystem::exists(paths.database / "CURRENT", failed)) {
    return Error{Errc::corruption, "the log in " + options.directory.string() +
                                       " has lost its database: its head file saw " +
                                       std::to_string((*witness)->head.seq.value) +
                                       " events. Nothing was made in its place; restore it from a "
                                       "copy"};
  }
  auto store = RocksStore::open_for_writing(paths.database);
  if (!store) return std::move(store).error();
  auto log_id = ensure_log_id(**store, clock);
  if (!log_id) return std::move(log_id).error();
  if (auto status = check_witness(**store, *witness, *log_id, options.directory); !status) {
    return std::move(status).error();
  }
  auto head_file = HeadFile::open(paths.head_file);
  if (!head_file) return std::move(head_file).error();
  auto log = std::make_unique<WritingLog>(std::move(*store), paths, std::move(*lock),
                                          std::move(*head_file), *log_id, clock);
  if (auto status = log->load_position(); !status) return std::move(status).error();
  return std::unique_ptr<Log>(std::move(log));
}

Result<std::unique_ptr<Log>> open_rocks_log_for_reading(const std::filesystem::path& directory) {
  const Paths paths = paths_of(directory);
  auto store = RocksStore::open_for_reading(paths.database);
  if (!store) return std::move(store).error();
  return std::unique_ptr<Log>(std::make_unique<ReadingLog>(std::move(*store), paths));
}

std::string rocks_log_writer(const std::filesystem::path& directory) {
  return LogLock::holder(paths_of(directory).lock_file);
}

}  // namespace ntt::events
