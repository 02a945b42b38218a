// Events as the stages write them.

#include "tests/projector/story.h"

#include "events/hash.h"
#include "events/limits.h"
#include "events/payload.h"

namespace ntt::tests {

using events::Entry;
using events::Sequence;

Entry file_entry(std::string path, std::uint64_t inode, std::uint64_t size) {
  Entry entry;
  entry.type = events::EntryType::file;
  entry.device = 7;
  entry.inode = inode;
  entry.link_count = 1;
  entry.size = size;
  entry.mode = 0644;
  entry.uid = 1000;
  entry.gid = 100;
  entry.modify_time = 1500000000123456789;
  entry.path = std::move(path);
  return entry;
}

Entry other_entry(events::EntryType type, std::string path, std::uint64_t inode) {
  Entry entry = file_entry(std::move(path), inode, 0);
  entry.type = type;
  return entry;
}

Entry synthetic_entry(std::uint64_t ordinal) {
  const std::string directory = "usr/share/documents/part-" + std::to_string(ordinal / 8);
  Entry entry = file_entry(directory, ordinal + 1, ordinal * 37 % 100000);
  entry.modify_time = 1500000000000000000 + static_cast<std::int64_t>(ordinal) * 1234567891;
  entry.access_time = entry.change_time = entry.modify_time;
  if (ordinal % 8 == 0) {
    entry.type = events::EntryType::directory;
  } else {
    entry.path += "/report-" + std::to_string(ordinal) + ".txt";
  }
  return entry;
}

Story::Story(events::Log& log, events::Clock& clock, const std::string& medium)
    : emitter_(log, clock, {medium}, events::new_run_id(clock), {"host", "user", "test"}) {}

Sequence Story::identify() {
  events::MediumIdentified facts;
  facts.recipe = "ntt/v1";
  facts.inputs = {"size=1474560"};
  facts.medium_human = "floppy";
  facts.source = {"image", {"/images/" + emitter_.medium().text + ".img"}};
  facts.size = 1474560;
  return emit(facts);
}

void Story::enumerate(const std::vector<std::vector<Entry>>& volumes) {
  manifest_ = emit(events::EnumStart{});
  entries_ = 0;
  events::EnumSuccess success;
  for (std::size_t volume = 0; volume < volumes.size(); ++volume) {
    events::EntryBatch batch;
    batch.volume = {static_cast<std::uint32_t>(volume)};
    batch.first_ordinal = {entries_};
    batch.entries = volumes[volume];
    auto encoded = events::encode_entry_batch(batch);
    emit(events::EnumBatchData{manifest_.value, batch.volume.value, entries_, batch.entries.size(),
                               encoded.records_digest.hex()},
         manifest_, std::move(encoded.attachment));
    entries_ += batch.entries.size();
    success.batches += 1;
    events::VolumeOutcome& outcome = success.volumes.emplace_back();
    outcome.volume = batch.volume.value;
    outcome.filesystem = "ext4";
    outcome.outcome = "enumerated";
    outcome.entries = batch.entries.size();
  }
  success.manifest = manifest_.value;
  success.entries = entries_;
  emit(success, manifest_);
}

void Story::enumerate(std::uint64_t count, const std::function<Entry(std::uint64_t)>& make) {
  manifest_ = emit(events::EnumStart{});
  entries_ = 0;
  while (entries_ < count) {
    events::EntryBatch batch;
    batch.first_ordinal = {entries_};
    const std::uint64_t end = std::min(count, entries_ + events::kBatchRecordsMax);
    for (std::uint64_t i = entries_; i < end; ++i) batch.entries.push_back(make(i));
    auto encoded = events::encode_entry_batch(batch);
    emit(events::EnumBatchData{manifest_.value, 0, entries_, batch.entries.size(),
                               encoded.records_digest.hex()},
         manifest_, std::move(encoded.attachment));
    entries_ = end;
  }
  events::EnumSuccess success;
  success.manifest = manifest_.value;
  success.entries = entries_;
  emit(success, manifest_);
}

Sequence Story::load(const std::vector<events::LoadDecision>& decisions,
                     const std::vector<std::string>& rules) {
  load_start_ = emit(events::LoadStart{manifest_.value, ""});
  if (!decisions.empty()) {
    auto encoded = events::encode_load_batch({decisions});
    emit(events::LoadBatchData{load_start_.value, decisions.size(), encoded.records_digest.hex()},
         load_start_, std::move(encoded.attachment));
  }
  events::LoadSuccess success;
  success.generation = ++generation_;
  success.load = load_start_.value;
  success.manifest = manifest_.value;
  success.path_count = entries_;
  success.rules = rules;
  load_ = emit(success, load_start_);
  outcomes_ = 0;
  return load_;
}

void Story::copy_begin() {
  events::CopyStart start;
  start.generation = generation_;
  start.load = load_.value;
  copy_start_ = emit(start);
}

void Story::copy_some(const std::vector<events::CopyRecord>& records) {
  auto encoded = events::encode_copy_batch({records});
  emit(events::CopyBatchData{generation_, load_.value, records.size(), 0,
                             encoded.records_digest.hex()},
       copy_start_, std::move(encoded.attachment));
  outcomes_ += records.size();
}

Sequence Story::copy_end() {
  events::CopySuccess success;
  success.generation = generation_;
  success.load = load_.value;
  success.files = outcomes_;
  copy_ = emit(success, copy_start_);
  return copy_;
}

Sequence Story::verify(const std::vector<events::VerifyRecord>& records) {
  events::VerifyStart start;
  start.generation = generation_;
  start.copy = copy_.value;
  const Sequence begun = emit(start);
  auto encoded = events::encode_verify_batch({records});
  emit(events::VerifyBatchData{begun.value, records.size(), encoded.records_digest.hex()}, begun,
       std::move(encoded.attachment));
  events::VerifySuccess success;
  success.generation = generation_;
  success.copy = copy_.value;
  success.checked = records.size();
  return emit(success, begun);
}

events::CopyRecord Story::stored(std::uint64_t ordinal, std::uint64_t size) {
  events::CopyRecord record;
  record.ordinal = {ordinal};
  record.outcome = events::CopyOutcome::copied;
  record.blob = *events::BlobId::from_bytes(events::Blake3::of(std::to_string(ordinal)).view());
  record.size_read = size;
  return record;
}

events::CopyRecord Story::duplicate(std::uint64_t ordinal, const events::BlobId& blob) {
  events::CopyRecord record = stored(ordinal);
  record.outcome = events::CopyOutcome::duplicate;
  record.blob = blob;
  return record;
}

events::CopyRecord Story::failed(std::uint64_t ordinal, events::CopyOutcome outcome,
                                 events::FileErrorType type, std::string message) {
  events::CopyRecord record;
  record.ordinal = {ordinal};
  record.outcome = outcome;
  record.error_type = type;
  record.error_message = std::move(message);
  return record;
}

}  // namespace ntt::tests
