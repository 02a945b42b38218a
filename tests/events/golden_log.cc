// The events and records of the golden logs.

#include "golden_log.h"

#include "events/bytes.h"
#include "events/hash.h"
#include "events/payload.h"

namespace ntt::events {

namespace {

constexpr std::int64_t kFirstMicros = 1'760'133'663'000'000;  // 2025-10-10T22:01:03Z

template <class Fixed>
Fixed numbered(const std::string& text) {
  return Fixed::from_bytes(Blake3::of(text).view().substr(0, Fixed::kSize)).value();
}

std::string attachment_for(std::string_view type) {
  if (type == EnumBatchData::kType) return encode_entry_batch(golden_entries()).attachment;
  if (type == LoadBatchData::kType) return encode_load_batch(golden_decisions()).attachment;
  if (type == CopyBatchData::kType) return encode_copy_batch(golden_copies()).attachment;
  if (type == VerifyBatchData::kType) return encode_verify_batch(golden_verifications()).attachment;
  return "";
}

template <class Payload>
void add(std::vector<NewEvent>& events) {
  const std::size_t number = events.size() + 1;
  NewEvent event;
  event.id = numbered<EventId>("event " + std::to_string(number));
  event.type = Payload::kType;
  event.version = 1;
  event.medium = {number % 2 == 0 ? "carved_sda_20251013" : "af1349b9f5f9a1a6a0404dea36dcc949"};
  event.occurred_at = {kFirstMicros + static_cast<std::int64_t>(number) * 1'000'001};
  event.origin = static_cast<Origin>(1 + number % 3);
  event.run = numbered<RunId>("run " + std::to_string(number / 10));
  event.cause = {number / 2};
  event.actor = {"snowball", "pball", "ntt 0.1.0"};
  event.data = to_data(Payload{});
  event.attachment = attachment_for(event.type);
  events.push_back(std::move(event));
}

template <class... Payload>
std::vector<NewEvent> one_of_each(PayloadList<Payload...> /*list*/) {
  std::vector<NewEvent> events;
  (add<Payload>(events), ...);
  return events;
}

// Every type there was when the log was written.
using GoldenPayloads =
    PayloadList<MediumIdentified, MediumLabelled, Note, MapfileObserved,               //
                ImageStart, ImageSuccess, ImageError, ImageSkip,                       //
                EnumStart, EnumBatchData, EnumSuccess, EnumError, EnumSkip,            //
                LoadStart, LoadBatchData, LoadSuccess, LoadError, LoadSkip,            //
                CopyStart, CopyBatchData, CopySuccess, CopyError, CopySkip,            //
                ArchiveStart, ArchiveSuccess, ArchiveError, ArchiveSkip,               //
                VerifyStart, VerifyBatchData, VerifySuccess, VerifyError, VerifySkip,  //
                PipelineStart, PipelineDone, PipelineAbort,                            //
                Retraction, CleanupDone, CheckpointSigned>;

}  // namespace

std::vector<NewEvent> golden_events() {
  return one_of_each(GoldenPayloads{});
}

EntryBatch golden_entries() {
  EntryBatch batch{{3}, {8192}, {}};
  Entry root;
  root.type = EntryType::directory;
  root.inode = 2;
  root.link_count = 3;
  root.size = 4096;
  root.mode = 0755;
  batch.entries.push_back(root);
  Entry file;
  file.type = EntryType::file;
  file.device = 2049;
  file.inode = 4'294'967'297;
  file.link_count = 2;
  file.size = 1ULL << 40U;
  file.mode = 04644;
  file.uid = 1000;
  file.gid = 4'294'967'295U;
  file.modify_time = 1'760'133'663'123'456'789;
  file.access_time = -1;
  file.change_time = 1'760'133'664'000'000'000;
  file.birth_time = 0;
  file.path = std::string("names/\x1C\n\t\\ \xFF\xFE", 14);
  batch.entries.push_back(file);
  file.path += "2";
  batch.entries.push_back(file);
  Entry link;
  link.type = EntryType::symlink;
  link.inode = 5;
  link.path = "names/link";
  link.symlink_target = "../\xE9t\xE9";
  batch.entries.push_back(link);
  Entry deleted;
  deleted.allocated = false;
  deleted.path = "gone";
  batch.entries.push_back(deleted);
  Entry closed = root;
  closed.path = "closed";
  closed.error_number = 13;
  closed.error_message = "Permission denied";
  batch.entries.push_back(closed);
  return batch;
}

LoadBatch golden_decisions() {
  return {{{{1}, 0, std::nullopt}, {{2}, std::nullopt, Ordinal{1}}, {{9000}, 7, Ordinal{4}}}};
}

CopyBatch golden_copies() {
  const BlobId blob = numbered<BlobId>("blob");
  return {{{{1}, CopyOutcome::copied, blob, 5, FileErrorType::none, ""},
           {{2}, CopyOutcome::duplicate, blob, 5, FileErrorType::none, ""},
           {{70}, CopyOutcome::partial, {}, 4096, FileErrorType::io_error, "at offset 4096"},
           {{71}, CopyOutcome::failed, {}, 0, FileErrorType::permission_error, "denied"}}};
}

VerifyBatch golden_verifications() {
  BlobId first;
  first.bytes.fill(1);
  BlobId second;
  second.bytes.fill(2);
  return {{{first, VerifyOutcome::intact, 5, ""},
           {second, VerifyOutcome::unreadable, 0, "Input/output error"}}};
}

CopyBatch golden_copies_2() {
  CopyBatch batch = golden_copies();
  batch.records[0].processed_at = Timestamp{kFirstMicros};
  batch.records[0].mime_type = "text/plain";
  batch.records[1].processed_at = Timestamp{-1};
  batch.records[3].mime_type = "application/x-\xFF";
  return batch;
}

namespace {

Evidence golden_evidence() {
  Evidence evidence;
  evidence.database = "copyjob";
  evidence.counts = {{"inodes", "3"}, {"paths", "4"}};
  evidence.files = {{{"/raw/\xE9.raw"}, "missing", {}, {}},
                    {{"/archive/a.tar.zst"}, "whole", 412345, "2025-10-07T06:00:00.000000Z"}};
  evidence.times = {{"processed_at", "2025-10-05T12:00:00.250000Z", "chosen", "the least"},
                    {"table_batch", "2025-10-10T22:02:55.000000Z", "bound", ""}};
  evidence.dated_by = "processed_at";
  evidence.time_is = "upper_bound";
  evidence.conflicts = {"the table says otherwise"};
  return evidence;
}

template <class Payload>
void add_filled(std::vector<NewEvent>& events, const Payload& payload, Origin origin,
                std::string attachment = "") {
  const std::size_t number = events.size() + 1;
  NewEvent event;
  event.id = numbered<EventId>("event " + std::to_string(number) + " of log 2");
  event.type = Payload::kType;
  event.medium = {"da69350a5b27adf013e02994611cebc3"};
  event.occurred_at = {kFirstMicros + static_cast<std::int64_t>(number) * 1'000'001};
  event.origin = origin;
  event.run = numbered<RunId>("run of log 2");
  event.cause = {number / 2};
  event.actor = {"snowball", "pball", "ntt 0.1.0"};
  event.data = to_data(payload);
  event.attachment = std::move(attachment);
  events.push_back(std::move(event));
}

LegacyFields golden_line(std::uint64_t number, const std::string& text) {
  LegacyFields fields;
  fields.file.bytes = "/var/log/ntt/\xFF.jsonl";
  fields.line = number;
  fields.text.bytes = text;
  fields.time_basis = "offset";
  fields.time = "2025-10-10T15:41:03-07:00";
  fields.time_resolution = 1'000'000;
  fields.medium_from = "medium_hash";
  return fields;
}

}  // namespace

std::vector<NewEvent> golden_events_2() {
  std::vector<NewEvent> events;
  add_filled(events,
             LegacyClaim{golden_line(7, R"({"stage":"load_success"})"),
                         "load_success",
                         {{"stage", "load_success"}, {"inode_count", "1161"}}},
             Origin::imported);
  add_filled(events, LegacyLine{golden_line(8, "{\"cut"), "truncated", 70000}, Origin::imported);
  add_filled(events, LegacyMedium{"copyjob", {{"health", "ok"}, {"message", "Diary \u00e9"}}},
             Origin::backfilled);
  EnumStart enum_start;
  enum_start.source = {"legacy", {"/mnt/ntt/da69"}};
  enum_start.evidence = golden_evidence();
  add_filled(events, enum_start, Origin::backfilled);
  LoadError load_error;
  load_error.error = "no_rows";
  load_error.message = "its partition is empty";
  load_error.evidence = golden_evidence();
  add_filled(events, load_error, Origin::backfilled);
  LoadSuccess load;
  load.generation = 1;
  load.rules = {"pattern_match"};
  load.evidence = golden_evidence();
  add_filled(events, load, Origin::backfilled);
  CopyStart copy_start;
  copy_start.evidence = Evidence{};
  add_filled(events, copy_start, Origin::backfilled);
  CopyBatchData copies;
  copies.count = golden_copies_2().records.size();
  add_filled(events, copies, Origin::backfilled, encode_copy_batch(golden_copies_2()).attachment);
  CopySuccess copied;
  copied.files = 4;
  copied.evidence = golden_evidence();
  add_filled(events, copied, Origin::backfilled);
  ArchiveSuccess archived;
  archived.path.bytes = "/archive/a.tar.zst";
  archived.evidence = golden_evidence();
  add_filled(events, archived, Origin::backfilled);
  CleanupStart cleanup;
  cleanup.kind = "image";
  cleanup.path.bytes = "/img/\xE9.img";
  cleanup.bytes = 1474560;
  cleanup.why = "archived and verified";
  add_filled(events, cleanup, Origin::native);
  CleanupDone deleted;
  deleted.kind = "image";
  deleted.path = cleanup.path;
  deleted.bytes = cleanup.bytes;
  deleted.why = cleanup.why;
  add_filled(events, deleted, Origin::native);
  CleanupError refused;
  refused.error = "io";
  refused.message = "the directory is read-only";
  add_filled(events, refused, Origin::native);
  return events;
}

std::vector<NewEvent> golden_events_3() {
  constexpr std::size_t kEvents = 1500;
  constexpr std::int64_t kHour = 3'600'000'000;
  std::vector<NewEvent> events;
  for (std::size_t i = 0; i < kEvents; ++i) {
    LegacyClaim claim{golden_line(i + 1, "{}"), "load_success", {{"stage", "load_success"}}};
    if (i == 700) claim.text.bytes = std::string(40'000, 'x');  // in no pack with others
    add_filled(events, claim, Origin::imported);
    NewEvent& event = events.back();
    event.run = numbered<RunId>("run of the third log");
    event.medium = {i % 100 == 0 ? "" : "medium_" + std::to_string(i % 7)};
    // Bursts, hours apart, and now and then a clock that was set back.
    event.occurred_at = {kFirstMicros + static_cast<std::int64_t>(i / 120) * kHour +
                         static_cast<std::int64_t>(i % 120) * (i % 11 == 0 ? -1000 : 1000)};
    if (i % 400 != 399) continue;
    add_filled(events, LegacyLine{golden_line(i, "{"), "truncated", {}}, Origin::imported);
  }
  return events;
}

std::string listing_of(const Log& log) {
  std::string out;
  const auto scanned = log.scan({}, [&](const Event& event) {
    out += std::to_string(event.seq.value) + '\t' + to_uuid_string(event.id) + '\t' + event.type +
           '\t' + std::to_string(event.version) + '\t' + event.medium.text + '\t' +
           to_rfc3339(event.occurred_at) + '\t' + std::string(to_string(event.origin)) + '\t' +
           to_uuid_string(event.run) + '\t' + std::to_string(event.cause.value) + '\t' +
           event.actor.host + '\t' + event.actor.user + '\t' + event.actor.program + '\t' +
           event.data + '\t';
    if (event.has_attachment()) out += Blake3::of(log.attachment(event.seq).value()).hex();
    out += '\n';
    return true;
  });
  return scanned ? out : scanned.error().message;
}

}  // namespace ntt::events
