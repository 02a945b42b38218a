// Batches, digests and the comparison with what an interrupted attempt recorded.

#include "stages/manifest_writer.h"

#include <utility>

#include "events/limits.h"

namespace ntt::stages {

namespace {

// A batch ends early when its strings grow beyond this, so that it unpacks within the limits.
constexpr std::size_t kBatchStringBytesMax = 16U << 20U;

using events::EnumBatchData;

}  // namespace

Result<RecordedManifest> read_recorded_manifest(const events::Log& log,
                                                const events::MediumId& medium,
                                                events::Sequence manifest) {
  RecordedManifest recorded;
  recorded.manifest = manifest;
  events::Filter filter;
  filter.medium = medium;
  filter.type_glob = EnumBatchData::kType;
  filter.first = manifest;
  bool whole = true;
  Status status;
  auto scanned = log.scan(filter, [&](const events::Event& event) {
    auto data = events::payload_of<EnumBatchData>(event);
    if (!data) {
      status = std::move(data).error().within("event " + std::to_string(event.seq.value));
      return false;
    }
    if (data->manifest != manifest.value) return true;
    whole = whole && data->first_ordinal == recorded.entries;
    recorded.entries += data->count;
    recorded.batches.push_back({event.seq, std::move(*data)});
    return true;
  });
  if (!scanned) return std::move(scanned).error();
  if (!status) return std::move(status).error();
  if (!whole) return RecordedManifest{};
  return recorded;
}

ManifestWriter::ManifestWriter(StageContext& context, events::Sequence start,
                               const RecordedManifest& recorded)
    : context_(context),
      start_(start),
      recorded_(recorded),
      manifest_(recorded.manifest ? recorded.manifest : start) {
  batch_.entries.reserve(events::kBatchRecordsMax);
  full_batch_.entries.reserve(events::kBatchRecordsMax);
}

Status ManifestWriter::entries(VolumeIndex volume, std::span<const Entry> entries) {
  for (const Entry& entry : entries) {
    if (auto added = add(volume, entry); !added) return added;
  }
  context_.progress.update("enum", "reading volume " + std::to_string(volume.value),
                           totals_.entries, 0, totals_.bytes, 0);
  return {};
}

Status ManifestWriter::add(VolumeIndex volume, const Entry& entry) {
  const std::size_t strings =
      entry.path.size() + entry.symlink_target.size() + entry.error_message.size();
  const bool full = batch_.entries.size() == events::kBatchRecordsMax ||
                    batch_bytes_ + strings > kBatchStringBytesMax;
  if (!batch_.entries.empty() && (full || batch_.volume != volume)) {
    if (auto flushed = flush(); !flushed) return flushed;
  }
  batch_.volume = volume;
  batch_.entries.push_back(entry);
  batch_bytes_ += strings;
  VolumeOutcome& counts = counts_[volume];
  totals_.entries += 1;
  counts.entries += 1;
  if (entry.type == events::EntryType::file) {
    totals_.bytes += entry.size;
    counts.bytes += entry.size;
  }
  if (entry.error_number != 0 || !entry.error_message.empty()) {
    totals_.unreadable_entries += 1;
    counts.unreadable += 1;
  }
  return {};
}

Status ManifestWriter::volume_done(const VolumeOutcome& outcome) {
  if (auto flushed = flush(); !flushed) return flushed;
  VolumeOutcome counted = outcome;
  const VolumeOutcome& counts = counts_[VolumeIndex{outcome.volume}];
  counted.entries = counts.entries;
  counted.bytes = counts.bytes;
  counted.unreadable = counts.unreadable;
  volumes_.push_back(std::move(counted));
  return {};
}

Status ManifestWriter::halt(WalkStop why, const char* message) {
  stop_ = why;
  return events::Error{events::Errc::conflict, message};
}

Status ManifestWriter::finish() {
  return writing_.valid() ? writing_.get() : Status();
}

// Hands the batch to the writing thread once that is done with the one before.
Status ManifestWriter::flush() {
  if (batch_.entries.empty()) return {};
  if (auto written = finish(); !written) return written;
  batch_.first_ordinal.value = totals_.entries - batch_.entries.size();
  std::swap(batch_, full_batch_);
  batch_.entries.clear();
  batch_bytes_ = 0;
  writing_ = std::async(std::launch::async, [this] { return write_batch(); });
  return {};
}

Status ManifestWriter::write_batch() {
  events::EncodedBatch encoded = events::encode_entry_batch(full_batch_);
  EnumBatchData data;
  data.manifest = manifest_.value;
  data.volume = full_batch_.volume.value;
  data.first_ordinal = full_batch_.first_ordinal.value;
  data.count = full_batch_.entries.size();
  data.digest = encoded.records_digest.hex();
  if (auto written = write(data, std::move(encoded.attachment)); !written) return written;
  batches_ += 1;
  if (context_.cancelled) return halt(WalkStop::cancelled, "cancelled");
  return {};
}

Status ManifestWriter::write(EnumBatchData data, std::string attachment) {
  if (batches_ < recorded_.batches.size()) {
    const EnumBatchData& recorded = recorded_.batches[batches_].data;
    if (data != recorded) {
      auto same = is_same_but_for_access(recorded_.batches[batches_], data);
      if (!same) return std::move(same).error();
      if (!*same) return halt(WalkStop::source_changed, "the source has changed");
    }
    data = recorded;
  } else {
    auto emitted = context_.emitter.emit(data, start_, std::move(attachment));
    if (!emitted) {
      stop_ = WalkStop::log_failed;
      return std::move(emitted).error();
    }
  }
  const auto digest = events::Blake3Digest::from_hex(data.digest);
  if (!digest) {
    return events::Error{events::Errc::corruption, "a batch of the manifest has no digest"};
  }
  digest_.update(digest->view());
  return {};
}

// Access times change by the walk itself: reading a symbolic link sets its own. What the first
// attempt saw stands.
Result<bool> ManifestWriter::is_same_but_for_access(const RecordedBatch& recorded,
                                                    const EnumBatchData& data) const {
  if (data.volume != recorded.data.volume || data.count != recorded.data.count) return false;
  auto attachment = context_.log.attachment(recorded.seq);
  if (!attachment) return std::move(attachment).error();
  auto batch = events::decode_entry_batch(*attachment);
  if (!batch) return std::move(batch).error();
  if (batch->entries.size() != full_batch_.entries.size()) return false;
  for (std::size_t i = 0; i < full_batch_.entries.size(); ++i) {
    batch->entries[i].access_time = full_batch_.entries[i].access_time;
  }
  return batch->entries == full_batch_.entries;
}

events::EnumSuccess ManifestWriter::summary() const {
  events::EnumSuccess summary = totals_;
  summary.manifest = manifest_.value;
  summary.manifest_digest = digest_.digest().hex();
  summary.batches = batches_;
  summary.volumes = volumes_;
  return summary;
}

}  // namespace ntt::stages
