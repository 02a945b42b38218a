// The load stage: a manifest becomes a generation.
//
// Only decisions that say something are recorded. An interrupted load starts over: the load_batch
// events of the broken attempt name its load_start, which no load_success ever names.

#include "stages/load.h"

#include "events/generation.h"
#include "events/hash.h"
#include "events/limits.h"
#include "stages/history.h"
#include "stages/inode_fold.h"
#include "stages/manifest_writer.h"

namespace ntt::stages {

namespace {

using events::Errc;
using events::Error;
using events::LoadBatchData;
using events::LoadError;
using events::LoadSkip;
using events::LoadStart;
using events::LoadSuccess;
using events::Sequence;

constexpr std::uint64_t kProgressEvery = 8192;

// One attempt at one manifest. Not thread-safe.
class Loader {
 public:
  Loader(StageContext& context, const LoadRequest& request, const History& history)
      : context_(context),
        request_(request),
        history_(history),
        manifest_(history.enumerated->payload),
        fold_(request.temporary_directory) {}

  Result<StageReport> run();

 private:
  Status check_manifest();
  Status read_entries();
  Status write_decisions();
  Status write_batch();
  [[nodiscard]] Status stop_if_cancelled() const;
  Result<StageReport> conclude(const Status& status);
  Result<StageReport> succeed();

