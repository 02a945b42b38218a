// Batches into temporary tables, then two statements.

#include "projector/blob_projection.h"

#include "events/batch.h"
#include "events/payload.h"
#include "projector/copy_writer.h"
#include "projector/event_kind.h"
#include "projector/unfolded.h"

namespace ntt::projector {

using events::Result;
using events::Sequence;
using events::Status;

namespace {

// The first batch that names a blob makes its row. Nobody else writes, so no conflict needs to be
// provided for, which halves the time.
constexpr const char* kInsertBlobs =
    "INSERT INTO blobs (blobid, size, created_at, first_seq, last_seq) "
    "SELECT blobid, size, at, seq, seq FROM (SELECT DISTINCT ON (blobid) * FROM new_blob n "
    "WHERE NOT EXISTS (SELECT FROM blobs k WHERE k.blobid = n.blobid) ORDER BY blobid, seq) f "
    "ORDER BY seq, blobid";
// The same where checks came in too, so that no row is written twice. A check counts for a blob
// that was known before it; the latest one does.
constexpr const char* kInsertCheckedBlobs =
    "WITH fresh AS MATERIALIZED (SELECT DISTINCT ON (blobid) * FROM new_blob n "
    "WHERE NOT EXISTS (SELECT FROM blobs k WHERE k.blobid = n.blobid) ORDER BY blobid, seq), "
    "checked AS (SELECT DISTINCT ON (c.blobid) c.* FROM new_check c "
    "JOIN fresh f ON f.blobid = c.blobid AND f.seq < c.seq "
    "ORDER BY c.blobid, c.at DESC, c.seq DESC) "
    "INSERT INTO blobs (blobid, last_checked, size, created_at, check_outcome, check_seq, "
    "first_seq, last_seq) SELECT f.blobid, c.at, f.size, f.at, c.outcome, c.seq, f.seq, "
    "coalesce(c.seq, f.seq) FROM fresh f LEFT JOIN checked c USING (blobid) ORDER BY f.seq, "
    "f.blobid";
constexpr const char* kUpdateBlobs =
    "UPDATE blobs b SET last_checked = c.at, check_outcome = c.outcome, check_seq = c.seq, "
    "last_seq = c.seq FROM (SELECT DISTINCT ON (n.blobid) n.* FROM new_check n "
    "JOIN blobs k ON k.blobid = n.blobid AND n.seq > k.first_seq "
    "ORDER BY n.blobid, n.at DESC, n.seq DESC) c WHERE b.blobid = c.blobid AND "
    "(b.check_seq IS NULL OR (b.last_checked, b.check_seq) < (c.at, c.seq))";

// Of an event without one: nothing, which no batch is.
Result<std::string> attachment_of(const events::Log& log, const events::Event& event) {
  return event.has_attachment() ? log.attachment(event.seq) : Result<std::string>(std::string());
}

Status write_copies(CopyWriter& rows, Sequence seq, events::Timestamp at,
                    const std::string& attachment) {
  auto batch = events::decode_copy_batch(attachment);
  if (!batch) return std::move(batch).error();
  for (const events::CopyRecord& record : batch->records) {
    if (record.outcome != events::CopyOutcome::copied &&
        record.outcome != events::CopyOutcome::duplicate) {
      continue;
    }
    if (auto begun = rows.row(); !begun) return begun;
    rows.hex(record.blob.view());
    rows.int8(clamped(record.size_read));
    rows.int8(clamped(seq.value));
    rows.timestamp(at);
  }
  return {};
}

Status write_checks(CopyWriter& rows, Sequence seq, events::Timestamp at,
                    const std::string& attachment) {
  auto batch = events::decode_verify_batch(attachment);
  if (!batch) return std::move(batch).error();
  for (const events::VerifyRecord& record : batch->records) {
    if (auto begun = rows.row(); !begun) return begun;
    rows.hex(record.blob.view());
    rows.plain(to_string(record.outcome));
    rows.int8(clamped(seq.value));
    rows.timestamp(at);
  }
  return {};
}

// Batches that cannot be decoded are added to `unfolded`.
template <class Write>
Status copy_batches(Pg& pg, const events::Log& log, const std::vector<Sequence>& batches,
                    const std::string& table, const std::string& columns, const Write& write,
                    std::vector<UnfoldedEvent>& unfolded) {
  CopyWriter rows(pg);
  if (auto started = rows.start(table, columns, false); !started) return started;
  for (const Sequence seq : batches) {
    auto event = log.read(seq);
    if (!event) return std::move(event).error();
    auto attachment = attachment_of(log, *event);
    if (!attachment) return std::move(attachment).error();
    auto written = write(rows, seq, event->occurred_at, *attachment);
    if (!written && written.error().code != events::Errc::corruption) return written;
    if (!written) {
      unfolded.push_back(
          {seq, Lacking::blobs, event->medium, unfolded_reason(*event, written.error())});
    }
  }
  auto finished = rows.finish();
  if (!finished) return std::move(finished).error();
  return {};
}

// The key keeps its name and the column what comes with it, so that the table is as it was made.
constexpr const char* kDropKey = "ALTER TABLE blobs DROP CONSTRAINT blobs_pkey";
constexpr const char* kAddKey = "ALTER TABLE blobs ADD PRIMARY KEY (blobid)";

// The blobs of these batches. Returns those that cannot be decoded.
Result<std::vector<UnfoldedEvent>> project_batches(Pg& pg, const events::Log& log,
                                                   const std::vector<Sequence>& copies,
                                                   const std::vector<Sequence>& checks,
                                                   bool key_at_end) {
  std::vector<UnfoldedEvent> unfolded;
  if (copies.empty() && checks.empty()) return unfolded;
  auto done =
      run(pg,
          "CREATE TEMP TABLE new_blob (blobid text, size bigint, seq bigint, at timestamptz) "
          "ON COMMIT DROP;"
          "CREATE TEMP TABLE new_check (blobid text, outcome text, seq bigint, at "
          "timestamptz) ON COMMIT DROP");
  if (done) {
    done =
        copy_batches(pg, log, copies, "new_blob", "blobid, size, seq, at", write_copies, unfolded);
  }
  if (done) {
    done = copy_batches(pg, log, checks, "new_check", "blobid, outcome, seq, at", write_checks,
                        unfolded);
  }
  if (done && key_at_end) done = run(pg, kDropKey);
  if (done) done = run(pg, checks.empty() ? kInsertBlobs : kInsertCheckedBlobs);
  if (done && key_at_end) done = run(pg, kAddKey);
  if (done && !checks.empty()) done = run(pg, kUpdateBlobs);
  if (!done) return std::move(done).error();
  return unfolded;
}

// All batches of a type that the table `event` has.
Result<std::vector<Sequence>> batches_of(Pg& pg, const std::string& type) {
  auto rows = pg.query("SELECT seq FROM event WHERE type = " + pg.quote(type) + " ORDER BY seq");
  if (!rows) return std::move(rows).error();
  std::vector<Sequence> batches;
  for (const Row& row : *rows) batches.push_back({std::strtoull(row[0]->c_str(), nullptr, 10)});
  return batches;
}

// From nothing: which batch was the first to name a blob depends on all of them.
Result<std::vector<UnfoldedEvent>> project_all_batches(Pg& pg, const events::Log& log) {
  auto copies = batches_of(pg, events::CopyBatchData::kType);
  if (!copies) return std::move(copies).error();
  auto checks = batches_of(pg, events::VerifyBatchData::kType);
  if (!checks) return std::move(checks).error();
  if (auto gone = run(pg, "DELETE FROM blobs"); !gone) return std::move(gone).error();
  return project_batches(pg, log, *copies, *checks, false);
}

Result<bool> can_be_decoded(const events::Log& log, Sequence seq) {
  auto event = log.read(seq);
  if (!event) return std::move(event).error();
  auto attachment = attachment_of(log, *event);
  if (!attachment) return std::move(attachment).error();
  if (kind_of(event->type).subject == Subject::copy) {
    return events::decode_copy_batch(*attachment).has_value();
  }
  return events::decode_verify_batch(*attachment).has_value();
}

}  // namespace

Result<std::vector<UnfoldedEvent>> project_blobs(Pg& pg, const events::Log& log,
                                                 const NewEvents& found,
                                                 const std::vector<UnfoldedEvent>& known) {
  std::vector<UnfoldedEvent> still;
  for (const UnfoldedEvent& event : known) {
    if (event.lacking != Lacking::blobs) continue;
    auto decodes = can_be_decoded(log, event.seq);
    if (!decodes) return std::move(decodes).error();
    if (*decodes) return project_all_batches(pg, log);
    still.push_back(event);
  }
  auto fresh = project_batches(pg, log, found.copy_batches, found.verify_batches, false);
  if (!fresh) return fresh;
  still.insert(still.end(), fresh->begin(), fresh->end());
  return still;
}

Result<std::vector<UnfoldedEvent>> project_first_blobs(Pg& pg, const events::Log& log,
                                                       const NewEvents& found) {
  return project_batches(pg, log, found.copy_batches, found.verify_batches, true);
}

}  // namespace ntt::projector
