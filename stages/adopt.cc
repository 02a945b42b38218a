// The events in the order of the pipeline, around one pass over the rows. What the log has already
// is met again by its id and adds nothing.

#include "stages/adopt.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <set>

#include "events/bytes.h"
#include "events/emitter.h"
#include "events/hash.h"
#include "events/retractions.h"
#include "stages/adopt_pass.h"
#include "stages/archive_file.h"
#include "stages/blob_store.h"
#include "stages/manifest_writer.h"

namespace ntt::stages {

namespace {

using events::Errc;
using events::Error;
using events::Evidence;
using events::EvidenceFile;
using events::Sequence;

// What the pass counts beside, and what tells attempts apart.
constexpr const char* kPathsWithoutInode = "paths without an inode";
constexpr const char* kInodesWithoutPath = "inodes without a path";
constexpr const char* kAttempt = "attempt";
constexpr const char* kOutcomes = "digest of outcomes";
constexpr const char* kContradicts = "contradicts event";

// A file as it lies there.
EvidenceFile look_at(const std::string& path) {
  EvidenceFile file{{path}, "missing", {}, {}};
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return file;
  file.found = "present";
  file.bytes = static_cast<std::uint64_t>(status.st_size);
  const Timestamp at{status.st_mtim.tv_sec * 1'000'000 + status.st_mtim.tv_nsec / 1000};
  if (at.is_writable()) file.modified = events::to_rfc3339(at);
  return file;
}

std::optional<Timestamp> modified(const EvidenceFile& file) {
  if (!file.modified) return std::nullopt;
  auto at = events::parse_timestamp(*file.modified);
  return at ? std::optional(*at) : std::nullopt;
}

Evidence evidence_of(const std::string& database, const Dated& dated) {
  Evidence evidence;
  evidence.database = database;
  evidence.times = dated.times;
  evidence.dated_by = dated.dated_by;
  evidence.time_is = dated.time_is;
  evidence.conflicts = dated.conflicts;
  return evidence;
}

// Of an event that is dated by what it begins.
Evidence undated(const std::string& database, std::map<std::string, std::string> counts) {
  Evidence evidence;
  evidence.database = database;
  evidence.counts = std::move(counts);
  evidence.time_is = "unknown";
  return evidence;
}

// An event of an earlier adoption that counts.
template <class Payload>
struct Adopted {
  Sequence seq;
  Timestamp at;
  Payload payload;
};

struct AdoptedBefore {
  bool is_native = false;  // a native load that counts
  std::vector<Adopted<events::EnumStart>> starts;
  std::set<std::uint64_t> manifests;  // that have an enum_success
  std::uint64_t attempts = 0;         // enum_start events, retracted ones too
  std::optional<Adopted<events::LoadSuccess>> load;
  std::optional<Adopted<events::CopySuccess>> copy;
  std::optional<Adopted<events::ArchiveSuccess>> archive;
  std::vector<events::Event> errors;                 // copy_error, archive_error
  std::map<std::uint64_t, std::uint64_t> retracted;  // seq: by what
};

template <class Payload>
Result<Adopted<Payload>> adopted(const events::Event& event) {
  auto payload = events::payload_of<Payload>(event);
  if (!payload) return std::move(payload).error();
  return Adopted<Payload>{event.seq, event.occurred_at, std::move(*payload)};
}

Status take_adopted(const events::Event& event, AdoptedBefore& before) {
  const auto keep = [&event](auto& last) -> Status {
    auto read = adopted<decltype(last->payload)>(event);
    if (!read) return std::move(read).error();
    last = std::move(*read);
    return {};
  };
  if (event.type == events::EnumStart::kType) {
    auto start = adopted<events::EnumStart>(event);
    if (!start) return std::move(start).error();
    before.starts.push_back(std::move(*start));
  } else if (event.type == events::EnumSuccess::kType) {
    auto success = events::payload_of<events::EnumSuccess>(event);
    if (!success) return std::move(success).error();
    before.manifests.insert(success->manifest);
  } else if (event.type == events::LoadSuccess::kType) {
    return keep(before.load);
  } else if (event.type == events::CopySuccess::kType) {
    return keep(before.copy);
  } else if (event.type == events::ArchiveSuccess::kType) {
    return keep(before.archive);
  } else if (event.type == events::CopyError::kType || event.type == events::ArchiveError::kType) {
    before.errors.push_back(event);
  }
  return {};
}

Result<AdoptedBefore> read_before(const events::Log& log, const events::MediumId& medium) {
  events::Filter filter;
  filter.medium = medium;
  filter.batches = false;
  events::Retractions retractions;
  std::vector<events::Event> inferred;
  AdoptedBefore before;
  std::vector<Sequence> native_loads;
  auto scanned = log.scan(filter, [&](const events::Event& event) {
    retractions.add(event);
    if (event.origin == events::Origin::native) {
      if (event.type == events::LoadSuccess::kType) native_loads.push_back(event.seq);
    } else if (event.origin == events::Origin::backfilled) {
      before.attempts += event.type == events::EnumStart::kType ? 1 : 0;
      inferred.push_back(event);
    }
    return true;
  });
  if (!scanned) return std::move(scanned).error();
  before.retracted = retractions.in_force();
  for (const Sequence seq : native_loads) {
    before.is_native = before.is_native || !before.retracted.contains(seq.value);
  }
  for (const events::Event& event : inferred) {
    if (before.retracted.contains(event.seq.value)) continue;
    if (auto taken = take_adopted(event, before); !taken) return std::move(taken).error();
  }
  return before;
}

class Adoption {
 public:
  Adoption(const AdoptContext& context, const AdoptRequest& request, LegacyRows& rows)
      : context_(context),
        request_(request),
        rows_(rows),
        emitter_(context.log, context.clock, request.medium, context.run, context.actor),
        now_(context.log, context.clock, request.medium, context.run, context.actor),
        stage_{context.log, emitter_, context.clock, context.progress, context.cancelled} {}

