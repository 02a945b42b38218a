// Rows as entries, decisions and outcomes.

#include "stages/adopt_pass.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "events/bytes.h"
#include "events/hash.h"
#include "events/limits.h"
#include "stages/blob_store.h"

namespace ntt::stages {

using events::CopyRecord;
using events::Errc;
using events::Error;
using events::LoadDecision;

namespace {

constexpr std::uint64_t kProgressFiles = 4096;
// Texts of one batch of outcomes, and of one outcome.
constexpr std::size_t kBatchMessageBytesMax = 16U << 20U;
constexpr std::size_t kMessageLengthMax = 4096;
// Reasons may be texts of their own; they all stand in one event.
constexpr std::size_t kReasonsMax = 1000;
constexpr const char* kOtherReasons = "excluded for one of many other reasons";

std::optional<events::Nanos> nanos_of(const std::optional<std::int64_t>& seconds) {
  events::Nanos time = 0;
  if (!seconds || __builtin_mul_overflow(*seconds, events::kNanosPerSecond, &time)) {
    return std::nullopt;
  }
  return time;
}

events::EntryType entry_type_of(char letter) {
  switch (letter) {
    case 'f':
    case 'd':
    case 'l':
    case 'b':
    case 'c':
    case 'p':
    case 's':
      return static_cast<events::EntryType>(letter);
    default:
      return events::EntryType::unknown;
  }
}

// The row of a number that volumes share is that of one of them, of its device: of the others
// nothing is known but the name.
bool is_of_another_volume(const LegacyFile& file) {
  return file.is_shared_number && file.inode && !file.paths.empty() &&
         file.paths.front().device != file.inode->device;
}

}  // namespace

Status StoreCheck::open(const std::string& root) {
  root_ = FileDescriptor(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (root_.is_open()) return {};
  return Error{Errc::not_found, "the store " + root + " cannot be opened; --by-hash-root names it"};
}

const char* StoreCheck::look_for(const events::BlobId& id, std::uint64_t size) const {
  struct stat status {};
  if (::fstatat(root_.get(), blob_path(id).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? "its blob is not in the store" : "its blob cannot be examined";
  }
  if (!S_ISREG(status.st_mode)) return "its blob is not a file";
  const bool same_size = static_cast<std::uint64_t>(status.st_size) == size;
  return same_size ? "" : "its blob has another size";
}

std::uint64_t AdoptTotals::pending_files() const {
  std::uint64_t files = 0;
  for (const auto& [reason, count] : pending) files += count;
  return files;
}

std::string AdoptTotals::pending_in_words() const {
  std::string text;
  for (const auto& [reason, files] : pending) {
    text += (text.empty() ? "" : ", ") + std::to_string(files) + ": " + reason;
  }
  return text;
}

Result<AdoptPass> AdoptPass::create(StageContext& context, const StoreCheck& store,
                                    const std::string& temporary_directory, std::uint64_t paths) {
  auto decisions = BatchSpool::create(temporary_directory);
  if (!decisions) return std::move(decisions).error();
  auto outcomes = BatchSpool::create(temporary_directory);
  if (!outcomes) return std::move(outcomes).error();
  return AdoptPass(context, store, std::move(*decisions), std::move(*outcomes), paths);
}

Status AdoptPass::run(LegacyRows& rows, const std::vector<LegacyVolume>& volumes,
                      const std::string& database, ManifestWriter& manifest) {
  manifest_ = &manifest;
  for (const LegacyVolume& volume : volumes) {
    auto read = rows.read(volume, [&](LegacyFile& file) { return add(volume, file); });
    if (!read) return read;
    VolumeOutcome outcome;
    outcome.volume = volume.volume;
    outcome.table = "none";
    outcome.outcome = "enumerated";
    outcome.message = "from the tables of " + database + ", where it was mounted at " +
                      events::escape_bytes(volume.root);
    outcome.time_basis = "utc";
    if (auto done = manifest.volume_done(outcome); !done) return done;
  }
  if (auto flushed = flush_decisions(); !flushed) return flushed;
  return flush_outcomes();
}

std::uint32_t AdoptPass::rule_of(const std::string& reason) {
  auto& rules = totals_.load.rules;
  const bool has_room = rules.size() < kReasonsMax || rule_index_.contains(reason);
  const std::string rule = has_room ? reason : kOtherReasons;
  const auto [found, is_new] =
      rule_index_.try_emplace(rule, static_cast<std::uint32_t>(rules.size()));
  if (is_new) rules.push_back(events::escape_bytes(rule));
  return found->second;
}

// What can only be known from outside the row: whether the content is this file's, and is there.
void AdoptPass::check_content(LegacyFate& fate, const LegacyFile& file) {
  if (fate.state != LegacyState::stored) return;
  if (file.is_shared_number) {
    totals_.unverified += 1;
    fate.state = LegacyState::failed;
    fate.error = events::FileErrorType::hash_error;
    fate.message = "unverified content: files of several volumes share inode number " +
                   std::to_string(file.inode_number) + ", and blob " + fate.blob.hex() +
                   " is of one of them";
    return;
  }
  if (fate.is_renamed_empty) {
    totals_.needs_empty_blob = true;
    return;
  }
  const char* wrong = store_.look_for(fate.blob, file.inode->size);
  if (*wrong == '\0') return;
  fate.state = LegacyState::pending;
  fate.message = wrong;
}

Status AdoptPass::add_entry(const LegacyVolume& volume, const LegacyFile& file,
                            const LegacyPath& path) {
  if (path.path.size() > events::kPathBytesMax) {
    return Error{Errc::invalid, "a path of inode " + std::to_string(file.inode_number) + " has " +
                                    std::to_string(path.path.size()) + " bytes"};
  }
  events::Entry entry;
  entry.inode = file.inode_number;
  entry.device = path.device;
  entry.path = path.path;
  if (file.inode) {
    entry.type = entry_type_of(file.inode->type);
    entry.link_count = file.inode->link_count;
    entry.size = file.inode->size;
    entry.modify_time = nanos_of(file.inode->modify_time);
  } else {
    totals_.paths_without_inode += 1;
    entry.error_message =
        file.is_shared_number
            ? "unverified: the table inode has a row of another volume's file in its place"
            : "the table inode has no row for it";
  }
  entries_ += 1;
  return manifest_->entries(VolumeIndex{volume.volume}, {&entry, 1});
}

// Nobody can copy what has no path; what waits to be copied is not complete.
void AdoptPass::add_pathless(const LegacyInode& inode) {
  totals_.inodes_without_path += 1;
  if (legacy_fate(inode).state == LegacyState::pending) {
    totals_.pending["no path leads to it"] += 1;
  }
}

Status AdoptPass::add_decision(const LoadDecision& decision) {
  if (decision.rule) totals_.load.excluded_count += 1;
  if (!decision.rule && !decision.same_inode_as) return {};
  decision_batch_.decisions.push_back(decision);
  const bool is_full = decision_batch_.decisions.size() == events::kBatchRecordsMax;
  return is_full ? flush_decisions() : Status();
}

// Which entry stands for the inode, and which are left out: the rule of inode_fold.h.
Status AdoptPass::decide(const LegacyFile& file, const LegacyFate& fate, std::uint64_t first) {
  const bool is_folded = file.inode && file.inode->type != 'd';
  const auto rule = [&](const LegacyPath& path) -> std::optional<std::uint32_t> {
    if (!path.exclude_reason.empty()) return rule_of(path.exclude_reason);
    if (fate.state == LegacyState::excluded) return rule_of(fate.message);
    return std::nullopt;
  };
  std::size_t leader = 0;
  while (leader < file.paths.size() && rule(file.paths[leader])) leader += 1;
  if (leader == file.paths.size()) leader = 0;
  const bool is_excluded = rule(file.paths[leader]).has_value();
  for (std::size_t i = 0; i < file.paths.size(); ++i) {
    LoadDecision decision{{first + i}, rule(file.paths[i]), {}};
    if (is_folded && i != leader) decision.same_inode_as = events::Ordinal{first + leader};
    if (auto added = add_decision(decision); !added) return added;
  }
  const std::uint64_t inodes = is_folded ? 1 : file.paths.size();
  totals_.load.path_count += file.paths.size();
  totals_.load.inode_count += inodes;
  if (fate.state == LegacyState::no_file) {
    totals_.load.non_file_count += inodes;
    return {};
  }
  if (!is_excluded) {
    totals_.load.file_count += 1;
    totals_.load.file_bytes += file.inode->size;
  }
  if (is_excluded && fate.state != LegacyState::stored) return {};
  return add_outcome(file, fate, first + leader);
}

Status AdoptPass::add_outcome(const LegacyFile& file, const LegacyFate& fate,
                              std::uint64_t ordinal) {
  if (fate.state == LegacyState::pending) {
    totals_.pending[fate.message] += 1;
    return {};
  }
  CopyRecord record;
  record.ordinal = {ordinal};
  record.processed_at = file.inode->processed_at;
  record.mime_type = file.inode->mime_type.substr(0, kMessageLengthMax);
  if (fate.state == LegacyState::stored) {
    record.outcome = events::CopyOutcome::copied;
    record.blob = fate.blob;
    record.size_read = file.inode->size;
    totals_.copy.new_blobs += 1;
  } else {
    record.outcome = events::CopyOutcome::failed;
    record.error_type = fate.error;
    record.error_message = fate.message.substr(0, kMessageLengthMax);
    totals_.copy.failed += 1;
  }
  totals_.copy.files += 1;
  totals_.copy.bytes += record.size_read;
  outcome_read_ += record.size_read;
  outcome_text_ += record.error_message.size() + record.mime_type.size();
  outcome_batch_.records.push_back(std::move(record));
  const bool is_full = outcome_batch_.records.size() == events::kBatchRecordsMax ||
                       outcome_text_ > kBatchMessageBytesMax;
  return is_full ? flush_outcomes() : Status();
}

Status AdoptPass::flush_decisions() {
  if (decision_batch_.decisions.empty()) return {};
  auto added = decisions_.add(events::encode_load_batch(decision_batch_),
                              decision_batch_.decisions.size(), 0);
  decision_batch_.decisions.clear();
  return added;
}

Status AdoptPass::flush_outcomes() {
  if (outcome_batch_.records.empty()) return {};
  auto added = outcomes_.add(events::encode_copy_batch(outcome_batch_),
                             outcome_batch_.records.size(), outcome_read_);
  outcome_batch_.records.clear();
  outcome_text_ = 0;
  outcome_read_ = 0;
  return added;
}

Status AdoptPass::add(const LegacyVolume& volume, LegacyFile& file) {
  if (entries_ % kProgressFiles < file.paths.size()) {
    context_.progress.update("backfill", "reading the tables", entries_, paths_, 0, 0);
    if (context_.cancelled) return Error{Errc::conflict, "cancelled"};
  }
  if (file.paths.empty()) {
    if (file.inode) add_pathless(*file.inode);
    return {};
  }
  if (is_of_another_volume(file)) {
    totals_.unverified += 1;
    file.inode.reset();
  }
  const std::uint64_t first = entries_;
  for (const LegacyPath& path : file.paths) {
    if (auto added = add_entry(volume, file, path); !added) return added;
  }
  LegacyFate fate;
  fate.state = LegacyState::no_file;
  if (file.inode) fate = legacy_fate(*file.inode);
  check_content(fate, file);
  return decide(file, fate, first);
}

}  // namespace ntt::stages
