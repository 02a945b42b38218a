// One row, changed only from the position that it is expected to have.

#include "projector/checkpoint.h"

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Head;
using events::Result;
using events::Sha256Digest;
using events::Status;

Result<Checkpoint> read_any_checkpoint(Pg& pg) {
  auto there = pg.query("SELECT to_regclass('ntt.projection_checkpoint') IS NOT NULL");
  if (!there) return std::move(there).error();
  if (there->at(0).at(0) != "t") {
    return Error{Errc::corruption,
                 "there is no table projection_checkpoint: `ntt rebuild` makes "
                 "the tables anew"};
  }
  auto rows = pg.query(
      "SELECT seq, envelope_hash, root, version FROM ntt.projection_checkpoint WHERE projection = "
      "'ntt'");
  if (!rows) return std::move(rows).error();
  if (rows->empty()) return Checkpoint{};
  const Row& row = rows->front();
  const auto envelope_hash = Sha256Digest::from_hex(*row[1]);
  const auto root = Sha256Digest::from_hex(*row[2]);
  if (!envelope_hash || !root) {
    return Error{Errc::corruption, "the row of projection_checkpoint is no checkpoint"};
  }
  return Checkpoint{{{std::strtoull(row[0]->c_str(), nullptr, 10)}, *envelope_hash, *root},
                    std::atoi(row[3]->c_str())};
}

Result<Head> read_checkpoint(Pg& pg) {
  auto found = read_any_checkpoint(pg);
  if (!found) return std::move(found).error();
  if (found->version == 0 || found->version == kProjectionVersion) return found->head;
  return Error{Errc::invalid,
               "the tables were folded by version " + std::to_string(found->version) +
                   " of the rules, this program has version " + std::to_string(kProjectionVersion) +
                   ": nothing was changed; `ntt diff` shows what would change, `ntt rebuild` "
                   "does it"};
}

Status write_checkpoint(Pg& pg, events::Sequence expected, const Head& head) {
  const std::string seq = std::to_string(head.seq.value);
  const std::string hash = pg.quote(head.envelope_hash.hex());
  const std::string root = pg.quote(head.root.hex());
  const std::string version = std::to_string(kProjectionVersion);
  auto changed =
      expected ? pg.execute("UPDATE projection_checkpoint SET seq = " + seq +
                            ", envelope_hash = " + hash + ", root = " + root +
                            " WHERE projection = 'ntt' AND version = " + version +
                            " AND seq = " + std::to_string(expected.value))
               : pg.execute("INSERT INTO projection_checkpoint VALUES ('ntt', " + version + ", " +
                            seq + ", " + hash + ", " + root + ") ON CONFLICT DO NOTHING");
  if (!changed) return std::move(changed).error();
  if (*changed == 1) return {};
  return Error{Errc::conflict, "the checkpoint was moved by another projector"};
}

Status check_witness(const events::Log& log, const Head& checkpoint) {
  if (!checkpoint.seq) return {};
  const std::string where = "the tables stand at event " + std::to_string(checkpoint.seq.value);
  auto head = log.head_at(checkpoint.seq);
  if (!head) {
    if (head.error().code != Errc::not_found) return std::move(head).error();
    return Error{Errc::corruption, where +
                                       ", which the log does not have: it is shorter than it "
                                       "was, or it is another log. Nothing was changed"};
  }
  if (*head == checkpoint) return {};
  return Error{Errc::corruption, where +
                                     ", but the log's root there is another: these tables were "
                                     "made from another log, or its events were changed. "
                                     "Nothing was changed"};
}

}  // namespace ntt::projector
