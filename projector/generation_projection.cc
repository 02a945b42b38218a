// A generation is streamed from the log twice, once into each table, and a third time for further
// links if there are any: PostgreSQL takes one COPY at a time on a connection, and reading again is
// cheaper than the server's own work on the rows, with which it overlaps.

#include "projector/generation_projection.h"

#include <algorithm>
#include <optional>

#include "events/bytes.h"
#include "events/generation.h"
#include "events/limits.h"
#include "projector/copy_writer.h"
#include "projector/disposition.h"
#include "projector/find_filter.h"
#include "projector/generation_tables.h"
#include "projector/name_key.h"
#include "projector/row_merge.h"

namespace ntt::projector {

using events::GenerationRow;
using events::Ordinal;
using events::Result;
using events::Status;
using events::Timestamp;

namespace {

constexpr const char* kInodeColumns =
    "id, medium_hash, dev, ino, nlink, size, mtime, fs_type, blobid, mime_type, copied, "
    "claimed_by, "
    "claimed_at, processed_at, status, error_type, errors, volume, mode, uid, gid, modify_time, "
    "access_time, change_time, birth_time, symlink_target, allocated, size_read, disposition, "
    "generation, last_seq";
constexpr const char* kPathColumns =
    "medium_hash, dev, ino, path, exclude_reason, blobid, volume, inode_id, disposition, reason, "
    "last_seq, name_key";
constexpr MergeTable kQueueStats{
    "queue_stats", "medium_hash",
    "medium_hash, unclaimed_count, total_count, last_updated, last_seq", "last_seq, medium_hash"};
constexpr std::uint64_t kProgressRows = 8192;

// Which batch has which ordinals, to find the id of an entry by its ordinal.
class EntryIds {
 public:
  void add(const GenerationRow& row) {
    const std::uint64_t first = row.id / events::kBatchRecordsMax * events::kBatchRecordsMax;
    if (!batches_.empty() && batches_.back().first_id == first) return;
    batches_.push_back({{row.ordinal.value - (row.id - first)}, first});
  }
  [[nodiscard]] std::uint64_t of(Ordinal ordinal) const {
    auto after = std::upper_bound(
        batches_.begin(), batches_.end(), ordinal,
        [](Ordinal wanted, const Batch& batch) { return wanted < batch.first_ordinal; });
    if (after == batches_.begin()) return 0;
    --after;
    return after->first_id + (ordinal.value - after->first_ordinal.value);
  }

 private:
  struct Batch {
    Ordinal first_ordinal;
    std::uint64_t first_id;
  };
  std::vector<Batch> batches_;
};

Timestamp processed_at(const GenerationRow& row) {
  return row.copy->processed_at.value_or(row.copied_at);
}

std::int64_t seconds_of(events::Nanos time) {
  constexpr events::Nanos kSecond = 1000000000;
  return time / kSecond - (time % kSecond < 0 ? 1 : 0);
}

Status drop_filter(Pg& pg, const std::string& medium) {
  auto deleted = pg.execute("DELETE FROM find_filter WHERE medium_hash = " + pg.quote(medium));
  if (!deleted) return std::move(deleted).error();
  return {};
}

events::GenerationRef generation_of(const FoldedMedium& medium, Sequence last) {
  events::GenerationRef ref;
  ref.medium = medium.state.medium;
  ref.manifest = {medium.state.load->manifest};
  ref.load_start = {medium.state.load->load};
  ref.load_success = medium.state.load_seq;
  ref.last = last;
  if (medium.stop) ref.last_batch = {medium.stop->at.value - 1};
  return ref;
}

class GenerationProjection {
 public:
  GenerationProjection(Pg& pg, const events::Log& log, Sequence last, const FoldedMedium& medium,
                       const ProjectProgress& progress)
      : pg_(pg),
        log_(log),
        state_(medium.state),
        progress_(progress),
        tables_(pg, medium.state.medium.text, medium.partition_suffix),
        filter_(medium.state.load->path_count) {
    ref_ = generation_of(medium, last);
    last_updated_ = state_.enum_done ? state_.enum_done->at : Timestamp{};
    last_seq_ = state_.load_seq;
  }

  Result<std::uint64_t> run();  // rows

