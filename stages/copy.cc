// copy: pending files of the current generation, group by group, into the store and the log.
//
// A group's records are appended only when its blobs' names are durable, and that is so after the
// next group was published (see blob_store.h). While the threads read one group, the one before it
// is published and the one before that appended.

#include "stages/copy.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "events/generation.h"
#include "events/limits.h"
#include "stages/blob_store.h"
#include "stages/copy_group.h"
#include "stages/history.h"

namespace ntt::stages {

using events::CopyOutcome;
using events::Errc;
using events::Error;
using events::GenerationRef;
using events::GenerationRow;
using events::Sequence;

namespace {

constexpr std::uint64_t kGroupBytesMax = 512U << 20U;     // of content, unless one file is larger
constexpr std::uint64_t kGroupPathBytesMax = 16U << 20U;  // held in memory
constexpr std::int64_t kGroupMicrosMax = 30'000'000;      // between two records of progress

// Whether the row is a file that copy is there for, with or without an outcome.
bool is_file_to_copy(const GenerationRow& row) {
  return row.is_inode() && !row.rule && row.entry->type == events::EntryType::file &&
         row.entry->allocated;
}

bool has_failed(const GenerationRow& row) {
  return row.copy != nullptr &&
         (row.copy->outcome == CopyOutcome::partial || row.copy->outcome == CopyOutcome::failed);
}

bool names_blob(const GenerationRow& row) {
  return row.copy != nullptr &&
         (row.copy->outcome == CopyOutcome::copied || row.copy->outcome == CopyOutcome::duplicate);
}

// Stops a reading of the generation; never leaves this file.
Error stop_reading() {
  return {Errc::unavailable, "stopped"};
}

unsigned worker_count(unsigned asked) {
  if (asked != 0) return asked;
  return std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
}

class CopyRun {
 public:
  CopyRun(StageContext& context, Source& source, const CopyRequest& request,
          const Recorded<events::LoadSuccess>& loaded)
      : context_(context), source_(source), request_(request), loaded_(loaded) {}

  Result<StageReport> run();

 private:
  // A group whose blobs have names that are not yet durable.
  struct Published {
    CopiedGroup group;
    std::uint64_t store_group = 0;  // 0: it names no blob
  };

  [[nodiscard]] GenerationRef generation() const {
    return {
        context_.emitter.medium(), {loaded_.payload.manifest}, {loaded_.payload.load}, loaded_.seq};
  }
  Status count_earlier();
  Result<bool> prepare();  // false: the store or the source is not usable, noted as a failure
  Status copy_all();
  Status add(const GenerationRow& row);
  Status copy_tasks();
  void close_group(CopiedGroup group);
  Status publish_closed();
  Status append_published();
  Result<StageReport> succeed();
  Result<StageReport> fail();
  void note_failure(std::string word, std::string message);
  void tell_progress();

  StageContext& context_;
  Source& source_;
  const CopyRequest& request_;
  const Recorded<events::LoadSuccess>& loaded_;

