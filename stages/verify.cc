// verify: every distinct blob of the generation and the archive, read from the disk and hashed.
//
// Blobs are read in the order of their ids, so an interrupted attempt is gone on with behind the
// last blob that the log has a result of.

#include "stages/verify.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <optional>
#include <vector>

#include "events/generation.h"
#include "events/hash.h"
#include "events/limits.h"
#include "stages/blob_store.h"
#include "stages/external_sort.h"
#include "stages/file_digest.h"
#include "stages/history.h"

namespace ntt::stages {

using events::Blake3Digest;
using events::CopyOutcome;
using events::Errc;
using events::Error;
using events::Sequence;
using events::VerifyOutcome;
using events::VerifyRecord;

namespace {

constexpr std::size_t kSortMemoryBytesMax = 64U << 20U;
constexpr std::size_t kReadBytes = 1U << 20U;

// Stops the reading; never leaves this file.
Error stop_reading() {
  return {Errc::unavailable, "stopped"};
}

// What interrupted attempts at the same blobs left behind.
struct RecordedChecks {
  Sequence first_start;  // none: nothing to go on with
  std::vector<Sequence> batches;
};

// The attempts since the last one that ended, if they are about this copy and this archive.
Result<RecordedChecks> read_recorded_checks(const events::Log& log, const events::MediumId& medium,
                                            const events::VerifyStart& wanted) {
  RecordedChecks recorded;
  Status status;
  const auto take = [&](const events::Event& event) -> Status {
    if (event.type == events::VerifyStart::kType) {
      auto start = events::payload_of<events::VerifyStart>(event);
      if (!start) return std::move(start).error();
      const bool goes_on = start->resumes && Sequence{*start->resumes} == recorded.first_start;
      start->resumes.reset();
      if (!goes_on) recorded = {};
      if (!goes_on && *start == wanted) recorded.first_start = event.seq;
    } else if (event.type == events::VerifyBatchData::kType) {
      auto batch = events::payload_of<events::VerifyBatchData>(event);
      if (!batch) return std::move(batch).error();
      const bool belongs = recorded.first_start && batch->verify == recorded.first_start.value;
      if (belongs) recorded.batches.push_back(event.seq);
    } else if (event.type != events::VerifySkip::kType) {
      recorded = {};  // the attempt ended
    }
    return {};
  };
  events::Filter filter;
  filter.medium = medium;
  filter.type_glob = "verify_*";
  auto scanned = log.scan(filter, [&](const events::Event& event) {
    status = take(event);
    return status.has_value();
  });
  if (!scanned) return std::move(scanned).error();
  if (!status) return std::move(status).error();
  return recorded;
}

class VerifyRun {
 public:
  VerifyRun(StageContext& context, const VerifyRequest& request, const History& history)
      : context_(context),
        request_(request),
        history_(history),
        blobs_(request.temporary_directory, kSortMemoryBytesMax),
        buffer_(kReadBytes) {}

  Result<StageReport> run();

 private:
  Result<events::VerifyStart> begin();
  Status collect();
  Status check(const BlobId& id);
  void count(const VerifyRecord& record);
  [[nodiscard]] std::uint64_t bad() const {
    return total_.mismatched + total_.missing + total_.unreadable;
  }
  Status append_batch();
  void check_archive();
  Result<StageReport> finish();
  [[nodiscard]] bool cancelled() const { return context_.cancelled.load(); }
  void tell_progress(std::uint64_t bytes_of_file) {
    context_.progress.update("verify", phase_, total_.checked, distinct_max_,
                             total_.bytes + bytes_of_file, 0);
  }