  StageContext& context_;
  const LoadRequest& request_;
  const History& history_;
  const events::EnumSuccess& manifest_;
  InodeFold fold_;
  Sequence start_;
  events::LoadBatch batch_;
  bool log_failed_ = false;
};

Status Loader::stop_if_cancelled() const {
  if (context_.cancelled) return Error{Errc::conflict, "cancelled"};
  return {};
}

// What enum_success says of the batches against the batches themselves; that each batch holds what
// its own digest says is checked where it is read.
Status Loader::check_manifest() {
  auto recorded =
      read_recorded_manifest(context_.log, context_.emitter.medium(), Sequence{manifest_.manifest});
  if (!recorded) return std::move(recorded).error();
  events::Blake3 digest;
  for (const RecordedBatch& batch : recorded->batches) {
    const auto batch_digest = events::Blake3Digest::from_hex(batch.data.digest);
    if (!batch_digest) return Error{Errc::corruption, "a batch of the manifest has no digest"};
    digest.update(batch_digest->view());
  }
  if (recorded->entries != manifest_.entries || recorded->batches.size() != manifest_.batches ||
      digest.digest().hex() != manifest_.manifest_digest) {
    return Error{Errc::corruption,
                 "the manifest is not whole: enum_success names " +
                     std::to_string(manifest_.entries) + " entries in " +
                     std::to_string(manifest_.batches) + " batches, the log has " +
                     std::to_string(recorded->entries) + " in " +
                     std::to_string(recorded->batches.size()) + "; enumerate again with --force"};
  }
  return {};
}

Status Loader::read_entries() {
  events::GenerationRef ref;
  ref.medium = context_.emitter.medium();
  ref.manifest = Sequence{manifest_.manifest};
  return events::read_generation(
      context_.log, ref, [&](const events::GenerationRow& row) -> Status {
        if (row.ordinal.value % kProgressEvery == 0) {
          context_.progress.update("load", "reading the manifest", row.ordinal.value,
                                   manifest_.entries, 0, 0);
          if (auto going_on = stop_if_cancelled(); !going_on) return going_on;
        }
        return fold_.add(row, request_.rules.match(row.entry->path));
      });
}

Status Loader::write_decisions() {
  auto written = fold_.for_each_decision([&](const events::LoadDecision& decision) -> Status {
    batch_.decisions.push_back(decision);
    return batch_.decisions.size() == events::kBatchRecordsMax ? write_batch() : Status{};
  });
  return written ? write_batch() : written;
}

Status Loader::write_batch() {
  if (batch_.decisions.empty()) return {};
  if (auto going_on = stop_if_cancelled(); !going_on) return going_on;
  events::EncodedBatch encoded = events::encode_load_batch(batch_);
  LoadBatchData data;
  data.load = start_.value;
  data.count = batch_.decisions.size();
  data.digest = encoded.records_digest.hex();
  batch_.decisions.clear();
  auto emitted = context_.emitter.emit(data, start_, std::move(encoded.attachment));
  if (emitted) return {};
  log_failed_ = true;
  return std::move(emitted).error();
}

Result<StageReport> Loader::succeed() {
  const FoldTotals& totals = fold_.totals();
  LoadSuccess success;
  success.generation = history_.generations + 1;
  success.load = start_.value;
  success.manifest = manifest_.manifest;
  success.manifest_digest = manifest_.manifest_digest;
  success.inode_count = totals.inodes;
  success.path_count = totals.paths;
  success.excluded_count = totals.excluded;
  success.file_count = totals.files;
  success.file_bytes = totals.file_bytes;
  success.non_file_count = totals.non_files;
  success.rules = request_.rules.rules();
  success.rules_digest = request_.rules.digest();
  auto event = context_.emitter.emit(success, start_);
  if (!event) return std::move(event).error();
  return StageReport{StageOutcome::success,
                     "generation " + std::to_string(success.generation) + ": " +
                         std::to_string(totals.paths) + " paths, " + std::to_string(totals.inodes) +
                         " inodes, " + std::to_string(totals.excluded) + " excluded",
                     *event};
}

Result<StageReport> Loader::conclude(const Status& status) {
  if (status) return succeed();
  if (log_failed_) return Error(status.error());
  if (context_.cancelled) {
    return StageReport{StageOutcome::interrupted, "stopped; a later run loads again", {}};
  }
  const LoadError failure{
      {status.error().code == Errc::corruption ? "manifest_not_whole" : "load_failed",
       status.error().message}};
  auto event = context_.emitter.emit(failure, start_);
  if (!event) return std::move(event).error();
  return StageReport{StageOutcome::error, failure.message, *event};
}

Result<StageReport> Loader::run() {
  auto start = context_.emitter.emit(LoadStart{manifest_.manifest, request_.rules.digest()});
  if (!start) return std::move(start).error();
  start_ = *start;
  Status status = check_manifest();
  if (status) status = read_entries();
  if (status) status = write_decisions();
  return conclude(status);
}

Result<StageReport> fail_without_manifest(StageContext& context, const LoadRequest& request) {
  auto start = context.emitter.emit(LoadStart{0, request.rules.digest()});
  if (!start) return std::move(start).error();
  const LoadError failure{{"no_manifest", "the medium has not been enumerated: run enum first"}};
  auto event = context.emitter.emit(failure, *start);
  if (!event) return std::move(event).error();
  return StageReport{StageOutcome::error, failure.message, *event};
}

bool is_done(const History& history, const LoadRequest& request) {
  return history.loaded &&
         history.loaded->payload.manifest == history.enumerated->payload.manifest &&
         history.loaded->payload.rules_digest == request.rules.digest();
}

}  // namespace

Result<StageReport> run_load(StageContext& context, const LoadRequest& request) {
  auto history = read_history(context.log, context.emitter.medium());
  if (!history) return std::move(history).error();
  if (!history->enumerated) return fail_without_manifest(context, request);
  if (!request.force && is_done(*history, request)) {
    LoadSkip skip;
    skip.reason = "already_done";
    skip.message = "this manifest is loaded as generation " +
                   std::to_string(history->loaded->payload.generation);
    skip.done_by = history->loaded->seq.value;
    auto event = context.emitter.emit(skip);
    if (!event) return std::move(event).error();
    return StageReport{StageOutcome::skip, skip.message, *event};
  }
  return Loader(context, request, *history).run();
}

}  // namespace ntt::stages
