// The threads of copy: each takes the next file, reads it and notes its outcome.

#include "stages/copy_group.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>

namespace ntt::stages {

using events::CopyOutcome;
using events::CopyRecord;
using events::Errc;
using events::Error;
using events::FileErrorType;

// One file's outcome before its group is complete. `fresh`: the content came with this group.
struct CopyAttempt {
  CopyRecord record;
  bool fresh = false;
};

namespace {

constexpr std::size_t kMessageBytesMax = 1024;

// How copying one file ended. An error means that copying as a whole cannot go on.
struct FileResult {
  CopyAttempt attempt;
  std::string error_word;
  std::string error_message;
};

void note(CopyRecord& record, CopyOutcome outcome, FileErrorType type, std::string message) {
  record.outcome = outcome;
  record.error_type = type;
  record.error_message = std::move(message);
  record.error_message.resize(std::min(record.error_message.size(), kMessageBytesMax));
}

// A store's error either belongs to this content alone or ends the stage.
void note_store_error(FileResult& result, const BlobStore& store, const Error& error) {
  if (error.code == Errc::io) {
    result.error_word = store.failure_word();
    result.error_message = error.message;
    return;
  }
  const auto type =
      error.code == Errc::conflict ? FileErrorType::hash_error : FileErrorType::unknown;
  note(result.attempt.record, CopyOutcome::failed, type, error.message);
}

FileResult copy_file(Source& source, BlobWriter& writer, const BlobStore& store,
                     const CopyTask& task) {
  FileResult result;
  CopyRecord& record = result.attempt.record;
  record.ordinal = task.ordinal;
  Status written;
  writer.begin();
  auto read = source.read_file(task.volume, task.entry, [&](std::string_view bytes) {
    written = writer.write(bytes);
    return written.has_value();
  });
  if (!read) {
    writer.discard();
    result.error_word = "source_failed";
    result.error_message = read.error().message;
    return result;
  }
  record.size_read = read->bytes_read;
  if (!written) {
    writer.discard();
    note_store_error(result, store, written.error());
    return result;
  }
  if (read->error_type != FileErrorType::none) {
    writer.discard();
    note(record, read->bytes_read > 0 ? CopyOutcome::partial : CopyOutcome::failed,
         read->error_type, read->error_message);
    return result;
  }
  auto deposit = writer.finish();
  if (!deposit) {
    note_store_error(result, store, deposit.error());
    return result;
  }
  // No error, but perhaps a remark: the size is not the enumerated one.
  note(record, CopyOutcome::duplicate, FileErrorType::none, read->error_message);
  record.blob = deposit->id;
  result.attempt.fresh = deposit->fresh;
  return result;
}

}  // namespace

// What the threads share while they work on one group.
struct CopyCrew::Work {
  Work(const std::vector<CopyTask>& tasks_in, const std::function<bool()>& stop_in,
       const std::function<void(std::uint64_t)>& done_in, const BlobStore& store_in)
      : tasks(tasks_in),
        stop(stop_in),
        done(done_in),
        store(store_in),
        attempts(tasks_in.size()),
        end(tasks_in.size()) {}

  const std::vector<CopyTask>& tasks;
  const std::function<bool()>& stop;
  const std::function<void(std::uint64_t)>& done;
  const BlobStore& store;
  std::vector<CopyAttempt> attempts;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> halted{false};
  std::mutex mutex;        // guards what follows
  std::size_t end;         // tasks before this one have an outcome
  std::string error_word;  // of the failure at `end`
  std::string error_message;
};

Result<CopyCrew> CopyCrew::make(Source& source, BlobStore& store, unsigned workers) {
  CopyCrew crew(store);
  for (unsigned i = 0; i < workers; ++i) {
    Worker worker;
    worker.source = &source;
    worker.writer = std::make_unique<BlobWriter>(store);
    if (i > 0) {
      auto own = source.clone();
      if (!own) return std::move(own).error();
      worker.own_source = std::move(*own);
      worker.source = worker.own_source.get();
    }
    crew.workers_.push_back(std::move(worker));
  }
  return crew;
}

void CopyCrew::work(Worker& worker, Work& shared) {
  while (!shared.halted.load() && !shared.stop()) {
    const std::size_t index = shared.next.fetch_add(1);
    if (index >= shared.tasks.size()) return;
    FileResult result =
        copy_file(*worker.source, *worker.writer, shared.store, shared.tasks[index]);
    if (!result.error_word.empty()) {
      shared.halted.store(true);
      const std::lock_guard lock(shared.mutex);
      if (index < shared.end) {
        shared.end = index;
        shared.error_word = std::move(result.error_word);
        shared.error_message = std::move(result.error_message);
      }
      return;
    }
    shared.done(result.attempt.record.size_read);
    shared.attempts[index] = std::move(result.attempt);
  }
}

CopiedGroup CopyCrew::run(const std::vector<CopyTask>& tasks, const std::function<bool()>& stop,
                          const std::function<void(std::uint64_t)>& done) {
  Work shared(tasks, stop, done, *store_);
  const std::size_t count = std::min(workers_.size(), std::max<std::size_t>(tasks.size() / 16, 1));
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < count; ++i) {
      threads.emplace_back([&shared, worker = &workers_[i]] { work(*worker, shared); });
    }
    work(workers_[0], shared);
  }
  // Indices are handed out in order and each one taken was finished, so what has an outcome is
  // everything before the first that was not taken or failed.
  CopiedGroup group;
  const std::size_t end = std::min(shared.end, shared.next.load());
  std::set<BlobId> seen;
  for (std::size_t i = 0; i < end; ++i) {
    CopyAttempt& attempt = shared.attempts[i];
    // Of equal new contents the first in the manifest counts as the copied one, whichever thread
    // came first: a rerun gives the same outcomes.
    if (attempt.fresh && seen.insert(attempt.record.blob).second) {
      attempt.record.outcome = CopyOutcome::copied;
      group.fresh.push_back(attempt.record.blob);
    }
    group.bytes += attempt.record.size_read;
    group.records.push_back(std::move(attempt.record));
  }
  group.error_word = std::move(shared.error_word);
  group.error_message = std::move(shared.error_message);
  return group;
}

}  // namespace ntt::stages
