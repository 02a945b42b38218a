// One full join a table over the columns that both sides have; partitions first by a sum of row
// hashes, which does not depend on the order of the rows.

#include "projector/comparison.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "events/bytes.h"
#include "projector/schema.h"
#include "projector/table_key.h"

namespace ntt::projector {

using events::Error;
using events::Result;
using events::Sequence;
using events::Status;

namespace {

// Columns whose event is in another column of the row.
const std::map<std::string, std::string>& seq_columns() {
  static const std::map<std::string, std::string> columns = {
      {"enum_done", "enum_done_seq"},
      {"copy_done", "copy_done_seq"},
      {"archive_done", "archive_done_seq"},
      {"verify_done", "verify_done_seq"},
      {"enum_done_seq", "enum_done_seq"},
      {"copy_done_seq", "copy_done_seq"},
      {"archive_done_seq", "archive_done_seq"},
      {"verify_done_seq", "verify_done_seq"},
      {"last_checked", "check_seq"},
      {"check_outcome", "check_seq"},
      {"check_seq", "check_seq"},
      {"first_seq", "first_seq"},
      {"created_at", "first_seq"},
      {"ended_at", "end_seq"},
      {"end_seq", "end_seq"},
      {"started_at", "start_seq"}};
  return columns;
}

struct Column {
  std::string name;
  std::string type;
};

// A column of one side as text that people read.
std::string as_text(const std::string& side, const Column& column) {
  const std::string value = side + "." + quote_name(column.name);
  if (column.type == "timestamp with time zone") {
    return "to_char(" + value + " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
  }
  if (column.name == "bits") return "'md5 ' || md5(" + value + ")";  // millions of bytes
  return value + "::text";
}

// What the server printed, with bytes in the escape.
std::optional<std::string> readable(const std::optional<std::string>& text, const Column& column) {
  if (!text || column.type != "bytea" || !text->starts_with("\\x")) return text;
  const auto bytes = events::from_hex(std::string_view(*text).substr(2));
  return bytes ? events::escape_bytes(*bytes) : text;
}

std::string row_as_json(const std::vector<Column>& columns, const Row& row, bool of_shadow) {
  nlohmann::ordered_json json;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto text = readable(row[2 + 2 * i + (of_shadow ? 1 : 0)], columns[i]);
    json[columns[i].name] = text ? nlohmann::ordered_json(*text) : nlohmann::ordered_json();
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// The medium of a partition, from "FOR VALUES IN ('...')"; empty: there is no bound.
std::string medium_of(const std::optional<std::string>& bound) {
  if (!bound) return "";
  const std::size_t begin = bound->find('\'');
  const std::size_t end = bound->rfind('\'');
  return begin == end ? "" : bound->substr(begin + 1, end - begin - 1);
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : separator) + part;
  return all;
}

class Comparison {
 public:
  Comparison(Pg& pg, std::string shadow, const ComparisonScope& scope,
             const std::function<Status(const Difference&)>& visit)
      : pg_(pg), shadow_(std::move(shadow)), scope_(scope), visit_(visit) {}

  Result<std::uint64_t> run();

 private:
  Status compare_relations();
  Status compare_rights();
  Status compare_definitions();
  Status compare_columns(const TableKey& table);
  Status compare_table(const TableKey& table);
  Status compare_partitions(const TableKey& table);
  Result<bool> same_content(const std::string& partition);
  Status compare_rows(const TableKey& table, const std::string& relation);
  [[nodiscard]] std::string rows_of(const std::string& schema, const TableKey& table,
                                    const std::string& relation) const;
  [[nodiscard]] std::string join_of(const TableKey& table, const std::string& relation) const;
  Status visit_row(const TableKey& table, const Row& row);
  Status structure(const std::string& table, std::string what, std::optional<std::string> live,
                   std::optional<std::string> shadow);
  [[nodiscard]] std::size_t index_of(const std::string& column) const;
  [[nodiscard]] std::optional<std::string> value(const Row& row, const std::string& column,
                                                 bool of_shadow) const;