  Result<AdoptReport> run();

 private:
  // An enum_start, and as much of its manifest as the log has.
  struct Manifest {
    Sequence start;
    events::EnumStart payload;
    RecordedManifest recorded;
  };
  Status look();
  [[nodiscard]] bool is_as_before() const;
  Status adopt_row();
  Status adopt_rows();
  Status tell_of_no_rows();
  Result<Manifest> begin_manifest();
  Status abandon(Sequence start);
  Status emit_load(const Manifest& manifest, const events::EnumSuccess& summary,
                   const AdoptPass& pass);
  Status emit_copy(const AdoptPass& pass);
  Status emit_copy_success(const AdoptPass& pass, Sequence start, Evidence evidence);
  Status emit_copy_error(const AdoptPass& pass, Sequence start, Evidence evidence);
  Status deposit_empty_blob(const AdoptTotals& totals);
  Status adopt_archive();
  [[nodiscard]] bool is_known_whole() const;
  Status emit_archive(const Dated& dated, Timestamp at, const Result<ArchiveContents>& contents);
  Status supersede(const char* error_type, Sequence by, Sequence its_start);
  void tell(const char* what) { context_.progress.update("backfill", what, 0, 0, 0, 0); }
  void stop(AdoptOutcome outcome, std::string why) {
    report_.outcome = outcome;
    report_.why = std::move(why);
    is_over_ = true;
  }
  void stop_as_changed(Sequence seq, const std::string& what) {
    const std::string event = std::to_string(seq.value);
    stop(AdoptOutcome::changed, "event " + event + " adopted it; since then " + what +
                                    ": `ntt retract " + event +
                                    " --why TEXT`, then run this again");
  }
  // A retracted event that is met again stays retracted.
  void check_withdrawn(Sequence seq) {
    const auto found = before_.retracted.find(seq.value);
    if (found == before_.retracted.end()) return;
    const std::string by = std::to_string(found->second);
    stop(AdoptOutcome::withdrawn,
         "event " + std::to_string(seq.value) + " was retracted by event " + by +
             ", and the evidence is the same; `ntt retract " + by + " --why TEXT` takes that back");
  }
  template <class Payload>
  Result<Sequence> emit_at(Timestamp at, const Payload& payload, Sequence cause = {},
                           std::string attachment = {}) {
    emitter_.backfill_at(at);
    return emitter_.emit(payload, cause, std::move(attachment));
  }
  Status emit_batches(const BatchSpool& spool,
                      const std::function<Result<Sequence>(SpooledBatch&)>& emit);

