// ManifestWriter turns a walk into enum_batch events: columns of up to 8192 entries, one volume
// each, with a running digest.
//
// When a manifest is resumed the source is walked from its beginning. As long as the walk gives
// the batches that the log already holds (access times apart), nothing is written; from the first
// batch beyond them on, it is. A batch that differs means that the source has changed.

#pragma once

#include <future>
#include <map>
#include <vector>

#include "events/hash.h"
#include "events/payload.h"
#include "stages/source.h"
#include "stages/stage.h"

namespace ntt::stages {

struct RecordedBatch {
  events::Sequence seq;
  events::EnumBatchData data;
};

// The manifest as far as the log has it.
struct RecordedManifest {
  events::Sequence manifest;  // its enum_start; 0: none
  std::uint64_t entries = 0;
  std::vector<RecordedBatch> batches;  // in order of ordinal
};

// The batches of a manifest. They are whole when each begins where the one before it ended;
// otherwise (a batch was retracted) the result is an empty manifest, which nothing can resume.
Result<RecordedManifest> read_recorded_manifest(const events::Log& log,
                                                const events::MediumId& medium,
                                                events::Sequence manifest);

// Why a walk was stopped by its sink.
enum class WalkStop {
  none,
  cancelled,       // the operator asked
  source_changed,  // a batch differs from the recorded one
  log_failed,      // an append failed: the error of the walk is the log's
};

class ManifestWriter final : public EntrySink {
 public:
  // `start` is the enum_start of this attempt. All arguments must outlive the writer.
  ManifestWriter(StageContext& context, events::Sequence start, const RecordedManifest& recorded);

  Status entries(VolumeIndex volume, std::span<const Entry> entries) override;
  Status volume_done(const VolumeOutcome& outcome) override;
  // After the walk, whether it succeeded or not: returns when the last batch is in the log.
  Status finish();

  // What follows is for after finish(). Whether all that was recorded was met again.
  [[nodiscard]] bool met_all_recorded() const { return batches_ >= recorded_.batches.size(); }
  [[nodiscard]] WalkStop stop() const { return stop_; }
  // Totals, digest and volumes; `source` is left to the caller.
  [[nodiscard]] events::EnumSuccess summary() const;

 private:
  Status add(VolumeIndex volume, const Entry& entry);
  Status flush();
  Status write_batch();
  Status write(events::EnumBatchData data, std::string attachment);
  [[nodiscard]] Result<bool> is_same_but_for_access(const RecordedBatch& recorded,
                                                    const events::EnumBatchData& data) const;
  Status halt(WalkStop why, const char* message);

  StageContext& context_;
  events::Sequence start_;
  const RecordedManifest& recorded_;
  events::Sequence manifest_;
  events::EntryBatch batch_;     // being filled
  std::size_t batch_bytes_ = 0;  // of paths, link targets and messages
  std::vector<VolumeOutcome> volumes_;
  std::map<VolumeIndex, VolumeOutcome> counts_;  // of each volume so far
  events::EnumSuccess totals_;

  // The batch before is encoded and appended by a thread of its own while the next one is filled.
  // What follows is that thread's as long as it runs; at its end, finish() or the next flush().
  events::EntryBatch full_batch_;
  std::uint64_t batches_ = 0;
  events::Blake3 digest_;
  WalkStop stop_ = WalkStop::none;
  std::future<Status> writing_;  // last: its destructor waits
};

}  // namespace ntt::stages