  StageContext& context_;
  const VerifyRequest& request_;
  const History& history_;
  ExternalSort<BlobId, std::less<>> blobs_;
  std::vector<char> buffer_;
  Sequence start_;
  Sequence first_start_;            // of the series; start_ when nothing is resumed
  std::uint64_t distinct_max_ = 0;  // names of blobs, repeated ones counted
  const char* phase_ = "listing blobs";
  std::optional<BlobId> previous_;  // the last one with a result; no smaller one needs another
  events::VerifyBatch batch_;
  events::VerifySuccess total_;
};

Status VerifyRun::collect() {
  const auto& loaded = *history_.loaded;
  events::GenerationRef ref;
  ref.medium = context_.emitter.medium();
  ref.manifest = {loaded.payload.manifest};
  ref.load_start = {loaded.payload.load};
  ref.load_success = loaded.seq;
  return read_generation(context_.log, ref, [this](const events::GenerationRow& row) -> Status {
    if (cancelled()) return stop_reading();
    if (row.copy == nullptr ||
        (row.copy->outcome != CopyOutcome::copied && row.copy->outcome != CopyOutcome::duplicate)) {
      return {};
    }
    distinct_max_ += row.copy->outcome == CopyOutcome::copied ? 1 : 0;
    return blobs_.add(row.copy->blob);
  });
}

Status VerifyRun::check(const BlobId& id) {
  if (cancelled()) return stop_reading();
  if (previous_ && id <= *previous_) return {};
  previous_ = id;
  const FileDigest found =
      digest_of(request_.store + "/" + blob_path(id), buffer_, [this](std::uint64_t bytes) {
        tell_progress(bytes);
        return !cancelled();
      });
  if (found.error_number == ECANCELED) return stop_reading();
  VerifyRecord record;
  record.blob = id;
  record.size = found.size;
  if (found.error_number == ENOENT || found.error_number == ENOTDIR) {
    record.outcome = VerifyOutcome::missing;
  } else if (found.error_number != 0) {
    record.outcome = VerifyOutcome::unreadable;
    record.error_message = events::errno_error("read", found.error_number).message;
  } else if (found.digest.bytes != id.bytes) {
    record.outcome = VerifyOutcome::mismatched;
    record.error_message = "its content is " + found.digest.hex();
  } else {
    record.outcome = VerifyOutcome::intact;
  }
  count(record);
  tell_progress(0);
  batch_.records.push_back(std::move(record));
  return batch_.records.size() < events::kBatchRecordsMax ? Status() : append_batch();
}

void VerifyRun::count(const VerifyRecord& record) {
  total_.checked += 1;
  total_.bytes += record.size;
  total_.missing += record.outcome == VerifyOutcome::missing ? 1 : 0;
  total_.unreadable += record.outcome == VerifyOutcome::unreadable ? 1 : 0;
  total_.mismatched += record.outcome == VerifyOutcome::mismatched ? 1 : 0;
}

Status VerifyRun::append_batch() {
  if (batch_.records.empty()) return {};
  events::EncodedBatch encoded = events::encode_verify_batch(batch_);
  events::VerifyBatchData data;
  data.verify = first_start_.value;
  data.count = batch_.records.size();
  data.digest = encoded.records_digest.hex();
  batch_.records.clear();
  auto appended = context_.emitter.emit(data, start_, std::move(encoded.attachment));
  if (!appended) return std::move(appended).error().within("verify_batch");
  return {};
}

void VerifyRun::check_archive() {
  if (!history_.archived) return;
  phase_ = "reading the archive";
  const events::ArchiveSuccess& recorded = history_.archived->payload;
  const FileDigest found = digest_of(recorded.path.bytes, buffer_, [this](std::uint64_t bytes) {
    tell_progress(bytes);
    return !cancelled();
  });
  total_.archive_intact = found.error_number == 0 && found.size == recorded.bytes &&
                          found.digest.hex() == recorded.blake3;
}

// What this attempt is about, with what earlier ones have found counted in.
Result<events::VerifyStart> VerifyRun::begin() {
  events::VerifyStart start;
  start.generation = total_.generation = history_.loaded->payload.generation;
  start.copy = total_.copy = history_.copied->seq.value;
  start.archive = total_.archive = history_.archived ? history_.archived->seq.value : 0;
  start.store.emplace().bytes = request_.store;
  auto recorded = read_recorded_checks(context_.log, context_.emitter.medium(), start);
  if (!recorded) return std::move(recorded).error();
  if (request_.force || !recorded->first_start) return start;
  start.resumes = recorded->first_start.value;
  for (const Sequence seq : recorded->batches) {
    auto attachment = context_.log.attachment(seq);
    if (!attachment) return std::move(attachment).error();
    auto batch = events::decode_verify_batch(*attachment);
    if (!batch) {
      return std::move(batch).error().within("attachment of event " + std::to_string(seq.value));
    }
    for (const VerifyRecord& record : batch->records) {
      count(record);
      previous_ = record.blob;
    }
  }
  if (bad() == 0) return start;
  // Damage may have been repaired since: everything is read again.
  total_.checked = total_.bytes = total_.mismatched = total_.missing = total_.unreadable = 0;
  previous_.reset();
  start.resumes.reset();
  return start;
}

Result<StageReport> VerifyRun::run() {
  auto start = begin();
  if (!start) return std::move(start).error();
  auto started = context_.emitter.emit(*start);
  if (!started) return std::move(started).error();
  start_ = *started;
  first_start_ = start->resumes ? Sequence{*start->resumes} : start_;

  Status checked = collect();
  if (checked) {
    phase_ = "reading blobs";
    checked = blobs_.for_each([this](const BlobId& id) { return check(id); });
  }
  if (checked) checked = append_batch();
  if (checked) check_archive();
  if (cancelled()) {
    if (auto kept = append_batch(); !kept) return std::move(kept).error();
    return StageReport{StageOutcome::interrupted,
                       "stopped after " + std::to_string(total_.checked) + " blobs",
                       {}};
  }
  if (checked) return finish();
  events::VerifyError error;
  error.error = "verify_failed";
  error.message = checked.error().message;
  auto ended = context_.emitter.emit(error, start_);
  if (!ended) return std::move(checked).error();  // the log itself is what failed
  return StageReport{StageOutcome::error, error.message, *ended};
}

// Mismatches do not make the stage fail: it did its work, and this is what it found.
Result<StageReport> VerifyRun::finish() {
  auto ended = context_.emitter.emit(total_, start_);
  if (!ended) return std::move(ended).error();
  std::string message = std::to_string(total_.checked) + " blobs, ";
  message += bad() == 0 ? "all intact"
                        : "FOUND DAMAGE: " + std::to_string(total_.mismatched) + " mismatched, " +
                              std::to_string(total_.missing) + " missing, " +
                              std::to_string(total_.unreadable) + " unreadable";
  if (total_.archive_intact) {
    message += *total_.archive_intact ? "; archive intact" : "; ARCHIVE DAMAGED";
  }
  const bool found_damage = bad() != 0 || !total_.archive_intact.value_or(true);
  return StageReport{StageOutcome::success, message, *ended, found_damage};
}

Result<StageReport> skip(StageContext& context, std::string reason, std::string message,
                         Sequence done_by) {
  events::VerifySkip skipped;
  skipped.reason = std::move(reason);
  skipped.message = std::move(message);
  skipped.done_by = done_by.value;
  auto seq = context.emitter.emit(skipped);
  if (!seq) return std::move(seq).error();
  return StageReport{StageOutcome::skip, skipped.message, *seq};
}

}  // namespace

Result<StageReport> run_verify(StageContext& context, const VerifyRequest& request) {
  auto history = read_history(context.log, context.emitter.medium());
  if (!history) return std::move(history).error();
  if (!history->loaded || !history->copied) {
    return skip(context, "nothing_copied", "the current generation is not copied", {});
  }
  const std::uint64_t archive = history->archived ? history->archived->seq.value : 0;
  const auto is_clean = [](const events::VerifySuccess& found) {
    return found.mismatched + found.missing + found.unreadable == 0 &&
           found.archive_intact.value_or(true);
  };
  // A claim that somebody verified it once is no reason not to look.
  const bool was_seen = history->verified && history->verified->origin == events::Origin::native;
  if (was_seen && !request.force && is_clean(history->verified->payload) &&
      history->verified->payload.copy == history->copied->seq.value &&
      history->verified->payload.archive == archive) {
    return skip(context, "already_done", "this copy and this archive are verified",
                history->verified->seq);
  }
  return VerifyRun(context, request, *history).run();
}

}  // namespace ntt::stages
