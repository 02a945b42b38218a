// The schema as the projector makes it, the rows table by table, then the indexes of the
// partitions.

#include "projector/table_dump.h"

#include <algorithm>

#include "projector/pg.h"
#include "projector/schema.h"
#include "projector/schema_sql.h"
#include "projector/table_key.h"

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Status;

namespace {

// Neither time nor place of making it: equal tables give equal bytes.
constexpr const char* kBegin =
    R"(-- The tables of ntt, written by ntt db dump. To load them into an empty database:
--   psql -v ON_ERROR_STOP=1 -f FILE
-- Owner and rights are not part of it.
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
BEGIN;
CREATE SCHEMA ntt;
SET LOCAL search_path = ntt;

)";
// The schema brings its own row.
constexpr const char* kAfterSchema = "\nDELETE FROM schema_version;\n";

// How values are printed must not depend on the server's or the user's settings.
constexpr const char* kSession =
    "SET LOCAL search_path = ntt; SET LOCAL lock_timeout = '60s'; SET LOCAL timezone = 'UTC'; "
    "SET LOCAL datestyle = 'ISO'; SET LOCAL bytea_output = 'hex'; SET LOCAL client_encoding = "
    "'UTF8'";

class TableDump {
 public:
  TableDump(Pg& pg, const DumpSink& sink) : pg_(pg), sink_(sink) {}

  Status run();

 private:
  Status lock_all();
  Status check_tables();
  Status declare_partitions();
  Status check_in_place(const std::string& relation);
  Status copy_table(const TableKey& table, const std::string& relation);
  Status copy_partitions(const TableKey& table);
  Status index_partitions();
  Status each_line(const std::string& query);

  Pg& pg_;
  const DumpSink& sink_;
};

// Before anything is read: what is seen then is what the locks keep. The partitions are locked with
// their parents.
Status TableDump::lock_all() {
  std::string names;
  for (const TableKey& table : all_tables()) {
    names += (names.empty() ? "" : ", ") + quote_name(table.name);
  }
  auto locked = projector::run(pg_, "LOCK TABLE " + names + " IN ACCESS SHARE MODE");
  if (locked) return {};
  if (locked.error().code == Errc::conflict) {
    return Error{Errc::conflict, "somebody else has locked the tables for a minute; try again"};
  }
  return Error{locked.error().code, locked.error().message +
                                        ": the tables are not whole; `ntt rebuild` makes them anew "
                                        "from the log"};
}

// A dump without a table that is there would look like all of it.
Status TableDump::check_tables() {
  std::string known;
  for (const TableKey& table : all_tables()) {
    known += (known.empty() ? "" : ", ") + pg_.quote(table.name);
  }
  auto rows = pg_.query(
      "SELECT relname FROM pg_class WHERE relnamespace = 'ntt'::regnamespace AND relkind IN ('r', "
      "'p', 'f', 'm') AND NOT relispartition AND relname NOT IN (" +
      known + ") ORDER BY 1");
  if (!rows) return std::move(rows).error();
  if (rows->empty()) return {};
  return Error{Errc::invalid, "schema ntt has a table that is not made from the log: " +
                                  *rows->front()[0] + "; move it to another schema"};
}

// The rows of a query of one column, one a line.
Status TableDump::each_line(const std::string& query) {
  auto rows = pg_.query(query);
  if (!rows) return std::move(rows).error();
  for (const Row& row : *rows) {
    if (auto sent = sink_(*row[0] + ";\n"); !sent) return sent;
  }
  return {};
}

Status TableDump::declare_partitions() {
  return each_line(
      "SELECT format('CREATE TABLE %I PARTITION OF %I %s', c.relname, p.relname, "
      "pg_get_expr(c.relpartbound, c.oid)) FROM pg_inherits i JOIN pg_class c ON c.oid = "
      "i.inhrelid "
      "JOIN pg_class p ON p.oid = i.inhparent WHERE p.relnamespace = 'ntt'::regnamespace AND "
      "p.relkind = 'p' ORDER BY c.relname COLLATE \"C\"");
}

// A rebuild renames schemas, which no lock keeps it from: the name then means a table whose rows
// this transaction does not see. What the name means is of now, pg_class is of the snapshot.
Status TableDump::check_in_place(const std::string& relation) {
  auto same = asks(pg_, pg_.quote(relation) +
                            "::regclass::oid IN (SELECT c.oid FROM pg_class c JOIN pg_namespace n "
                            "ON n.oid = c.relnamespace WHERE n.nspname = 'ntt')");
  if (!same) return std::move(same).error();
  if (*same) return {};
  return Error{Errc::conflict,
               "a rebuild has put other tables in the place of those that were being dumped; dump "
               "them again"};
}