 private:
  using Write = Status (GenerationProjection::*)(const GenerationRow&);
  Status fill(const std::string& what, const std::string& table, const std::string& columns,
              bool frozen, Write write);
  Status fill_links();
  [[nodiscard]] Status check_count() const;
  Status write_inode(const GenerationRow& row);
  Status write_path(const GenerationRow& row);
  Status write_link(const GenerationRow& row);
  void put_inode_facts(const GenerationRow& row);
  void put_fate(const GenerationRow& row, const InodeFate& fate);
  void put_path_columns(const GenerationRow& row, std::uint64_t inode_id);
  void put_exclusion(const GenerationRow& row, std::string_view disposition);
  void put_reason(const GenerationRow& row);
  Status write_queue_stats();
  Status write_filter();
  [[nodiscard]] std::int64_t last_seq_of(const GenerationRow& row) const {
    return clamped(std::max(row.copy_seq, state_.load_seq).value);
  }
  void report(const std::string& what) const {
    if (progress_) progress_(what, done_, state_.load->path_count);
  }

  Pg& pg_;
  const events::Log& log_;
  const MediumState& state_;
  const ProjectProgress& progress_;
  GenerationTables tables_;
  FindFilter filter_;
  events::GenerationRef ref_;
  std::optional<CopyWriter> rows_;  // of the COPY that runs
  EntryIds ids_;
  std::uint64_t done_ = 0;  // entries of this pass
  std::uint64_t rows_written_ = 0;
  std::uint64_t links_ = 0;
  std::size_t path_bytes_max_ = 0;
  std::uint64_t inodes_ = 0;
  std::uint64_t pending_ = 0;
  Timestamp last_updated_;
  Sequence last_seq_;
};

Status GenerationProjection::fill(const std::string& what, const std::string& table,
                                  const std::string& columns, bool frozen, Write write) {
  rows_.emplace(pg_);
  done_ = 0;
  if (auto started = rows_->start(table, columns, frozen); !started) return started;
  if (ref_.manifest) {  // an adopted load may have no manifest
    auto read = events::read_generation(log_, ref_, [&](const GenerationRow& row) {
      if (done_ % kProgressRows == 0) report(what);
      done_ += 1;
      return (this->*write)(row);
    });
    if (!read) return read;
  }
  report(what);
  auto finished = rows_->finish();
  if (!finished) return std::move(finished).error();
  rows_written_ += *finished;
  return {};
}

void GenerationProjection::put_inode_facts(const GenerationRow& row) {
  const events::Entry& entry = *row.entry;
  rows_->int8(same_bits(row.id));
  rows_->text(state_.medium.text);
  rows_->int8(same_bits(entry.device));
  rows_->int8(same_bits(entry.inode));
  rows_->int4(static_cast<std::int32_t>(std::min<std::uint32_t>(entry.link_count, INT32_MAX)));
  rows_->int8(clamped(entry.size));
  entry.modify_time ? rows_->int8(seconds_of(*entry.modify_time)) : rows_->null();
  const char type = static_cast<char>(entry.type);
  rows_->plain({&type, 1});
}

void GenerationProjection::put_fate(const GenerationRow& row, const InodeFate& fate) {
  const std::string_view mime = mime_type_of(row.entry->type);
  const auto put_word = [&](std::string_view word) {
    word.empty() ? rows_->null() : rows_->plain(word);
  };
  const bool has_mime_type = row.copy != nullptr && !row.copy->mime_type.empty();
  fate.status == "success" ? rows_->hex(row.copy->blob.view()) : rows_->null();
  has_mime_type ? rows_->text(row.copy->mime_type) : put_word(mime);
  rows_->boolean(fate.copied);
  put_word(fate.claimed_by);
  rows_->null();  // claimed_at: nothing is claimed any more
  row.copy != nullptr ? rows_->timestamp(processed_at(row)) : rows_->null();
  rows_->plain(fate.status);
  put_word(fate.error_type);
  if (row.copy != nullptr && !row.copy->error_message.empty()) {
    rows_->text_array(&row.copy->error_message);
  } else {
    rows_->text_array(row.entry->error_message.empty() ? nullptr : &row.entry->error_message);
  }
}

Status GenerationProjection::write_inode(const GenerationRow& row) {
  ids_.add(row);
  path_bytes_max_ = std::max(path_bytes_max_, row.entry->path.size());
  if (!row.is_inode()) {
    links_ += 1;
    return {};
  }
  const events::Entry& entry = *row.entry;
  const InodeFate fate = fate_of(row);
  inodes_ += 1;
  if (fate.disposition == "pending") pending_ += 1;
  if (row.copy != nullptr) {
    last_updated_ = std::max(last_updated_, processed_at(row));
    last_seq_ = std::max(last_seq_, row.copy_seq);
  }
  if (auto begun = rows_->row(); !begun) return begun;
  put_inode_facts(row);
  put_fate(row, fate);
  rows_->int4(static_cast<std::int32_t>(row.volume.value));
  rows_->int4(static_cast<std::int32_t>(entry.mode));
  rows_->int8(entry.uid);
  rows_->int8(entry.gid);
  rows_->optional_int8(entry.modify_time);
  rows_->optional_int8(entry.access_time);
  rows_->optional_int8(entry.change_time);
  rows_->optional_int8(entry.birth_time);
  const bool is_symlink = entry.type == events::EntryType::symlink;
  is_symlink ? rows_->bytes(entry.symlink_target) : rows_->null();
  rows_->boolean(entry.allocated);
  row.copy != nullptr ? rows_->int8(clamped(row.copy->size_read)) : rows_->null();
  rows_->plain(fate.disposition);
  rows_->int4(static_cast<std::int32_t>(state_.generation));
  rows_->int8(last_seq_of(row));
  return {};
}

void GenerationProjection::put_exclusion(const GenerationRow& row, std::string_view disposition) {
  if (row.rule) {
    const auto& rules = state_.load->rules;
    const std::string rule =
        *row.rule < rules.size() ? rules[*row.rule] : "rule " + std::to_string(*row.rule);
    // An adopted rule is the reason that the earlier system gave.
    rows_->text((state_.load->evidence ? "" : "pattern_match: ") + rule);
  } else if (disposition == "excluded") {
    rows_->plain("not_allocated");
  } else {
    rows_->null();
  }
}

void GenerationProjection::put_reason(const GenerationRow& row) {
  if (row.copy != nullptr && !row.copy->error_message.empty()) {
    rows_->text(row.copy->error_message);
  } else if (row.entry->error_number != 0) {
    rows_->text("errno " + std::to_string(row.entry->error_number) + ": " +
                row.entry->error_message);
  } else if (!row.entry->error_message.empty()) {
    rows_->text(row.entry->error_message);
  } else {
    rows_->null();
  }
}

void GenerationProjection::put_path_columns(const GenerationRow& row, std::uint64_t inode_id) {
  const std::string_view disposition = disposition_of(row);
  rows_->text(state_.medium.text);
  rows_->int8(same_bits(row.entry->device));
  rows_->int8(same_bits(row.entry->inode));
  rows_->bytes(row.entry->path);
  put_exclusion(row, disposition);
  const bool stored =
      row.copy != nullptr && (disposition == "stored" || disposition == "duplicate");
  stored ? rows_->hex(row.copy->blob.view()) : rows_->null();
  rows_->int4(static_cast<std::int32_t>(row.volume.value));
  rows_->int8(same_bits(inode_id));
  disposition.empty() ? rows_->null() : rows_->plain(disposition);
  put_reason(row);
  rows_->int8(last_seq_of(row));
  const std::int64_t key = name_key(base_name(row.entry->path));
  rows_->int8(key);
  filter_.add(FindKey::of_name(key));
  filter_.add(FindKey::of_extension(key));
  if (row.copy != nullptr && !row.copy->blob.is_zero()) {
    filter_.add(FindKey::of_blob(row.copy->blob));
  }
}

Status GenerationProjection::write_path(const GenerationRow& row) {
  if (!row.is_inode()) return {};
  if (auto begun = rows_->row(); !begun) return begun;
  put_path_columns(row, row.id);
  return {};
}

Status GenerationProjection::write_link(const GenerationRow& row) {
  if (row.is_inode()) return {};
  if (auto begun = rows_->row(); !begun) return begun;
  rows_->int8(same_bits(row.id));
  put_path_columns(row, ids_.of(*row.same_inode_as));
  return {};
}

// What a link does not say itself, the row of its inode says.
Status GenerationProjection::fill_links() {
  if (links_ == 0) return {};
  if (auto made = tables_.create_link(); !made) return made;
  const std::uint64_t before = rows_written_;
  auto filled = fill("links", tables_.fresh_link(), std::string("position, ") + kPathColumns, false,
                     &GenerationProjection::write_link);
  if (!filled) return filled;
  rows_written_ = before;
  auto rows = pg_.execute(
      "INSERT INTO " + tables_.fresh_path() + " (" + kPathColumns +
      ") SELECT l.medium_hash, l.dev, l.ino, l.path, CASE WHEN l.disposition IS NULL AND "
      "i.disposition = 'excluded' AND NOT i.allocated THEN 'not_allocated' ELSE l.exclude_reason "
      "END, CASE WHEN l.disposition IS NULL THEN i.blobid END, l.volume, l.inode_id, "
      "coalesce(l.disposition, i.disposition), coalesce(l.reason, i.errors[1]), "
      "greatest(l.last_seq, i.last_seq), l.name_key FROM " +
      tables_.fresh_link() + " l LEFT JOIN " + tables_.fresh_inode() +
      " i ON i.id = l.inode_id ORDER BY l.position");
  if (!rows) return std::move(rows).error();
  rows_written_ += *rows;
  return {};
}

Status GenerationProjection::write_queue_stats() {
  CopyWriter rows(pg_);
  if (auto started = rows.start(kQueueStats.fresh(), kQueueStats.columns, false); !started) {
    return started;
  }
  if (auto begun = rows.row(); !begun) return begun;
  rows.text(state_.medium.text);
  rows.int8(clamped(pending_));
  rows.int8(clamped(inodes_));
  rows.timestamp(last_updated_);
  rows.int8(clamped(last_seq_.value));
  auto finished = rows.finish();
  if (!finished) return std::move(finished).error();
  return {};
}

// Straight into its table: what went through another one might come compressed.
Status GenerationProjection::write_filter() {
  if (auto gone = drop_filter(pg_, state_.medium.text); !gone) return gone;
  CopyWriter rows(pg_);
  if (auto started = rows.start("find_filter", "medium_hash, bits, last_seq", false); !started) {
    return started;
  }
  if (auto begun = rows.row(); !begun) return begun;
  rows.text(state_.medium.text);
  rows.bytes(filter_.bits());
  rows.int8(clamped(last_seq_.value));
  auto finished = rows.finish();
  if (!finished) return std::move(finished).error();
  return {};
}

// What this program counted is what it wrote: else something else is missing or too many.
Status GenerationProjection::check_count() const {
  if (done_ == state_.load->path_count) return {};
  auto load = log_.read(state_.load_seq);
  if (!load) return std::move(load).error();
  if (load->origin != events::Origin::native) return {};
  return events::Error{events::Errc::corruption,
                       "it counts " + std::to_string(state_.load->path_count) +
                           " paths where its manifest has " + std::to_string(done_),
                       state_.load_seq.value};
}

Result<std::uint64_t> GenerationProjection::run() {
  const std::string label = " of " + state_.medium.text.substr(0, 8);
  Status done = tables_.create_inode();
  if (done) {
    done = fill("inodes" + label, tables_.fresh_inode(), kInodeColumns, true,
                &GenerationProjection::write_inode);
  }
  if (done) done = check_count();
  if (done) done = tables_.index_inode();
  if (done) done = tables_.create_path();
  if (done) {
    done = fill("paths" + label, tables_.fresh_path(), kPathColumns, true,
                &GenerationProjection::write_path);
  }
  if (done) done = fill_links();
  if (done) done = tables_.index_path(path_bytes_max_);
  if (done) done = write_queue_stats();
  if (done) done = write_filter();
  if (!done) return std::move(done).error();
  return rows_written_;
}

// The load that made the generation, or an outcome that came after it.
FoldStop stop_of(const MediumState& state, const events::Error& error) {
  const Sequence at = std::max(state.load_seq, Sequence{error.event});
  if (error.event != state.load_seq.value && at != state.load_seq) return {at, error.message};
  return {at, "event " + std::to_string(at.value) + " (load_success): " + error.message};
}

// Fills the new tables of a generation. Nothing: it cannot be read, and the medium is stopped.
Result<std::optional<std::uint64_t>> try_generation(Pg& pg, const events::Log& log, Sequence last,
                                                    FoldedMedium& medium,
                                                    const ProjectProgress& progress) {
  // One that stopped its medium is read first: no row is written in vain each time.
  Result<std::uint64_t> written = 0;
  if (medium.stored_stop && medium.state.load->manifest != 0) {
    const auto ignore = [](const GenerationRow&) { return Status(); };
    auto read = events::read_generation(log, generation_of(medium, last), ignore);
    if (!read) written = std::move(read).error();
  }
  if (auto saved = pg.execute("SAVEPOINT generation"); !saved) return std::move(saved).error();
  if (written) written = GenerationProjection(pg, log, last, medium, progress).run();
  if (written) {
    // Kept open, those of many media would cost every reader.
    auto released = pg.execute("RELEASE SAVEPOINT generation");
    if (!released) return std::move(released).error();
    return std::optional<std::uint64_t>(*written);
  }
  if (written.error().event == 0) {
    return std::move(written).error().within("medium " + medium.state.medium.text);
  }
  auto undone = pg.execute("ROLLBACK TO SAVEPOINT generation; RELEASE SAVEPOINT generation");
  if (!undone) return std::move(undone).error();
  const FoldStop stop = stop_of(medium.state, written.error());
  CHECK(!medium.stop || stop.at < medium.stop->at);  // each try ends before the one before
  auto stopped = stop_medium(log, last, stop, medium);
  if (!stopped) return std::move(stopped).error();
  return std::optional<std::uint64_t>();
}

// What is to take its place at the end.
struct Changes {
  std::vector<GenerationTables> changed;
  std::vector<GenerationTables> gone;
  std::uint64_t rows = 0;
};

Status drop_generation(Pg& pg, const FoldedMedium& medium, Changes& changes) {
  const std::string& name = medium.state.medium.text;
  changes.gone.emplace_back(pg, name, medium.partition_suffix);
  auto deleted = pg.execute("DELETE FROM queue_stats WHERE medium_hash = " + pg.quote(name));
  if (!deleted) return std::move(deleted).error();
  return drop_filter(pg, name);
}

// The generation of one medium: the last that can be read.
Status bring_up(Pg& pg, const events::Log& log, Sequence last, FoldedMedium& medium,
                const ProjectProgress& progress, Changes& changes) {
  while (true) {
    const MediumState& state = medium.state;
    const bool generation_changed = medium.is_forced || state.load_seq != medium.stored_load_seq;
    if (!state.load) return generation_changed ? drop_generation(pg, medium, changes) : Status();
    if (!generation_changed && !medium.outcomes_changed()) return {};
    auto rows = try_generation(pg, log, last, medium, progress);
    if (!rows) return std::move(rows).error();
    if (!*rows) continue;
    changes.rows += **rows;
    changes.changed.emplace_back(pg, state.medium.text, medium.partition_suffix);
    return {};
  }
}

// All exchanges in one go, so that no lock is held while rows are written. A reader in a long
// transaction may hold a partition that has to go: wait a little, let others pass, try again.
Status exchange_all(Pg& pg, const Changes& changes) {
  constexpr int kAttempts = 20;
  const auto attempt = [&]() -> Status {
    for (GenerationTables tables : changes.changed) {
      if (auto done = tables.exchange(); !done) return done;
    }
    for (GenerationTables tables : changes.gone) {
      if (auto done = tables.drop(); !done) return done;
    }
    return {};
  };
  for (int i = 1;; ++i) {
    auto prepared = pg.execute("SET LOCAL lock_timeout = '1s'; SAVEPOINT exchange");
    if (!prepared) return std::move(prepared).error();
    auto done = attempt();
    if (done || done.error().code != events::Errc::conflict) return done;
    if (i == kAttempts) {
      return std::move(done).error().within(
          "a reader's open transaction holds a partition that has to be replaced");
    }
    auto undone = pg.execute("ROLLBACK TO SAVEPOINT exchange");
    if (!undone) return std::move(undone).error();
  }
}

}  // namespace

Result<std::uint64_t> project_generations(Pg& pg, const events::Log& log, Sequence last,
                                          std::vector<FoldedMedium>& media,
                                          const ProjectProgress& progress) {
  Changes changes;
  if (auto made = make_fresh(pg, kQueueStats); !made) return std::move(made).error();
  for (FoldedMedium& medium : media) {
    if (auto done = bring_up(pg, log, last, medium, progress, changes); !done) {
      return std::move(done).error();
    }
  }
  if (auto merged = merge_rows(pg, kQueueStats, ""); !merged) return std::move(merged).error();
  if (auto done = exchange_all(pg, changes); !done) return std::move(done).error();
  return changes.rows;
}

}  // namespace ntt::projector