  Pg& pg_;
  std::string shadow_;
  const ComparisonScope& scope_;
  const std::function<Status(const Difference&)>& visit_;
  std::vector<Column> columns_;  // of the table at hand, on both sides; the key's come first
  std::uint64_t rows_ = 0;
};

Status Comparison::structure(const std::string& table, std::string what,
                             std::optional<std::string> live, std::optional<std::string> shadow) {
  Difference difference;
  difference.kind = Difference::Kind::structure;
  difference.table = table;
  difference.key = std::move(what);
  difference.table_value = std::move(live);
  difference.log_value = std::move(shadow);
  return visit_(difference);
}

// Everything in the two schemas that has a name: tables, partitions with their bounds, indexes with
// their definitions, views. What belongs to a partition carries its medium; indexes of a partition
// that one side lacks go without saying.
Status Comparison::compare_relations() {
  const auto described = [this](const std::string& schema) {
    return "SELECT c.relname AS name, CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' "
           "WHEN 'v' THEN 'view' WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' ELSE c.relkind::text "
           "END || coalesce(' ' || pg_get_expr(c.relpartbound, c.oid), '') || "
           "coalesce(' ' || replace(CASE WHEN c.relkind IN ('i', 'I') THEN pg_get_indexdef(c.oid) "
           "WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END, " +
           pg_.quote(schema + ".") +
           ", ''), '') AS what, pg_get_expr(t.relpartbound, t.oid) AS bound, t.relname AS owner "
           "FROM pg_class c LEFT JOIN pg_index x ON x.indexrelid = c.oid JOIN pg_class t ON t.oid "
           "= "
           "coalesce(x.indrelid, c.oid) WHERE c.relnamespace = " +
           pg_.quote(schema) + "::regnamespace AND c.relkind NOT IN ('t', 'c')";
  };
  auto rows = pg_.query(
      "SELECT coalesce(l.name, n.name), l.what, n.what, coalesce(n.bound, "
      "l.bound), coalesce(l.owner, n.owner) FROM (" +
      described(kLiveSchema) + ") l FULL JOIN (" + described(shadow_) +
      ") n USING (name) WHERE l.what IS DISTINCT FROM n.what ORDER BY 1");
  if (!rows) return std::move(rows).error();
  std::set<std::string> lacking;
  for (const Row& row : *rows) {
    if (row[0] == row[4] && !(row[1] && row[2])) lacking.insert(*row[0]);
  }
  for (const Row& row : *rows) {
    if (row[0] != row[4] && lacking.contains(*row[4])) continue;
    Difference difference;
    difference.kind = Difference::Kind::structure;
    difference.table = *row[4];
    difference.key = *row[0];
    difference.medium = medium_of(row[3]);
    difference.table_value = row[1];
    difference.log_value = row[2];
    if (auto done = visit_(difference); !done) return done;
  }
  return {};
}

// The reader may read, and nobody but the owner may write; nothing runs on a write.
Status Comparison::compare_rights() {
  auto rows = pg_.query(
      "SELECT c.relname, a.grantee::regrole::text || ' may ' || a.privilege_type || ' column ' || "
      "t.attname FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a "
      "WHERE c.relnamespace = 'ntt'::regnamespace AND a.grantee <> c.relowner UNION ALL SELECT "
      "'ntt', a.grantee::regrole::text || ' may ' || a.privilege_type || ' in the schema' FROM "
      "pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'ntt' AND a.grantee <> n.nspowner "
      "AND a.privilege_type <> 'USAGE' UNION ALL SELECT c.relname, 'row security' FROM pg_class c "
      "WHERE c.relnamespace = 'ntt'::regnamespace AND c.relrowsecurity UNION ALL SELECT c.relname, "
      "'ntt_reader may not read' FROM pg_class c WHERE c.relnamespace = 'ntt'::regnamespace AND "
      "c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND NOT "
      "has_table_privilege('ntt_reader', c.oid, 'SELECT') UNION ALL "
      "SELECT c.relname, a.grantee::regrole::text || ' may ' || a.privilege_type FROM pg_class c, "
      "aclexplode(c.relacl) a WHERE c.relnamespace = 'ntt'::regnamespace AND a.grantee <> "
      "c.relowner AND a.privilege_type <> 'SELECT' UNION ALL SELECT c.relname, 'trigger ' || "
      "t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = "
      "'ntt'::regnamespace AND NOT t.tgisinternal UNION ALL SELECT c.relname, 'rule ' || "
      "r.rulename "
      "FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = "
      "'ntt'::regnamespace AND c.relkind <> 'v' ORDER BY 1, 2");
  if (!rows) return std::move(rows).error();
  for (const Row& row : *rows) {
    if (auto done = structure(*row[0], *row[1], row[1], {}); !done) return done;
  }
  return {};
}

// Constraints of tables, and functions, by what they are made of.
Status Comparison::compare_definitions() {
  const auto described = [this](const std::string& schema) {
    const std::string name = pg_.quote(schema) + "::regnamespace";
    return "SELECT t.relname::text AS owner, k.conname::text AS name, pg_get_constraintdef(k.oid) "
           "AS what FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid WHERE "
           "t.relnamespace = " +
           name +
           " AND NOT t.relispartition UNION ALL SELECT 'functions', p.proname::text, "
           "replace(pg_get_functiondef(p.oid), " +
           pg_.quote(schema + ".") + ", '') FROM pg_proc p WHERE p.pronamespace = " + name;
  };
  auto rows =
      pg_.query("SELECT owner, name, l.what, n.what FROM (" + described(kLiveSchema) +
                ") l FULL JOIN (" + described(shadow_) +
                ") n USING (owner, name) WHERE l.what IS DISTINCT FROM n.what ORDER BY 1, 2");
  if (!rows) return std::move(rows).error();
  for (const Row& row : *rows) {
    if (auto done = structure(*row[0], *row[1], row[2], row[3]); !done) return done;
  }
  return {};
}

// Columns that one side lacks, or has with another type, are differences of structure; the others
// are compared by value.
Status Comparison::compare_columns(const TableKey& table) {
  const auto listed = [&](const std::string& schema) {
    return "SELECT attname AS name, format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN "
           "' not null' ELSE '' END AS what, format_type(atttypid, NULL) AS type, attnum FROM "
           "pg_attribute WHERE attrelid = to_regclass(" +
           pg_.quote(schema + "." + table.name) + ") AND attnum > 0 AND NOT attisdropped";
  };
  auto rows = pg_.query("SELECT coalesce(l.name, n.name), l.what, n.what, l.type, n.type FROM (" +
                        listed(kLiveSchema) + ") l FULL JOIN (" + listed(shadow_) +
                        ") n USING (name) ORDER BY coalesce(n.attnum, 1000), l.attnum");
  if (!rows) return std::move(rows).error();
  columns_.clear();
  for (const Row& row : *rows) {
    if (row[1] != row[2]) {
      if (auto done = structure(table.name, *row[0], row[1], row[2]); !done) return done;
    }
    // Depends on the other media, which a fold of one medium does not know.
    if (scope_.medium && row[0] == "partition_suffix") continue;
    if (row[3] && row[3] == row[4]) columns_.push_back({*row[0], *row[3]});
  }
  return {};
}

// With the position among rows of equal keys where the key alone need not be unique.
std::string Comparison::rows_of(const std::string& schema, const TableKey& table,
                                const std::string& relation) const {
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(quote_name(column.name));
  const std::string all = joined(names, ", ");
  std::string sql = "SELECT " + all;
  if (table.columns.back() == "nth") {
    const std::vector<std::string> key(table.columns.begin(), table.columns.end() - 1);
    sql +=
        ", row_number() OVER (PARTITION BY " + joined(key, ", ") + " ORDER BY " + all + ") AS nth";
  }
  sql += " FROM " + schema + "." + relation;
  if (scope_.medium) sql += " WHERE medium_hash = " + pg_.quote(scope_.medium->text);
  return sql;
}

std::string Comparison::join_of(const TableKey& table, const std::string& relation) const {
  std::vector<std::string> left;
  std::vector<std::string> right;
  std::vector<std::string> shown;
  for (const Column& column : columns_) {
    left.push_back("l." + quote_name(column.name));
    right.push_back("n." + quote_name(column.name));
    shown.push_back(as_text("l", column));
    shown.push_back(as_text("n", column));
  }
  std::vector<std::string> matches;
  const auto equal = [](const std::string& name) { return "l." + name + " = n." + name; };
  for (const std::string& name : table.columns) matches.push_back(equal(name));
  const std::string& first = table.columns.front();
  return "SELECT l." + first + " IS NOT NULL, n." + first + " IS NOT NULL, " + joined(shown, ", ") +
         " FROM (" + rows_of(kLiveSchema, table, relation) + ") l FULL JOIN (" +
         rows_of(shadow_, table, relation) + ") n ON " + joined(matches, " AND ") + " WHERE (" +
         joined(left, ", ") + ") IS DISTINCT FROM (" + joined(right, ", ") + ")";
}

std::size_t Comparison::index_of(const std::string& column) const {
  const auto found = std::find_if(columns_.begin(), columns_.end(),
                                  [&](const Column& each) { return each.name == column; });
  return static_cast<std::size_t>(found - columns_.begin());
}

std::optional<std::string> Comparison::value(const Row& row, const std::string& column,
                                             bool of_shadow) const {
  const std::size_t index = index_of(column);
  if (index == columns_.size()) return std::nullopt;
  return readable(row[2 + 2 * index + (of_shadow ? 1 : 0)], columns_[index]);
}

Status Comparison::visit_row(const TableKey& table, const Row& row) {
  const bool in_live = row[0] == "t";
  const bool in_shadow = row[1] == "t";
  Difference difference;
  difference.table = table.name;
  difference.medium = value(row, "medium_hash", in_shadow).value_or("");
  for (const std::string& name : table.columns) {
    const auto part = value(row, name, in_shadow);
    if (!part) continue;
    difference.key += (difference.key.empty() ? "" : ", ") + name + "=" + *part;
  }
  const auto event_in = [&](const std::string& column) {
    return Sequence{std::strtoull(value(row, column, true).value_or("0").c_str(), nullptr, 10)};
  };
  if (!in_live || !in_shadow) {
    difference.kind = in_live ? Difference::Kind::unexpected : Difference::Kind::missing;
    (in_live ? difference.table_value : difference.log_value) =
        row_as_json(columns_, row, in_shadow);
    if (in_shadow) difference.event = event_in(table.event);
    return visit_(difference);
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string& name = columns_[i].name;
    if (row[2 + 2 * i] == row[3 + 2 * i]) continue;
    difference.column = name;
    difference.table_value = value(row, name, false);
    difference.log_value = value(row, name, true);
    const auto seq_column = seq_columns().find(name);
    const bool has_own =
        seq_column != seq_columns().end() && index_of(seq_column->second) != columns_.size();
    difference.event = event_in(has_own ? seq_column->second : table.event);
    if (auto done = visit_(difference); !done) return done;
  }
  return {};
}

Status Comparison::compare_rows(const TableKey& table, const std::string& relation) {
  auto opened = pg_.execute("DECLARE compared NO SCROLL CURSOR FOR " + join_of(table, relation));
  if (!opened) return std::move(opened).error();
  while (true) {
    auto rows = pg_.query("FETCH 1000 FROM compared");
    if (!rows) return std::move(rows).error();
    for (const Row& row : *rows) {
      if (auto done = visit_row(table, row); !done) return done;
    }
    if (rows->empty()) break;
  }
  auto closed = pg_.execute("CLOSE compared");
  if (!closed) return std::move(closed).error();
  return {};
}

// Whether a partition has the same rows on both sides, in whatever order.
Result<bool> Comparison::same_content(const std::string& partition) {
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(quote_name(column.name));
  const auto digest = [&](const std::string& schema) {
    return "SELECT count(*) AS rows, sum(hash_record_extended(ROW(" + joined(names, ", ") +
           "), 0)) AS hash FROM " + schema + "." + partition;
  };
  auto rows =
      pg_.query("SELECT l.rows = n.rows AND l.hash IS NOT DISTINCT FROM n.hash, n.rows FROM (" +
                digest(kLiveSchema) + ") l, (" + digest(shadow_) + ") n");
  if (!rows) return std::move(rows).error();
  rows_ += std::strtoull(rows->at(0).at(1)->c_str(), nullptr, 10);
  return rows->at(0).at(0) == "t";
}

// Partitions that only one side has were found by their names; here come those of both.
Status Comparison::compare_partitions(const TableKey& table) {
  const auto listed = [&](const std::string& schema) {
    return "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
           "WHERE "
           "i.inhparent = to_regclass(" +
           pg_.quote(schema + "." + table.name) + ")";
  };
  auto partitions = pg_.query("SELECT l.name FROM (" + listed(kLiveSchema) + ") l JOIN (" +
                              listed(shadow_) + ") n USING (name) ORDER BY 1");
  if (!partitions) return std::move(partitions).error();
  for (const Row& partition : *partitions) {
    auto same = same_content(quote_name(*partition[0]));
    if (!same) return std::move(same).error();
    if (*same) continue;
    if (auto done = compare_rows(table, quote_name(*partition[0])); !done) return done;
  }
  return {};
}

Status Comparison::compare_table(const TableKey& table) {
  if (auto done = compare_columns(table); !done) return done;
  const bool has_key = std::all_of(
      table.columns.begin(), table.columns.end(),
      [&](const auto& name) { return name == "nth" || index_of(name) != columns_.size(); });
  if (!has_key) return {};  // said by compare_columns() and compare_relations()
  if (table.is_partitioned && !scope_.medium) return compare_partitions(table);
  auto counted = pg_.query("SELECT count(*) FROM " + shadow_ + "." + table.name);
  if (!counted) return std::move(counted).error();
  rows_ += std::strtoull(counted->at(0).at(0)->c_str(), nullptr, 10);
  return compare_rows(table, table.name);
}

Result<std::uint64_t> Comparison::run() {
  if (!scope_.medium) {
    if (auto done = compare_relations(); !done) return std::move(done).error();
    if (auto done = compare_rights(); !done) return std::move(done).error();
    if (auto done = compare_definitions(); !done) return std::move(done).error();
  }
  for (const TableKey& table : all_tables()) {
    const std::string_view name = table.name;
    if (name == "projection_checkpoint" && !scope_.checkpoint) continue;
    const bool is_of_all = name == "blobs" || name == "schema_version";
    if (scope_.medium && is_of_all) continue;
    if (auto done = compare_table(table); !done) {
      return std::move(done).error().within("comparing table " + std::string(name));
    }
  }
  return rows_;
}

}  // namespace

std::string_view to_string(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::changed:
      return "changed";
    case Difference::Kind::missing:
      return "missing";
    case Difference::Kind::unexpected:
      return "unexpected";
    case Difference::Kind::structure:
      return "structure";
  }
  return "";
}

Result<std::uint64_t> compare_with_shadow(Pg& pg, const std::string& shadow,
                                          const ComparisonScope& scope,
                                          const std::function<Status(const Difference&)>& visit) {
  return Comparison(pg, shadow, scope, visit).run();
}

}  // namespace ntt::projector
