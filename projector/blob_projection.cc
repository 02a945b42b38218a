// Batches into temporary tables, then two statements.

#include "projector/blob_projection.h"

#include "events/batch.h"
#include "projector/copy_writer.h"

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

template <class Write>
Status copy_batches(Pg& pg, const events::Log& log, const std::vector<Sequence>& batches,
                    const std::string& table, const std::string& columns, const Write& write) {
  CopyWriter rows(pg);
  if (auto started = rows.start(table, columns, false); !started) return started;
  for (const Sequence seq : batches) {
    auto event = log.read(seq);
    if (!event) return std::move(event).error();
    auto attachment = log.attachment(seq);
    if (!attachment) return std::move(attachment).error();
    auto written = write(rows, seq, event->occurred_at, *attachment);
    if (!written) return std::move(written).error().within("event " + std::to_string(seq.value));
  }
  auto finished = rows.finish();
  if (!finished) return std::move(finished).error();
  return {};
}

}  // namespace

Status project_blobs(Pg& pg, const events::Log& log, const NewEvents& found) {
  if (found.copy_batches.empty() && found.verify_batches.empty()) return {};
  auto done =
      run(pg,
          "CREATE TEMP TABLE new_blob (blobid text, size bigint, seq bigint, at timestamptz) "
          "ON COMMIT DROP;"
          "CREATE TEMP TABLE new_check (blobid text, outcome text, seq bigint, at "
          "timestamptz) ON COMMIT DROP");
  if (!done) return done;
  done =
      copy_batches(pg, log, found.copy_batches, "new_blob", "blobid, size, seq, at", write_copies);
  if (!done) return done;
  done = copy_batches(pg, log, found.verify_batches, "new_check", "blobid, outcome, seq, at",
                      write_checks);
  if (!done) return done;
  if (found.verify_batches.empty()) return run(pg, kInsertBlobs);
  if (done = run(pg, kInsertCheckedBlobs); !done) return done;
  return run(pg, kUpdateBlobs);
}

}  // namespace ntt::projector