Status TableDump::copy_table(const TableKey& table, const std::string& relation) {
  if (auto first = check_in_place(relation); !first) return first;
  auto columns = pg_.query(
      "SELECT quote_ident(attname), attcollation <> 0 FROM pg_attribute WHERE attrelid = " +
      pg_.quote(relation) + "::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum");
  if (!columns) return std::move(columns).error();
  std::string listed;
  for (const Row& column : *columns) listed += (listed.empty() ? "" : ", ") + *column[0];
  // The same order on every server, whatever its language.
  std::vector<std::string> order;
  const auto order_by = [&order](const Row& column) {
    order.push_back(*column[0] + (column[1] == "t" ? " COLLATE \"C\"" : ""));
  };
  for (const std::string& name : table.columns) {
    if (table.is_partitioned && name == "medium_hash") continue;  // a partition has one
    const auto at = std::find_if(columns->begin(), columns->end(),
                                 [&](const Row& column) { return column[0] == name; });
    if (at != columns->end()) order_by(*at);
  }
  if (table.columns.back() == "nth") {
    for (const Row& column : *columns) order_by(column);
  }
  std::string ordered;
  for (const std::string& name : order) ordered += (ordered.empty() ? "" : ", ") + name;

  if (auto sent = sink_("\nCOPY " + relation + " (" + listed + ") FROM stdin;\n"); !sent)
    return sent;
  auto copied = pg_.copy_out(
      "COPY (SELECT " + listed + " FROM " + relation + " ORDER BY " + ordered + ") TO STDOUT",
      sink_);
  if (!copied) return copied;
  if (auto still = check_in_place(relation); !still) return still;
  return sink_("\\.\n");
}

Status TableDump::copy_partitions(const TableKey& table) {
  auto partitions = pg_.query(
      "SELECT quote_ident(c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
      "WHERE "
      "i.inhparent = " +
      pg_.quote(table.name) + "::regclass ORDER BY c.relname COLLATE \"C\"");
  if (!partitions) return std::move(partitions).error();
  for (const Row& partition : *partitions) {
    if (auto copied = copy_table(table, *partition[0]); !copied) return copied;
  }
  return {};
}

// Those of the tables themselves are part of the schema.
Status TableDump::index_partitions() {
  return each_line(
      "SELECT pg_get_indexdef(i.oid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN "
      "pg_class t ON t.oid = x.indrelid WHERE t.relnamespace = 'ntt'::regnamespace AND "
      "t.relispartition ORDER BY i.relname COLLATE \"C\"");
}

Status TableDump::run() {
  if (auto set = projector::run(pg_, kSession); !set) return set;
  if (auto locked = lock_all(); !locked) return locked;
  if (auto version = check_version(pg_); !version) return version;
  if (auto known = check_tables(); !known) return known;
  if (auto sent = sink_(std::string(kBegin) + kTablesSql + kAfterSchema); !sent) return sent;
  if (auto declared = declare_partitions(); !declared) return declared;
  for (const TableKey& table : all_tables()) {
    auto copied =
        table.is_partitioned ? copy_partitions(table) : copy_table(table, quote_name(table.name));
    if (!copied) return std::move(copied).error().within("table " + std::string(table.name));
  }
  if (auto sent = sink_("\n"); !sent) return sent;
  if (auto indexed = index_partitions(); !indexed) return indexed;
  return sink_("COMMIT;\n");
}

Status check_there(Pg& pg) {
  if (auto begun = pg.begin(); !begun) return begun;
  auto there = asks(pg, "to_regnamespace('ntt') IS NOT NULL");
  pg.roll_back();
  if (!there) return std::move(there).error();
  if (*there) return {};
  return Error{Errc::not_found, "there are no tables yet: `ntt project` makes them from the log"};
}

}  // namespace

Status dump_tables(const std::string& url, const DumpSink& sink) {
  auto pg = Pg::connect(url);
  if (!pg) return std::move(pg).error();
  if (auto there = check_there(**pg); !there) return there;
  if (auto begun = (*pg)->begin_snapshot(); !begun) return begun;
  return TableDump(**pg, sink).run();
}

}  // namespace ntt::projector