  Sequence start_;
  std::uint64_t earlier_files_ = 0;
  std::unique_ptr<BlobStore> store_;
  std::optional<CopyCrew> crew_;
  std::vector<CopyTask> tasks_;
  std::uint64_t task_bytes_ = 0;
  std::uint64_t path_bytes_ = 0;
  std::optional<CopiedGroup> closed_;   // read, and closed in the store
  std::optional<Published> published_;  // the one before it
  std::atomic<std::uint64_t> files_done_{0};
  std::atomic<std::uint64_t> bytes_done_{0};
  std::string failure_word_;
  std::string failure_message_;
};

void CopyRun::tell_progress() {
  context_.progress.update("copy", "copying", files_done_.load(), loaded_.payload.file_count,
                           bytes_done_.load(), loaded_.payload.file_bytes);
}

void CopyRun::note_failure(std::string word, std::string message) {
  if (!failure_word_.empty()) return;  // the first one is the cause
  failure_word_ = std::move(word);
  failure_message_ = std::move(message);
}

Status CopyRun::count_earlier() {
  return read_generation(context_.log, generation(), [this](const GenerationRow& row) -> Status {
    if (!is_file_to_copy(row) || row.copy == nullptr) return {};
    if (request_.retry_failed && has_failed(row)) return {};
    ++earlier_files_;
    files_done_ += 1;
    bytes_done_ += row.copy->size_read;
    return {};
  });
}

Result<bool> CopyRun::prepare() {
  auto store = BlobStore::open(request_.store);
  if (!store) {
    note_failure("store_unusable", store.error().message);
    return false;
  }
  store_ = std::move(*store);
  if (store_->has_taken_over()) {
    auto read = read_generation(context_.log, generation(), [this](const GenerationRow& row) {
      if (names_blob(row)) store_->already_named(row.copy->blob);
      return Status();
    });
    if (!read) return std::move(read).error();
  }
  auto crew = CopyCrew::make(source_, *store_, worker_count(request_.workers));
  if (!crew) {
    note_failure("source_failed", crew.error().message);
    return false;
  }
  crew_.emplace(std::move(*crew));
  return true;
}

Result<StageReport> CopyRun::run() {
  if (auto counted = count_earlier(); !counted) return std::move(counted).error();
  events::CopyStart start;
  start.generation = loaded_.payload.generation;
  start.load = loaded_.seq.value;
  start.source = source_.info();
  start.store = {request_.store};
  start.resumed_files = earlier_files_;
  auto started = context_.emitter.emit(start, loaded_.seq);
  if (!started) return std::move(started).error();
  start_ = *started;
  tell_progress();

  auto ready = prepare();
  if (!ready) return std::move(ready).error();
  if (*ready) {
    if (auto copied = copy_all(); !copied) return std::move(copied).error();
  }
  if (!failure_word_.empty()) return fail();
  if (context_.cancelled.load()) {
    return StageReport{StageOutcome::interrupted,
                       "interrupted after " + std::to_string(files_done_.load()) +
                           " files; the next run goes on from there",
                       {}};
  }
  return succeed();
}

// Errors are those of the log; what ends copying otherwise is noted as the failure.
Status CopyRun::copy_all() {
  GenerationRef ref = generation();
  ref.last = start_;
  Status read =
      read_generation(context_.log, ref, [this](const GenerationRow& row) { return add(row); });
  const bool stopped = context_.cancelled.load() || !failure_word_.empty();
  if (!read && !stopped) return read;
  while (read && !tasks_.empty() && !context_.cancelled.load() && failure_word_.empty()) {
    if (auto copied = copy_tasks(); !copied) return copied;
  }
  if (auto published = publish_closed(); !published) return published;
  if (!published_) return {};
  if (auto synced = store_->sync(); !synced) {
    note_failure(store_->failure_word(), synced.error().message);
    return {};
  }
  return append_published();
}

Status CopyRun::add(const GenerationRow& row) {
  if (context_.cancelled.load()) return stop_reading();
  const bool again = request_.retry_failed && is_file_to_copy(row) && has_failed(row);
  if (!row.is_pending_file() && !again) return {};
  const std::uint64_t path_bytes = row.entry->path.size();
  while (!tasks_.empty() && (tasks_.size() == events::kBatchRecordsMax ||
                             task_bytes_ + row.entry->size > kGroupBytesMax ||
                             path_bytes_ + path_bytes > kGroupPathBytesMax)) {
    if (auto copied = copy_tasks(); !copied) return copied;
    if (!failure_word_.empty() || context_.cancelled.load()) return stop_reading();
  }
  tasks_.push_back({row.ordinal, row.volume, *row.entry});
  task_bytes_ += row.entry->size;
  path_bytes_ += path_bytes;
  return {};
}

// Copies the waiting tasks, or as many as the time allows; the others stay waiting.
Status CopyRun::copy_tasks() {
  const std::int64_t deadline = context_.clock.now().micros + kGroupMicrosMax;
  const auto stop = [this, deadline] {
    return context_.cancelled.load() || context_.clock.now().micros > deadline;
  };
  const auto done = [this](std::uint64_t bytes) {
    files_done_ += 1;
    bytes_done_ += bytes;
    tell_progress();
  };
  CopiedGroup group;
  Status published;
  {
    const std::jthread publisher([this, &published] { published = publish_closed(); });
    group = crew_->run(tasks_, stop, done);
  }
  if (!published || !failure_word_.empty()) return published;
  for (std::size_t i = 0; i < group.records.size(); ++i) {
    task_bytes_ -= tasks_[i].entry.size;
    path_bytes_ -= tasks_[i].entry.path.size();
  }
  tasks_.erase(tasks_.begin(), tasks_.begin() + static_cast<std::ptrdiff_t>(group.records.size()));
  close_group(std::move(group));
  return {};
}

void CopyRun::close_group(CopiedGroup group) {
  if (!group.error_word.empty()) note_failure(group.error_word, group.error_message);
  if (auto closed = store_->close_group(group.fresh); !closed) {
    note_failure(store_->failure_word(), closed.error().message);
    return;
  }
  if (!group.records.empty()) closed_ = std::move(group);
}

// Publishes the closed group and appends the one before it, whose names that made durable.
Status CopyRun::publish_closed() {
  if (!closed_) return {};
  Published next{std::move(*closed_), 0};
  closed_.reset();
  auto number = store_->publish();
  if (!number) {
    note_failure(store_->failure_word(), number.error().message);
    return {};
  }
  next.store_group = *number;
  if (published_) {
    if (auto appended = append_published(); !appended) return appended;
  }
  published_ = std::move(next);
  return {};
}

Status CopyRun::append_published() {
  events::CopyBatch batch{std::move(published_->group.records)};
  events::CopyBatchData data;
  data.generation = loaded_.payload.generation;
  data.load = loaded_.seq.value;
  data.count = batch.records.size();
  data.bytes = published_->group.bytes;
  events::EncodedBatch encoded = events::encode_copy_batch(batch);
  data.digest = encoded.records_digest.hex();
  const std::uint64_t store_group = published_->store_group;
  published_.reset();
  auto appended = context_.emitter.emit(data, start_, std::move(encoded.attachment));
  if (!appended) return std::move(appended).error().within("copy_batch");
  if (auto told = store_->recorded(store_group); !told) {
    note_failure(store_->failure_word(), told.error().message);
  }
  return {};
}

Result<StageReport> CopyRun::fail() {
  const std::string done =
      std::to_string(files_done_.load()) + " of " + std::to_string(loaded_.payload.file_count);
  events::CopyError error;
  error.error = failure_word_;
  error.message = failure_message_ + " (after " + done + " files)";
  auto ended = context_.emitter.emit(error, start_);
  if (!ended) return std::move(ended).error();
  return StageReport{StageOutcome::error, error.message, *ended};
}

// The totals are read back from the log: they are of the whole generation, all attempts together.
Result<StageReport> CopyRun::succeed() {
  events::CopySuccess total;
  total.generation = loaded_.payload.generation;
  total.load = loaded_.seq.value;
  std::uint64_t pending = 0;
  auto read = read_generation(context_.log, generation(), [&](const GenerationRow& row) {
    if (!is_file_to_copy(row)) return Status();
    if (row.copy == nullptr) {
      ++pending;
      return Status();
    }
    ++total.files;
    total.bytes += row.copy->size_read;
    total.new_blobs += row.copy->outcome == CopyOutcome::copied ? 1 : 0;
    total.duplicate += row.copy->outcome == CopyOutcome::duplicate ? 1 : 0;
    total.partial += row.copy->outcome == CopyOutcome::partial ? 1 : 0;
    total.failed += row.copy->outcome == CopyOutcome::failed ? 1 : 0;
    return Status();
  });
  if (!read) return std::move(read).error();
  if (pending != 0) {
    note_failure("incomplete", std::to_string(pending) + " files have no outcome in the log");
    return fail();
  }
  auto ended = context_.emitter.emit(total, start_);
  if (!ended) return std::move(ended).error();
  std::string message = std::to_string(total.files) + (total.files == 1 ? " file, " : " files, ") +
                        std::to_string(total.new_blobs) + " new, " +
                        std::to_string(total.duplicate) + " duplicate";
  if (total.partial + total.failed > 0) {
    message += ", " + std::to_string(total.partial + total.failed) + " not readable";
  }
  return StageReport{StageOutcome::success, message, *ended};
}

Result<StageReport> skip(StageContext& context, std::string reason, std::string message,
                         Sequence done_by) {
  events::CopySkip skipped;
  skipped.reason = std::move(reason);
  skipped.message = std::move(message);
  skipped.done_by = done_by.value;
  auto seq = context.emitter.emit(skipped);
  if (!seq) return std::move(seq).error();
  return StageReport{StageOutcome::skip, skipped.message, *seq};
}

}  // namespace

Result<StageReport> run_copy(StageContext& context, Source& source, const CopyRequest& request) {
  auto history = read_history(context.log, context.emitter.medium());
  if (!history) return std::move(history).error();
  if (!history->loaded) {
    return Error{Errc::invalid, "copy: nothing is loaded for this medium; load it first"};
  }
  if (!source.has_content()) {
    return skip(context, "no_content", "the source has names but no contents", {});
  }
  if (history->copied) {
    const events::CopySuccess& done = history->copied->payload;
    const std::uint64_t failures = done.partial + done.failed;
    if (!request.retry_failed || failures == 0) {
      return skip(context, "already_done",
                  "generation " + std::to_string(done.generation) + " is copied",
                  history->copied->seq);
    }
  }
  return CopyRun(context, source, request, *history->loaded).run();
}

}  // namespace ntt::stages