  const AdoptContext& context_;
  const AdoptRequest& request_;
  LegacyRows& rows_;
  events::Emitter emitter_;
  events::Emitter now_;  // for what is done here and now
  StageContext stage_;
  AdoptedBefore before_;
  StoreCheck store_;
  EvidenceFile archive_;
  DatedPair dated_;
  Timestamp load_at_;
  Timestamp copy_at_;
  Evidence load_evidence_;
  std::uint64_t attempts_ = 0;  // before_.attempts and those that were begun here
  Sequence load_seq_;
  std::uint32_t generation_ = 1;
  AdoptReport report_;
  bool is_over_ = false;
};

// -- What is there --------------------------------------------------------------------------------

Status Adoption::look() {
  auto before = read_before(context_.log, request_.medium);
  if (!before) return std::move(before).error();
  before_ = std::move(*before);
  attempts_ = before_.attempts;
  TimesFound times = request_.times;
  if (!request_.archive_path.empty()) {
    archive_ = look_at(request_.archive_path);
    report_.archive = archive_.found;
    times.archive_written = modified(archive_);
  }
  dated_ = date(times);
  load_at_ = dated_.load.at.value_or(Timestamp{});
  // What nothing dates stands where it cannot come before what it needs.
  copy_at_ = std::max(dated_.copy.at.value_or(load_at_), load_at_);
  load_evidence_ = evidence_of(request_.database, dated_.load);
  load_evidence_.counts = request_.counts;
  if (!request_.raw_path.empty()) load_evidence_.files.push_back(look_at(request_.raw_path));
  report_.load = dated_.load;
  report_.copy = dated_.copy;
  return store_.open(request_.by_hash_root);
}

// Whether the adoption that counts is of these rows and this time. What else was looked at may have
// changed since: a .raw file may be gone.
bool Adoption::is_as_before() const {
  if (!before_.load->payload.evidence) return false;
  Evidence known = *before_.load->payload.evidence;
  known.counts.erase(kPathsWithoutInode);
  known.counts.erase(kInodesWithoutPath);
  return known.counts == load_evidence_.counts && known.time_is == load_evidence_.time_is &&
         known.dated_by == load_evidence_.dated_by && before_.load->at == load_at_;
}

Status Adoption::adopt_row() {
  auto emitted = emit_at(request_.added_at.value_or(Timestamp{}),
                         events::LegacyMedium{request_.database, request_.row});
  if (!emitted) return std::move(emitted).error();
  return {};
}

// The tables have no rows, or inodes that no path leads to. Where somebody says that it was loaded,
// that is told.
Status Adoption::tell_of_no_rows() {
  const std::string why = request_.inodes > 0      ? "it has no path in the table path"
                          : request_.has_partition ? "its partition of the table inode is empty"
                                                   : "it has no partition in the table inode";
  stop(AdoptOutcome::not_loaded, why);
  const bool was_tried = request_.has_partition || !dated_.load.times.empty();
  report_.load = report_.copy = {};
  if (!was_tried) return {};
  events::LoadError error;
  error.error = request_.has_partition ? "no_rows" : "no_partition";
  error.message = why + ": take its source in again with `ntt run`";
  error.evidence = load_evidence_;
  if (dated_.load.dated_by == "legacy_log" || dated_.load.dated_by == "table") {
    error.evidence->conflicts.push_back(dated_.load.dated_by + " says that it was loaded");
    report_.conflicts.push_back(error.evidence->conflicts.back() + "; " + why);
  }
  auto emitted = emit_at(load_at_, error);
  if (!emitted) return std::move(emitted).error();
  return {};
}

// -- The events -----------------------------------------------------------------------------------

// The manifest that an adoption of these rows began, or a new one.
Result<Adoption::Manifest> Adoption::begin_manifest() {
  for (auto start = before_.starts.rbegin(); start != before_.starts.rend(); ++start) {
    if (!start->payload.evidence) continue;
    auto counts = start->payload.evidence->counts;
    counts.erase(kAttempt);
    if (counts != request_.counts) continue;
    auto recorded = read_recorded_manifest(context_.log, request_.medium, start->seq);
    if (!recorded) return std::move(recorded).error();
    return Manifest{start->seq, start->payload, std::move(*recorded)};
  }
  Manifest manifest;
  manifest.payload.source = {"legacy", {}};
  if (request_.volumes.size() == 1) {
    manifest.payload.source.path.bytes = request_.volumes.front().root;
  }
  auto counts = request_.counts;
  if (attempts_ > 0) counts[kAttempt] = std::to_string(attempts_ + 1);
  manifest.payload.evidence = undated(request_.database, std::move(counts));
  auto start = emit_at(load_at_, manifest.payload);
  if (!start) return std::move(start).error();
  attempts_ += 1;
  manifest.start = manifest.recorded.manifest = *start;
  return manifest;
}

// A manifest that will never be whole, for the rows are others by now.
Status Adoption::abandon(Sequence start) {
  std::erase_if(before_.starts, [start](const auto& each) { return each.seq == start; });
  if (before_.manifests.contains(start.value)) return {};
  auto retracted = now_.emit(
      events::Retraction{start.value, "the rows changed while their adoption was interrupted"});
  if (!retracted) return std::move(retracted).error();
  return {};
}

Status Adoption::adopt_rows() {
  for (;;) {
    auto manifest = begin_manifest();
    if (!manifest) return std::move(manifest).error();
    auto pass = AdoptPass::create(stage_, store_, request_.temporary_directory, request_.paths);
    if (!pass) return std::move(pass).error();
    ManifestWriter writer(stage_, manifest->start, manifest->recorded);
    emitter_.backfill_at(load_at_);
    Status read = pass->run(rows_, request_.volumes, request_.database, writer);
    // Waits for the batch that is being written, come what may.
    if (auto finished = writer.finish(); read && !finished) read = std::move(finished);
    if (context_.cancelled) {
      report_.interrupted = true;
      return {};
    }
    const bool is_other = !manifest->recorded.manifest ||
                          writer.stop() == WalkStop::source_changed ||
                          (read && !writer.met_all_recorded());
    if (is_other && before_.load && before_.load->payload.manifest == manifest->start.value) {
      stop_as_changed(before_.load->seq, "its rows have changed");
      return {};
    }
    if (is_other) {
      if (auto abandoned = abandon(manifest->start); !abandoned) return abandoned;
      rows_.rewind();
      continue;
    }
    if (!read) return read;
    rows_.release();
    events::EnumSuccess summary = writer.summary();
    summary.source = manifest->payload.source;
    auto success = emit_at(load_at_, summary, manifest->start);
    if (!success) return std::move(success).error();
    const AdoptTotals& totals = pass->totals();
    report_.paths = totals.load.path_count;
    report_.excluded = totals.load.excluded_count;
    report_.files = totals.load.file_count;
    report_.stored = totals.copy.new_blobs;
    report_.failed = totals.copy.failed;
    report_.pending = totals.pending_files();
    report_.unverified = totals.unverified;
    if (auto loaded = emit_load(*manifest, summary, *pass); !loaded || is_over_) return loaded;
    return emit_copy(*pass);
  }
}

Status Adoption::emit_batches(const BatchSpool& spool,
                              const std::function<Result<Sequence>(SpooledBatch&)>& emit) {
  return spool.for_each([&](SpooledBatch& batch) -> Status {
    auto emitted = emit(batch);
    if (!emitted) return std::move(emitted).error();
    return {};
  });
}

Status Adoption::emit_load(const Manifest& manifest, const events::EnumSuccess& summary,
                           const AdoptPass& pass) {
  if (before_.load) {
    load_seq_ = before_.load->seq;
    generation_ = before_.load->payload.generation;
    return {};
  }
  tell("load");
  events::LoadSuccess load = pass.totals().load;
  std::string rules;
  for (const std::string& rule : load.rules) rules += (rules.empty() ? "" : "\n") + rule;
  load.rules_digest = events::Blake3::of(rules).hex();
  auto start = emit_at(load_at_, events::LoadStart{manifest.start.value, load.rules_digest});
  if (!start) return std::move(start).error();
  auto written = emit_batches(pass.decisions(), [&](SpooledBatch& batch) {
    return emit_at(load_at_, events::LoadBatchData{start->value, batch.records, batch.digest.hex()},
                   *start, std::move(batch.attachment));
  });
  if (!written) return written;
  load.generation = generation_;
  load.load = start->value;
  load.manifest = manifest.start.value;
  load.manifest_digest = summary.manifest_digest;
  load.evidence = load_evidence_;
  const auto count = [&load](const char* what, std::uint64_t number) {
    if (number > 0) load.evidence->counts[what] = std::to_string(number);
  };
  count(kPathsWithoutInode, pass.totals().paths_without_inode);
  count(kInodesWithoutPath, pass.totals().inodes_without_path);
  auto success = emit_at(load_at_, load, *start);
  if (!success) return std::move(success).error();
  load_seq_ = *success;
  check_withdrawn(*success);
  return {};
}

// An empty file has the content that its name says; the earlier system named it otherwise.
Status Adoption::deposit_empty_blob(const AdoptTotals& totals) {
  const events::BlobId empty = *events::BlobId::from_bytes(events::Blake3::of("").view());
  const bool is_needed = totals.needs_empty_blob && *store_.look_for(empty, 0) != '\0';
  if (!is_needed || request_.dry_run) return {};
  auto store = BlobStore::open(request_.by_hash_root);
  if (!store) return std::move(store).error();
  {
    BlobWriter writer(**store);
    writer.begin();
    auto deposit = writer.finish();
    if (!deposit) return std::move(deposit).error();
  }
  if (auto closed = (*store)->close_group({&empty, 1}); !closed) return closed;
  auto group = (*store)->publish();
  if (!group) return std::move(group).error();
  if (auto synced = (*store)->sync(); !synced) return synced;
  return (*store)->recorded(*group);
}

Status Adoption::emit_copy(const AdoptPass& pass) {
  const AdoptTotals& totals = pass.totals();
  const bool was_never_tried = totals.copy.files == 0 && dated_.copy.times.empty();
  if (was_never_tried && !totals.pending.empty()) {
    stop(AdoptOutcome::incomplete, "it was loaded and not copied");
    return {};
  }
  const bool is_whole = totals.pending.empty() && request_.ambiguous_id.empty();
  // What dates a complete copy does not date one that is not.
  if (!is_whole) copy_at_ = std::max(request_.times.last_processed.value_or(load_at_), load_at_);
  const std::string outcomes = pass.outcomes().digest().hex();
  std::map<std::string, std::string> counts = {{kOutcomes, outcomes}};
  if (before_.copy && before_.copy->payload.load == load_seq_.value) {
    const auto& known = before_.copy->payload.evidence;
    const bool is_same = known && known->counts.contains(kOutcomes) &&
                         known->counts.at(kOutcomes) == outcomes && before_.copy->at == copy_at_;
    if (is_whole && !is_same) {
      stop_as_changed(before_.copy->seq, "what became of its files, or when, has changed");
      return {};
    }
    if (is_whole) {
      report_.outcome = AdoptOutcome::complete;
      return supersede(events::CopyError::kType, before_.copy->seq, {});
    }
    // Whatever dates its files: it is told after what it contradicts.
    counts[kContradicts] = std::to_string(before_.copy->seq.value);
    copy_at_ = std::max(copy_at_, Timestamp{before_.copy->at.micros + 1});
  }
  if (auto deposited = deposit_empty_blob(totals); !deposited) return deposited;
  tell("copy");
  events::CopyStart begin;
  begin.generation = generation_;
  begin.load = load_seq_.value;
  begin.source = {"legacy", {}};
  begin.store.bytes = request_.by_hash_root;
  begin.evidence = undated(request_.database, counts);  // other outcomes are another attempt
  auto start = emit_at(copy_at_, begin);
  if (!start) return std::move(start).error();
  auto written = emit_batches(pass.outcomes(), [&](SpooledBatch& batch) {
    return emit_at(copy_at_,
                   events::CopyBatchData{generation_, load_seq_.value, batch.records, batch.bytes,
                                         batch.digest.hex()},
                   *start, std::move(batch.attachment));
  });
  if (!written) return written;
  Evidence evidence = evidence_of(request_.database, dated_.copy);
  evidence.counts = std::move(counts);
  evidence.counts["files"] = std::to_string(totals.copy.files + totals.pending_files());
  evidence.counts["blobs found in the store"] = std::to_string(totals.copy.new_blobs);
  evidence.counts["failed"] = std::to_string(totals.copy.failed);
  for (const auto& [why, files] : totals.pending) evidence.counts[why] = std::to_string(files);
  if (totals.unverified > 0) {
    evidence.counts["unverified content"] = std::to_string(totals.unverified);
  }
  evidence.files.push_back({{request_.by_hash_root}, "present", {}, {}});
  return is_whole ? emit_copy_success(pass, *start, std::move(evidence))
                  : emit_copy_error(pass, *start, std::move(evidence));
}

Status Adoption::emit_copy_success(const AdoptPass& pass, Sequence start, Evidence evidence) {
  events::CopySuccess success = pass.totals().copy;
  success.generation = generation_;
  success.load = load_seq_.value;
  success.evidence = std::move(evidence);
  auto emitted = emit_at(copy_at_, success, start);
  if (!emitted) return std::move(emitted).error();
  report_.outcome = AdoptOutcome::complete;
  if (auto done = supersede(events::CopyError::kType, *emitted, start); !done) return done;
  check_withdrawn(*emitted);
  return {};
}

Status Adoption::emit_copy_error(const AdoptPass& pass, Sequence start, Evidence evidence) {
  const AdoptTotals& totals = pass.totals();
  events::CopyError error;
  if (!request_.ambiguous_id.empty()) {
    error.error = "ambiguous_id";
    error.message = request_.ambiguous_id +
                    ": which disk these files are of cannot be known; take the disk in again with "
                    "`ntt run`";
  } else {
    error.error = "incomplete";
    error.message = std::to_string(totals.pending_files()) + " of " +
                    std::to_string(totals.copy.files + totals.pending_files()) +
                    " files are not stored (" + totals.pending_in_words() +
                    "): copy them from its source with `ntt run`";
  }
  // What would date a complete copy says of this one that it is one.
  std::set<std::string> liars;
  for (events::EvidenceTime& time : evidence.times) {
    if (time.source == "processed_at") continue;
    time.verdict = "refused";
    if (time.source == "legacy_log" || time.source == "table") liars.insert(time.source);
  }
  const bool has_files =
      request_.times.last_processed.has_value() && !evidence.counts.contains(kContradicts);
  evidence.dated_by = has_files ? "processed_at" : "";
  evidence.time_is = has_files ? "exact" : "unknown";
  for (const std::string& liar : liars) {
    evidence.conflicts.push_back(liar + " says that it was copied, and " +
                                 std::to_string(totals.pending_files()) + " files are not stored");
  }
  report_.copy = {};
  report_.copy.conflicts = evidence.conflicts;
  report_.outcome = AdoptOutcome::incomplete;
  report_.why = error.message;
  error.evidence = std::move(evidence);
  auto emitted = emit_at(copy_at_, error, start);
  if (!emitted) return std::move(emitted).error();
  return supersede(events::CopyError::kType, *emitted, start);
}

// An error that an earlier adoption told of, and that is not so any more, is withdrawn with the
// attempt that it ended.
Status Adoption::supersede(const char* error_type, Sequence by, Sequence its_start) {
  for (const events::Event& error : before_.errors) {
    if (error.type != error_type || error.seq == by) continue;
    for (const Sequence seq : {error.seq, error.cause}) {
      if (!seq || seq == its_start || before_.retracted.contains(seq.value)) continue;
      const std::string why = "there is other evidence since: event " + std::to_string(by.value);
      auto retracted = now_.emit(events::Retraction{seq.value, why});
      if (!retracted) return std::move(retracted).error();
    }
  }
  return {};
}

// -- The archive ----------------------------------------------------------------------------------

// Read to its end by an earlier adoption, and the same file since by size and time. Archives are
// large; whether one is intact still is for verify to say.
bool Adoption::is_known_whole() const {
  if (!before_.archive) return false;
  const events::ArchiveSuccess& known = before_.archive->payload;
  EvidenceFile file = archive_;
  file.found = "whole";
  return known.path.bytes == request_.archive_path && known.evidence &&
         known.evidence->files == std::vector<EvidenceFile>{file};
}

Status Adoption::adopt_archive() {
  if (report_.archive != "present") return {};
  if (is_known_whole()) {
    report_.archive = "whole";
    return {};
  }
  const Dated dated = date_archive(request_.archive_claims, modified(archive_));
  const auto contents = read_archive(request_.archive_path, [this](std::uint64_t bytes) {
    context_.progress.update("backfill", "reading its archive", 0, 0, bytes, 0);
    return !context_.cancelled;
  });
  if (context_.cancelled) {
    report_.interrupted = true;
    return {};
  }
  if (!contents && contents.error().code != Errc::corruption) {
    // Nothing is known of it.
    report_.archive = "unreadable";
    report_.conflicts.push_back(contents.error().message);
    return {};
  }
  return emit_archive(dated, dated.at.value_or(Timestamp{}), contents);
}

Status Adoption::emit_archive(const Dated& dated, Timestamp at,
                              const Result<ArchiveContents>& contents) {
  events::ArchiveSuccess success;
  success.path.bytes = request_.archive_path;
  if (contents) {
    success.bytes = contents->bytes;
    success.blake3 = contents->digest.hex();
    success.members = contents->members;
    for (const events::ArchiveMember& member : contents->members) {
      const std::string& name = member.name.bytes;
      const bool is_image = name.ends_with(".img") || name.ends_with(".scp");
      if (!is_image || (!success.image_blake3.empty() && member.size <= success.image_bytes)) {
        continue;
      }
      success.image_bytes = member.size;
      success.image_blake3 = member.blake3;
    }
  }
  const bool is_whole = contents && !success.image_blake3.empty();
  Evidence evidence = evidence_of(request_.database, dated);
  report_.archive = archive_.found = is_whole ? "whole" : "damaged";
  evidence.files.push_back(archive_);
  if (is_whole) {
    success.evidence = std::move(evidence);
    auto emitted = emit_at(at, success);
    if (!emitted) return std::move(emitted).error();
    return supersede(events::ArchiveError::kType, *emitted, {});
  }
  events::ArchiveError error;
  error.error = contents ? "no_image" : "damaged";
  error.message = contents ? request_.archive_path + " holds no image" : contents.error().message;
  if (!request_.archive_claims.empty()) {
    evidence.conflicts.push_back("the old log says that it was archived, and " + error.message);
    report_.conflicts.push_back(evidence.conflicts.back());
  }
  error.evidence = std::move(evidence);
  auto emitted = emit_at(at, error);
  if (!emitted) return std::move(emitted).error();
  return supersede(events::ArchiveError::kType, *emitted, {});
}

Result<AdoptReport> Adoption::run() {
  tell("looking");
  if (auto looked = look(); !looked) return std::move(looked).error();
  if (before_.is_native) {
    stop(AdoptOutcome::native, "it was taken in here already");
    return std::move(report_);
  }
  Status done;
  if (before_.load && !is_as_before()) {
    stop_as_changed(before_.load->seq, "its rows, or what dates them, have changed");
  } else {
    done = adopt_row();
    if (done) {
      done = request_.inodes == 0 || request_.paths == 0 ? tell_of_no_rows() : adopt_rows();
    }
  }
  rows_.release();
  if (done && !report_.interrupted) done = adopt_archive();
  if (!done) return std::move(done).error();
  for (const Dated* dated : {&report_.load, &report_.copy}) {
    report_.conflicts.insert(report_.conflicts.end(), dated->conflicts.begin(),
                             dated->conflicts.end());
  }
  return std::move(report_);
}

}  // namespace

std::string_view to_string(AdoptOutcome outcome) {
  constexpr std::array<std::string_view, 7> kWords = {
      "complete", "incomplete", "not_loaded", "native", "changed", "withdrawn", "error"};
  return kWords.at(static_cast<std::size_t>(outcome));
}

Result<AdoptReport> adopt_medium(const AdoptContext& context, const AdoptRequest& request,
                                 LegacyRows& rows) {
  return Adoption(context, request, rows).run();
}

}  // namespace ntt::stages
