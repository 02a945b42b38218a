// Fold beside, catch up, compare, rename.

#include "projector/rebuild.h"

#include <array>

#include "projector/checkpoint.h"
#include "projector/locks.h"
#include "projector/log_fold.h"
#include "projector/schema.h"
#include "projector/shadow.h"

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Head;
using events::Log;
using events::Result;
using events::Status;

namespace {

constexpr const char* kNextSchema = "ntt_next";
constexpr std::array<const char*, 10> kCounted = {
    "medium",        "inode",  "path",        "blobs",           "event",
    "stage_attempt", "volume", "queue_stats", "retracted_event", "unfolded_event"};

Result<std::uint64_t> count_rows(Pg& pg, const std::string& table) {
  auto rows =
      pg.query("SELECT CASE WHEN to_regclass(" + pg.quote(table) + ") IS NOT NULL THEN 1 END");
  if (!rows) return std::move(rows).error();
  if (!rows->at(0).at(0)) return 0;
  rows = pg.query("SELECT count(*) FROM " + table);
  if (!rows) return std::move(rows).error();
  return std::strtoull(rows->at(0).at(0)->c_str(), nullptr, 10);
}

Result<std::vector<TableCount>> count_all(Pg& pg) {
  std::vector<TableCount> counts;
  for (const char* table : kCounted) {
    auto before = count_rows(pg, std::string(kLiveSchema) + "." + table);
    if (!before) return std::move(before).error();
    auto now = count_rows(pg, std::string(kNextSchema) + "." + table);
    if (!now) return std::move(now).error();
    counts.push_back({table, *before, *now});
  }
  return counts;
}

// Views of others would go on reading the tables of before, and vanish with them.
Status check_dependants(Pg& pg) {
  auto rows = pg.query(
      "SELECT DISTINCT v.oid::regclass::text FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid "
      "JOIN pg_class v ON v.oid = r.ev_class JOIN pg_class t ON t.oid = d.refobjid JOIN "
      "pg_namespace vn ON vn.oid = v.relnamespace JOIN pg_namespace tn ON tn.oid = t.relnamespace "
      "WHERE d.classid = 'pg_rewrite'::regclass AND tn.nspname IN ('ntt', 'ntt_previous') AND "
      "vn.nspname NOT IN ('ntt', 'ntt_previous', 'ntt_next', 'ntt_shadow') ORDER BY 1");
  if (!rows) return std::move(rows).error();
  if (rows->empty()) return {};
  std::string names;
  for (const Row& row : *rows) names += (names.empty() ? "" : ", ") + *row[0];
  return Error{Errc::invalid, "views of others read these tables: " + names +
                                  ". They would go on reading the old ones: drop them, and make "
                                  "them again afterwards"};
}

// A type that a newer program knows may mean something for the tables.
Status check_types(Pg& pg) {
  auto rows = pg.query("SELECT count(*), min(type), min(seq) FROM event WHERE NOT known");
  if (!rows) return std::move(rows).error();
  const Row& row = rows->front();
  if (row[0] == "0") return {};
  return Error{Errc::invalid, "the log has " + *row[0] +
                                  " events of types that this program does "
                                  "not know (" +
                                  *row[1] + ", event " + *row[2] +
                                  "): tables without them would say less than those that are live. "
                                  "Use the ntt that wrote them"};
}

// The new tables have every event.
Status check_counts(Pg& pg, const Head& to) {
  auto rows = pg.query("SELECT count(*) FROM event");
  if (!rows) return std::move(rows).error();
  const std::string expected = std::to_string(to.seq.value);
  if (rows->at(0).at(0) == expected) return {};
  return Error{Errc::corruption, "the new table event has " + rows->at(0).at(0).value_or("no") +
                                     " rows where the log has " + expected +
                                     "; the live tables were not changed"};
}

Status swap(Pg& pg) {
  return run(pg, std::string("SET LOCAL lock_timeout = '60s'; DROP SCHEMA IF EXISTS ") +
                     kPreviousSchema + " CASCADE; ALTER SCHEMA ntt RENAME TO " + kPreviousSchema +
                     "; ALTER SCHEMA " + kNextSchema + " RENAME TO ntt");
}

// Everything of one rebuild; the caller drops what is left when it fails.
class Rebuild {
 public:
  Rebuild(Shadow& next, const Log& log, const ProjectProgress& progress)
      : next_(next), log_(log), progress_(progress) {}

  Result<RebuildReport> run_whole();

 private:
  Status check_live_tables();
  Status catch_up_to_head();
  Result<bool> exchange();

