// Rows that differ are deleted and taken from the shadow; partitions that differ are exchanged.

#include "projector/repair.h"

#include <map>

#include "projector/checkpoint.h"
#include "projector/locks.h"
#include "projector/schema.h"

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Head;
using events::Status;

namespace {

struct RepairedTable {
  const char* key;
  const char* same_key;  // of a live row l and a right row n
};

const std::map<std::string, RepairedTable>& repaired_tables() {
  static const std::map<std::string, RepairedTable> tables = {
      {"projection_checkpoint", {"projection", "l.projection = n.projection"}},
      {"medium", {"medium_hash", "l.medium_hash = n.medium_hash"}},
      {"stage_attempt", {"start_seq", "l.start_seq = n.start_seq"}},
      {"volume", {"medium_hash, volume", "l.medium_hash = n.medium_hash AND l.volume = n.volume"}},
      {"queue_stats", {"medium_hash", "l.medium_hash = n.medium_hash"}},
      {"find_filter", {"medium_hash", "l.medium_hash = n.medium_hash"}},
      {"event", {"seq", "l.seq = n.seq"}},
      {"retracted_event", {"seq", "l.seq = n.seq"}},
      {"unfolded_event", {"seq, lacking", "l.seq = n.seq AND l.lacking = n.lacking"}},
      {"blobs", {"blobid", "l.blobid = n.blobid"}}};
  return tables;
}

// Rows that are right stay where they are.
Status repair_rows(Pg& pg, const std::string& shadow, const std::string& name,
                   const RepairedTable& table) {
  const std::string live = std::string(kLiveSchema) + "." + name;
  const std::string right = shadow + "." + name;
  return run(pg, "DELETE FROM " + live + " l WHERE NOT EXISTS (SELECT FROM " + right + " n WHERE " +
                     table.same_key + " AND ROW(n.*) IS NOT DISTINCT FROM ROW(l.*));" +
                     "INSERT INTO " + live + " SELECT n.* FROM " + right +
                     " n WHERE NOT EXISTS (SELECT FROM " + live + " l WHERE " + table.same_key +
                     ") ORDER BY " + table.key);
}

// Out of the shadow, into the live tables.
Status move_partition(Pg& pg, const std::string& shadow, const std::string& parent,
                      const std::string& name, const std::string& medium) {
  const std::string moved = shadow + "." + name;
  return run(pg, "ALTER TABLE " + shadow + "." + parent + " DETACH PARTITION " + moved +
                     "; ALTER TABLE " + moved + " SET SCHEMA ntt; ALTER TABLE ntt." + parent +
                     " ATTACH PARTITION ntt." + name + " FOR VALUES IN (" + pg.quote(medium) + ")");
}

Status exchange_partitions(Pg& pg, const std::string& shadow, const std::string& medium) {
  auto rows = pg.query("SELECT m.partition_suffix, to_regclass(" + pg.quote(shadow + ".inode_p_") +
                       " || m.partition_suffix) IS NOT NULL FROM " + shadow +
                       ".medium m WHERE m.medium_hash = " + pg.quote(medium));
  if (!rows) return std::move(rows).error();
  if (rows->empty()) return {};
  const std::string suffix = *rows->front()[0];
  for (const char* parent : {"inode", "path"}) {
    const std::string name = std::string(parent) + "_p_" + suffix;
    auto dropped = run(pg, std::string("DROP TABLE IF EXISTS ntt.") + name);
    if (!dropped) return dropped;
    if (rows->front()[1] != "t") continue;
    if (auto moved = move_partition(pg, shadow, parent, name, medium); !moved) return moved;
  }
  return {};
}

Status repair(Pg& pg, const std::string& shadow, const RepairPlan& plan, const Head& examined) {
  if (auto locked = wait_for_tables(pg); !locked) return locked;
  auto now = read_any_checkpoint(pg);
  if (!now) return std::move(now).error();
  if (now->head != examined) {
    return Error{Errc::conflict, "the tables were brought forward meanwhile: run it again"};
  }
  for (const std::string& stray : plan.strays()) {
    if (auto done = run(pg, "DROP TABLE IF EXISTS ntt." + quote_name(stray)); !done) return done;
  }
  for (const std::string& medium : plan.media()) {
    if (auto done = exchange_partitions(pg, shadow, medium); !done) return done;
  }
  for (const std::string& name : plan.tables()) {
    const auto table = repaired_tables().find(name);
    if (table == repaired_tables().end() || plan.is_misshapen(name)) continue;
    auto done = repair_rows(pg, shadow, name, table->second);
    if (!done) return std::move(done).error().within("table " + name);
  }
  return {};
}

}  // namespace

void RepairPlan::add(const Difference& difference) {
  if (!difference.medium.empty()) touched_.insert(difference.medium);
  const bool is_structure = difference.kind == Difference::Kind::structure;
  const bool is_partitioned = difference.table == "inode" || difference.table == "path";
  if (is_structure && !difference.medium.empty()) {
    if (!difference.log_value && difference.key == difference.table) {
      strays_.insert(difference.key);
    } else {
      media_.insert(difference.medium);
    }
  } else if (is_structure) {
    beyond_.push_back(difference.key);
    misshapen_.insert(difference.table);
  } else if (is_partitioned) {
    media_.insert(difference.medium);
  } else {
    tables_.insert(difference.table);
  }
}

Status repair_from(Shadow& shadow, const RepairPlan& plan, const Head& examined) {
  Pg& pg = shadow.pg();
  if (auto begun = pg.begin(); !begun) return begun;
  auto done = repair(pg, shadow.schema(), plan, examined);
  if (!done) {
    pg.roll_back();
    return std::move(done).error().within("repairing");
  }
  return pg.commit();
}

}  // namespace ntt::projector