  Shadow& next_;
  const Log& log_;
  const ProjectProgress& progress_;
  RebuildReport report_;
};

Status Rebuild::catch_up_to_head() {
  auto head = log_.head();
  if (!head) return std::move(head).error();
  auto rows = next_.catch_up(log_, *head, progress_);
  if (!rows) return std::move(rows).error();
  report_.rows += *rows;
  return {};
}

// False: meanwhile the live tables have come further than the new ones.
Result<bool> Rebuild::exchange() {
  Pg& pg = next_.pg();
  if (auto locked = wait_for_tables(pg); !locked) return std::move(locked).error();
  auto live = read_any_checkpoint(pg);
  if (!live && live.error().code != Errc::corruption) return std::move(live).error();
  if (live && live->head.seq > next_.position().seq) return false;
  if (auto free = check_dependants(pg); !free) return std::move(free).error();
  if (auto known = check_types(pg); !known) return std::move(known).error();
  auto counts = count_all(pg);
  if (!counts) return std::move(counts).error();
  report_.counts = std::move(*counts);
  if (auto right = check_counts(pg, next_.position()); !right) return std::move(right).error();
  if (auto swapped = swap(pg); !swapped) return std::move(swapped).error();
  return true;
}

// Tables that have seen events which the log lacks say that the log has lost them: renaming them
// away would hide it.
Status Rebuild::check_live_tables() {
  Pg& pg = next_.pg();
  if (auto begun = pg.begin(); !begun) return begun;
  auto live = read_any_checkpoint(pg);
  auto free = check_dependants(pg);
  pg.roll_back();
  if (!free) return free;
  // A checkpoint that was lost witnesses nothing.
  if (!live && live.error().code == Errc::corruption) return {};
  if (!live) return std::move(live).error();
  auto same = check_witness(log_, live->head);
  if (same) return {};
  return Error{same.error().code, same.error().message +
                                      ". If this log is the right one, drop the tables first: "
                                      "ntt db psql --admin -- -c 'DROP SCHEMA ntt CASCADE'"};
}

Result<RebuildReport> Rebuild::run_whole() {
  if (auto checked = check_live_tables(); !checked) return std::move(checked).error();
  auto head = log_.head();
  if (!head) return std::move(head).error();
  auto rows = next_.build(log_, *head, {}, progress_);
  if (!rows) return std::move(rows).error();
  report_.rows = *rows;
  for (bool exchanged = false; !exchanged;) {
    if (auto current = catch_up_to_head(); !current) return std::move(current).error();
    if (auto begun = next_.pg().begin(); !begun) return std::move(begun).error();
    auto done = exchange();
    if (!done || !*done) {
      next_.pg().roll_back();
      if (!done) return std::move(done).error();
      continue;
    }
    if (auto committed = next_.pg().commit(); !committed) return std::move(committed).error();
    exchanged = true;
  }
  report_.to = next_.position().seq;
  report_.unfolded = next_.unfolded();
  return report_;
}

// Opens the live schema, whatever its version, and works in one transaction under the lock.
template <class Work>
auto on_live_tables(const std::string& owner_url, const Work& work)
    -> decltype(work(std::declval<Pg&>())) {
  auto pg = Pg::connect(owner_url);
  if (!pg) return std::move(pg).error();
  if (auto opened = open_schema_of_any_version(**pg); !opened) return std::move(opened).error();
  if (auto begun = (*pg)->begin(); !begun) return std::move(begun).error();
  if (auto locked = wait_for_tables(**pg); !locked) return std::move(locked).error();
  auto done = work(**pg);
  if (!done) return done;
  if (auto committed = (*pg)->commit(); !committed) return std::move(committed).error();
  return done;
}

}  // namespace

Result<RebuildReport> rebuild(const std::string& owner_url, const Log& log,
                              const ProjectProgress& progress) {
  auto next = Shadow::open(owner_url, kNextSchema);
  if (!next) return std::move(next).error();
  auto report = Rebuild(**next, log, progress).run_whole();
  if (report) return report;
  // The error at hand says more than one of dropping, which the next rebuild does again anyway.
  if ((*next)->pg().is_open()) (void)(*next)->drop();
  return std::move(report).error().within("rebuilding");
}

Status roll_back_rebuild(const std::string& owner_url) {
  return on_live_tables(owner_url, [](Pg& pg) -> Status {
    auto there = asks(pg, std::string("to_regnamespace('") + kPreviousSchema + "') IS NOT NULL");
    if (!there) return std::move(there).error();
    if (!*there) {
      return Error{Errc::not_found,
                   "there are no previous tables: no rebuild since the database "
                   "was made, or they were dropped"};
    }
    return run(pg, std::string("ALTER SCHEMA ntt RENAME TO ntt_exchanged; ALTER SCHEMA ") +
                       kPreviousSchema + " RENAME TO ntt; ALTER SCHEMA ntt_exchanged RENAME TO " +
                       kPreviousSchema);
  });
}

Result<bool> drop_previous(const std::string& owner_url) {
  return on_live_tables(owner_url, [](Pg& pg) -> Result<bool> {
    auto there = asks(pg, std::string("to_regnamespace('") + kPreviousSchema + "') IS NOT NULL");
    if (!there || !*there) return there;
    auto dropped = run(pg, std::string("DROP SCHEMA ") + kPreviousSchema + " CASCADE");
    if (!dropped) return std::move(dropped).error();
    return true;
  });
}

Result<RebuildReport> rebuild_medium(const std::string& owner_url, const Log& log,
                                     const events::MediumId& medium,
                                     const ProjectProgress& progress) {
  auto folded = on_live_tables(owner_url, [&](Pg& pg) -> Result<FoldedLog> {
    if (auto known = check_version(pg); !known) return std::move(known).error();
    return fold_medium_again(pg, log, medium, progress);
  });
  if (!folded) return std::move(folded).error().within("rebuilding medium " + medium.text);
  return RebuildReport{{}, folded->rows, {}, std::move(folded->unfolded)};
}

}  // namespace ntt::projector
