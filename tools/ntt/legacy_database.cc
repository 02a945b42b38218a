// What a column is called and of what type it is changed over the years; each is read through an
// expression that suits what is there, and is NULL where nothing is.

#include "tools/ntt/legacy_database.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "events/bytes.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::Result;
using events::Status;
using events::Timestamp;
using projector::CopyReader;
using projector::Pg;
using projector::Row;
using stages::LegacyFile;
using stages::LegacyInode;
using stages::LegacyPath;
using stages::LegacyVolume;

namespace {

constexpr const char* kMountRoot = "/mnt/ntt/";
constexpr std::size_t kPathsMax = 1'000'000;  // of one inode number, which are in memory together
constexpr std::size_t kTextMax = 1U << 20U;   // of a column of the table medium

std::string hex_literal(std::string_view bytes) {
  return "'\\x" + events::to_hex(bytes) + "'::bytea";
}

std::optional<Timestamp> time_in(const std::optional<std::string>& text) {
  auto at = events::parse_timestamp(text.value_or(""));
  return at ? std::optional(*at) : std::nullopt;
}

// UTF-8 stays UTF-8.
std::string cut_text(std::string text) {
  const std::string whole = std::to_string(text.size());
  std::size_t end = kTextMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) end -= 1;
  text.resize(end);
  return text + " (cut: it has " + whole + " bytes)";
}

Error not_readable(const std::string& what, const Error& error) {
  return Error(error).within("reading " + what + " of the earlier system");
}

// How a column is read: an expression that gives `type`, whatever the column is.
class Expression {
 public:
  explicit Expression(const std::map<std::string, std::string>& columns) : columns_(columns) {}

  [[nodiscard]] bool has(const char* column) const { return columns_.contains(column); }
  [[nodiscard]] std::string number(const char* column) const {
    return has(column) ? std::string(column) + "::bigint" : "NULL::bigint";
  }
  [[nodiscard]] std::string text(const char* column) const {
    return has(column) ? std::string(column) + "::text" : "NULL::text";
  }
  [[nodiscard]] std::string flag(const char* column) const {
    return has(column) ? std::string(column) + "::boolean" : "NULL::boolean";
  }
  // A time without a zone is taken as it stands.
  [[nodiscard]] std::string time(const char* column) const {
    return has(column) ? std::string(column) + "::timestamptz" : "NULL::timestamptz";
  }
  [[nodiscard]] std::string seconds(const char* column) const {
    if (!has(column)) return "NULL::bigint";
    const bool is_time = columns_.at(column).starts_with("timestamp");
    return is_time ? "floor(date_part('epoch', " + std::string(column) + "))::bigint"
                   : "floor(" + std::string(column) + ")::bigint";
  }
  // Where nobody wrote the type down, it is a file unless something says that it is none.
  [[nodiscard]] std::string type() const {
    std::string other = "'f'";
    if (has("mime_type")) other = "CASE WHEN mime_type LIKE 'inode/%' THEN 'u' ELSE 'f' END";
    if (has("claimed_by")) {
      other = "CASE WHEN claimed_by = 'NON_FILE' THEN 'u' ELSE " + other + " END";
    }
    return has("fs_type") ? "coalesce(nullif(fs_type::text, 'u'), " + other + ")" : other;
  }
  // 64 hex digits: as text, as bytes that hold the text, or as 32 bytes.
  [[nodiscard]] std::string blob() const {
    const char* column = has("blobid") ? "blobid" : "hash";
    if (!has(column)) return "NULL::text";
    const std::string name = column;
    if (columns_.at(column) != "bytea") return name + "::text";
    return "CASE WHEN octet_length(" + name + ") = 32 THEN encode(" + name +
           ", 'hex') ELSE encode(" + name + ", 'escape') END";
  }
  [[nodiscard]] std::string last_error() const {
    if (!has("errors")) return "NULL::text";
    return columns_.at("errors") == "ARRAY" ? "errors[array_upper(errors, 1)]::text"
                                            : "errors::text";
  }
  // Before paths were bytes they were loaded as if they were Latin-1.
  [[nodiscard]] std::string path() const {
    if (columns_.at("path") == "bytea") return "path";
    return R"(CASE WHEN path !~ '[^\x01-\xFF]' THEN convert_to(path, 'LATIN1') ELSE )"
           "convert_to(path, 'UTF8') END";
  }

 private:
  const std::map<std::string, std::string>& columns_;
};

// A row and its inode number.
template <class T>
struct Numbered {
  std::uint64_t number = 0;
  T row;
};

// Both streams by inode number; the files of one number together.
class Merge {
 public:
  Merge(Pg& paths, Pg& inodes, bool has_device_in_key)
      : paths_(paths), inodes_(inodes), has_device_in_key_(has_device_in_key) {}

  Status start(const std::string& paths, const std::string& inodes) {
    if (auto started = paths_.start(paths); !started) return started;
    if (auto started = inodes_.start(inodes); !started) return started;
    if (auto read = next_path(); !read) return read;
    return next_inode();
  }

  // The files of the volume, and the inodes that no path of it leads to.
  template <class Visit>
  Status run(std::size_t root_bytes, const Visit& visit) {
    LegacyFile file;
    while (path_ || inode_) {
      file.paths.clear();
      file.inode.reset();
      if (inode_ && (!path_ || key_of(*inode_) < key_of(*path_))) {
        file.inode_number = inode_->number;
        file.inode = std::move(inode_->row);
        if (auto read = next_inode(); !read) return read;
        if (auto visited = visit(file); !visited) return visited;
        continue;
      }
      file.inode_number = path_->number;
      const Key key = key_of(*path_);
      if (inode_ && key_of(*inode_) == key) {
        file.inode = std::move(inode_->row);
        if (auto read = next_inode(); !read) return read;
      }
      while (path_ && key_of(*path_) == key) {
        std::string& path = path_->row.path;
        path.erase(0, std::min(path.size(), root_bytes));
        if (path.starts_with('/')) path.erase(0, 1);
        file.paths.push_back(std::move(path_->row));
        if (file.paths.size() > kPathsMax) {
          return Error{Errc::invalid, "inode number " + std::to_string(file.inode_number) +
                                          " has more than a million paths"};
        }
        if (auto read = next_path(); !read) return read;
      }
      if (auto visited = visit(file); !visited) return visited;
    }
    return {};
  }

 private:
  // Numbers are compared as PostgreSQL orders them.
  using Key = std::pair<std::int64_t, std::int64_t>;
  template <class T>
  [[nodiscard]] Key key_of(const Numbered<T>& numbered) const {
    return {static_cast<std::int64_t>(numbered.number),
            has_device_in_key_ ? static_cast<std::int64_t>(numbered.row.device) : 0};
  }

  Status next_path() {
    path_.reset();
    auto more = paths_.next();
    if (!more) return not_readable("the table path", more.error());
    if (!*more) return {};
    auto& path = path_.emplace();
    path.number = static_cast<std::uint64_t>(paths_.int8().value_or(0));
    path.row.device = static_cast<std::uint64_t>(paths_.int8().value_or(0));
    path.row.path = paths_.bytes().value_or("");
    path.row.exclude_reason = paths_.bytes().value_or("");
    return {};
  }

  Status next_inode() {
    inode_.reset();
    auto more = inodes_.next();
    if (!more) return not_readable("the table inode", more.error());
    if (!*more) return {};
    auto& numbered = inode_.emplace();
    LegacyInode& inode = numbered.row;
    inode.inode = numbered.number = static_cast<std::uint64_t>(inodes_.int8().value_or(0));
    inode.device = static_cast<std::uint64_t>(inodes_.int8().value_or(0));
    inode.link_count = static_cast<std::uint32_t>(inodes_.int8().value_or(0));
    inode.size = static_cast<std::uint64_t>(std::max<std::int64_t>(inodes_.int8().value_or(0), 0));
    inode.modify_time = inodes_.int8();
    const auto type = inodes_.bytes().value_or("u");
    inode.type = type.empty() ? 'u' : type.front();
    inode.blob = inodes_.bytes().value_or("");
    inode.mime_type = inodes_.bytes().value_or("");
    inode.copied = inodes_.boolean().value_or(false);
    inode.claimed_by = inodes_.bytes().value_or("");
    inode.status = inodes_.bytes().value_or("");
    inode.error_type = inodes_.bytes().value_or("");
    inode.error = inodes_.bytes().value_or("");
    inode.processed_at = inodes_.timestamp();
    return {};
  }

  CopyReader paths_;
  CopyReader inodes_;
  bool has_device_in_key_;
  std::optional<Numbered<LegacyPath>> path_;
  std::optional<Numbered<LegacyInode>> inode_;
};

// Paths of several devices that have one number are files of several volumes, however they were
// mounted: each device's are visited by themselves.
Status visit_by_device(LegacyFile& file, const std::function<Status(LegacyFile&)>& visit) {
  std::vector<LegacyPath>& paths = file.paths;
  const auto differs = [&paths](const LegacyPath& path) {
    return path.device != paths.front().device;
  };
  if (std::none_of(paths.begin(), paths.end(), differs)) return visit(file);
  std::stable_sort(paths.begin(), paths.end(),
                   [](const LegacyPath& a, const LegacyPath& b) { return a.device < b.device; });
  for (auto first = paths.begin(); first != paths.end();) {
    const auto last = std::find_if(first, paths.end(), [first](const LegacyPath& path) {
      return path.device != first->device;
    });
    LegacyFile part;
    part.inode_number = file.inode_number;
    part.inode = file.inode;
    part.is_shared_number = true;
    part.paths.assign(first, last);
    if (auto visited = visit(part); !visited) return visited;
    first = last;
  }
  return {};
}

// "p3" of "<base>/p3" and "<base>/p3/x": 3.
std::optional<std::uint32_t> partition_in(std::string_view path, std::string_view base) {
  if (!path.starts_with(std::string(base) + "/p")) return std::nullopt;
  path.remove_prefix(base.size() + 2);
  std::uint32_t number = 0;
  std::size_t digits = 0;
  while (digits < path.size() && path[digits] >= '0' && path[digits] <= '9' && digits < 6) {
    number = number * 10 + static_cast<std::uint32_t>(path[digits] - '0');
    digits += 1;
  }
  const bool is_whole = digits > 0 && (digits == path.size() || path[digits] == '/');
  return is_whole ? std::optional(number) : std::nullopt;
}

bool is_at_or_below(std::string_view path, std::string_view root) {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

// The deepest directory that both are in.
std::string common_root(const std::string& first, const std::string& last) {
  if (is_at_or_below(last, first)) return first;
  const auto differ = std::mismatch(first.begin(), first.end(), last.begin(), last.end()).first;
  const std::size_t shared = static_cast<std::size_t>(differ - first.begin());
  const std::size_t slash = first.substr(0, shared).rfind('/');
  return slash == std::string::npos ? "" : first.substr(0, slash);
}

}  // namespace

// -- Opening --------------------------------------------------------------------------------------

Result<std::unique_ptr<LegacyDatabase>> LegacyDatabase::open(const std::string& url,
                                                             const std::string& schema) {
  std::unique_ptr<LegacyDatabase> database(new LegacyDatabase());
  database->url_ = url;
  database->schema_ = schema;
  Status done = database->begin();
  if (done) done = database->look_at_columns();
  if (done) done = database->look_at_partitions();
  if (!done) return std::move(done).error();
  return database;
}

Status LegacyDatabase::connect() {
  for (auto* connection : {&paths_, &inodes_}) {
    if (*connection && (*connection)->is_open()) continue;
    auto opened = Pg::connect(url_);
    if (!opened) return std::move(opened).error().within("the earlier system's database");
    *connection = std::move(*opened);
    const std::string path = "SET search_path = " + projector::quote_name(schema_);
    for (const std::string& setting :
         {path, std::string("SET TIME ZONE 'UTC'"), std::string("SET client_encoding = 'UTF8'"),
          std::string("SET work_mem = '128MB'"), std::string("SET jit = off"),
          std::string("SET statement_timeout = 0"), std::string("SET lock_timeout = 0"),
          std::string("SET idle_in_transaction_session_timeout = 0")}) {
      if (auto set = (*connection)->execute_alone(setting); !set) return set;
    }
  }
  return {};
}

Status LegacyDatabase::begin() {
  release();
  if (auto connected = connect(); !connected) return connected;
  if (auto begun = paths_->begin_snapshot(); !begun) return begun;
  auto snapshot = paths_->query("SELECT pg_export_snapshot(), current_database()");
  if (!snapshot) return std::move(snapshot).error();
  name_ = snapshot->front()[1].value_or("");
  if (auto begun = inodes_->begin_snapshot(); !begun) return begun;
  return projector::run(
      *inodes_, "SET TRANSACTION SNAPSHOT " + inodes_->quote(snapshot->front()[0].value_or("")));
}

void LegacyDatabase::release() {
  for (auto* connection : {&paths_, &inodes_}) {
    if (*connection) (*connection)->roll_back();
  }
}

void LegacyDatabase::rewind() {
  if (auto begun = begin(); !begun) release();  // read() then says what is wrong
}

Status LegacyDatabase::look_at_columns() {
  auto rows = paths_->query(
      "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE "
      "table_schema = " +
      paths_->quote(schema_) + " AND table_name IN ('medium', 'inode', 'path')");
  if (!rows) return std::move(rows).error();
  for (const Row& row : *rows) {
    Columns& columns = *row[0] == "medium"  ? medium_columns_
                       : *row[0] == "inode" ? inode_columns_
                                            : path_columns_;
    columns[*row[1]] = *row[2];
  }
  const std::string where = " of schema " + schema_ + " in database " + name_;
  const std::tuple<const char*, const Columns&, std::vector<const char*>> needed[] = {
      {"medium", medium_columns_, {"medium_hash"}},
      {"inode", inode_columns_, {"medium_hash", "ino", "copied"}},
      {"path", path_columns_, {"medium_hash", "ino", "path"}}};
  for (const auto& [table, columns, names] : needed) {
    if (columns.empty()) {
      return Error{Errc::invalid, "there is no table " + std::string(table) + where +
                                      ", or it may not be read: --from-schema names the schema, "
                                      "GRANT SELECT gives the right"};
    }
    for (const char* name : names) {
      if (columns.contains(name)) continue;
      return Error{Errc::invalid,
                   "the table " + std::string(table) + where + " has no column " + name};
    }
  }
  if (medium_columns_.contains("enum_done_seq")) {
    return Error{Errc::invalid, "the tables" + where +
                                    " are ntt's own; --from-db and --from-schema "
                                    "name those of the earlier system"};
  }
  return {};
}

Status LegacyDatabase::look_at_partitions() {
  // Without a key nothing keeps two rows of one number apart but the device.
  auto kind = paths_->query(
      "SELECT c.relkind = 'p', NOT EXISTS (SELECT FROM pg_index x WHERE x.indrelid = c.oid AND "
      "x.indisprimary AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = x.indrelid AND "
      "a.attnum = ANY (x.indkey) AND a.attname = 'dev')) FROM pg_class c WHERE c.oid = "
      "'inode'::regclass");
  if (!kind) return std::move(kind).error();
  is_partitioned_ = kind->front()[0] == "t";
  has_device_in_key_ =
      kind->front()[1] == "t" && inode_columns_.contains("dev") && path_columns_.contains("dev");
  if (!is_partitioned_) return {};
  // FOR VALUES IN ('<id>', ...)
  auto bounds = paths_->query(
      "SELECT m[1] FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid, LATERAL "
      "regexp_matches(pg_get_expr(c.relpartbound, c.oid), '''([^'']*)''', 'g') m WHERE i.inhparent "
      "= 'inode'::regclass");
  if (!bounds) return std::move(bounds).error();
  for (const Row& row : *bounds) partitions_.insert(row[0].value_or(""));
  return {};
}

// -- Media ----------------------------------------------------------------------------------------

Result<std::vector<LegacyMediumRow>> LegacyDatabase::media() {
  const Expression column(medium_columns_);
  const auto time = [&column](const char* name) {
    return ", to_char(" + column.time(name) + ", 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
  };
  auto rows = paths_->query("SELECT medium_hash, row_to_json(medium)::text" + time("added_at") +
                            time("enum_done") + time("copy_done") +
                            " FROM medium ORDER BY medium_hash COLLATE \"C\"");
  if (!rows) return not_readable("the table medium", rows.error());
  std::vector<LegacyMediumRow> media;
  for (const Row& row : *rows) {
    LegacyMediumRow& medium = media.emplace_back();
    medium.id = row[0].value_or("");
    const auto columns = nlohmann::json::parse(row[1].value_or(""), nullptr, false);
    if (!columns.is_object()) {
      return Error{Errc::corruption, "a row of the table medium is no JSON: " + medium.id};
    }
    for (const auto& [name, value] : columns.items()) {
      if (value.is_null() || name == "medium_hash") continue;
      std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      if (text.size() > kTextMax) text = cut_text(std::move(text));
      if (!text.empty()) medium.says[name] = std::move(text);
    }
    medium.added_at = time_in(row[2]);
    medium.enum_done = time_in(row[3]);
    medium.copy_done = time_in(row[4]);
  }
  return media;
}

std::string LegacyDatabase::of_medium(const std::string& medium) const {
  return " WHERE medium_hash = " + paths_->quote(medium);
}

Result<LegacyRowCounts> LegacyDatabase::count(const std::string& medium) {
  if (auto begun = begin(); !begun) return std::move(begun).error();
  const Expression inode(inode_columns_);
  const Expression path(path_columns_);
  auto inodes = inodes_->query(
      "SELECT count(*), count(*) FILTER (WHERE type = 'f'), coalesce(sum(size) FILTER (WHERE type "
      "= "
      "'f'), 0), count(*) FILTER (WHERE copied AND type = 'f'), count(blob), "
      "count(*) FILTER (WHERE status = 'success'), "
      "to_char(min(at), 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), to_char(max(at), "
      "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM (SELECT " +
      inode.type() + " AS type, " + inode.number("size") + " AS size, " + inode.flag("copied") +
      " AS copied, " + inode.blob() + " AS blob, " + inode.text("status") + " AS status, " +
      inode.time("processed_at") + " AS at FROM inode" + of_medium(medium) + ") i");
  if (!inodes) return not_readable("the table inode", inodes.error());
  auto paths = paths_->query(
      "SELECT count(*), coalesce(sum(octet_length(path)), 0), "
      "coalesce(sum(ino), 0), count(" +
      path.text("exclude_reason") + ") FROM path" + of_medium(medium));
  if (!paths) return not_readable("the table path", paths.error());
  const Row& of_inodes = inodes->front();
  const Row& of_paths = paths->front();
  LegacyRowCounts counts;
  counts.inodes = std::stoull(of_inodes[0].value_or("0"));
  counts.paths = std::stoull(of_paths[0].value_or("0"));
  counts.has_partition = is_partitioned_ ? partitions_.contains(medium) : counts.inodes > 0;
  counts.first_processed = time_in(of_inodes[6]);
  counts.last_processed = time_in(of_inodes[7]);
  const std::pair<const char*, const std::optional<std::string>&> named[] = {
      {"inodes", of_inodes[0]},
      {"files", of_inodes[1]},
      {"file bytes", of_inodes[2]},
      {"files copied", of_inodes[3]},
      {"blob ids", of_inodes[4]},
      {"status success", of_inodes[5]},
      {"first processed_at", of_inodes[6]},
      {"last processed_at", of_inodes[7]},
      {"paths", of_paths[0]},
      {"bytes of paths", of_paths[1]},
      {"checksum of paths", of_paths[2]},
      {"paths excluded", of_paths[3]}};
  for (const auto& [name, value] : named) {
    if (value) counts.counts[name] = *value;
  }
  return counts;
}

// -- Volumes --------------------------------------------------------------------------------------

Result<std::optional<std::string>> LegacyDatabase::one_path(const std::string& medium,
                                                            const std::string& from, bool last) {
  const Expression path(path_columns_);
  std::string sql = "SELECT encode(" + path.path() + ", 'hex') FROM path" + of_medium(medium);
  if (!from.empty()) sql += " AND " + path.path() + " >= " + hex_literal(from);
  sql += " ORDER BY " + path.path() + (last ? " DESC" : "") + " LIMIT 1";
  auto rows = paths_->query(sql);
  if (!rows) return not_readable("the table path", rows.error());
  if (rows->empty()) return std::optional<std::string>();
  return events::from_hex(rows->front()[0].value_or(""));
}

Result<std::vector<LegacyVolume>> LegacyDatabase::volumes(const std::string& medium) {
  medium_ = medium;
  volume_count_ = 1;
  shared_numbers_.clear();
  const std::string base = kMountRoot + medium;
  std::vector<LegacyVolume> volumes;
  auto first = one_path(medium, "", false);
  if (!first) return std::move(first).error();
  if (!*first) return std::vector<LegacyVolume>{{0, base}};
  auto next = *first;
  while (next && partition_in(*next, base)) {
    const std::uint32_t number = *partition_in(*next, base);
    const std::string root = base + "/p" + std::to_string(number);
    if (!is_at_or_below(*next, root)) break;  // "/p01"
    volumes.push_back({number, root});
    // "0" is the byte after "/".
    auto after = one_path(medium, root + "0", false);
    if (!after) return std::move(after).error();
    next = *after;
  }
  if (next || volumes.empty()) {  // not all paths are in partitions: then none is
    auto last = one_path(medium, "", true);
    if (!last) return std::move(last).error();
    std::string root = common_root(**first, last->value_or(**first));
    for (const std::string& known : {base, medium}) {
      if (is_at_or_below(**first, known) && is_at_or_below(**last, known)) root = known;
    }
    volumes = {{0, root}};
  }
  std::sort(volumes.begin(), volumes.end(),
            [](const LegacyVolume& a, const LegacyVolume& b) { return a.volume < b.volume; });
  volume_count_ = volumes.size();
  if (volume_count_ > 1 && !has_device_in_key_) {
    if (auto found = find_shared_numbers(medium, base); !found) return std::move(found).error();
  }
  return volumes;
}

// Inode numbers that paths of several volumes have. The row of such a number is of one of them.
Status LegacyDatabase::find_shared_numbers(const std::string& medium, const std::string& base) {
  const Expression path(path_columns_);
  const std::string part = "split_part(encode(substr(" + path.path() + ", " +
                           std::to_string(base.size() + 2) + ", 8), 'escape'), '/', 1)";
  CopyReader rows(*paths_);
  auto started =
      rows.start("SELECT ino::bigint FROM path" + of_medium(medium) + " GROUP BY ino HAVING min(" +
                 part + ") <> max(" + part + ") ORDER BY ino");
  if (!started) return not_readable("the table path", started.error());
  for (;;) {
    auto more = rows.next();
    if (!more) return not_readable("the table path", more.error());
    if (!*more) return {};
    shared_numbers_.push_back(static_cast<std::uint64_t>(rows.int8().value_or(0)));
  }
}

// -- Rows -----------------------------------------------------------------------------------------

std::string LegacyDatabase::path_query(const LegacyVolume& volume) const {
  const Expression path(path_columns_);
  std::string sql = "SELECT " + path.number("ino") + ", " + path.number("dev") + ", " +
                    path.path() + ", " + path.text("exclude_reason") + " FROM path" +
                    of_medium(medium_);
  if (volume_count_ > 1) {
    sql += " AND " + path.path() + " >= " + hex_literal(volume.root) + " AND " + path.path() +
           " < " + hex_literal(volume.root + "0");
  }
  return sql + " ORDER BY ino, " + (has_device_in_key_ ? "dev, " : "") + "path";
}

std::string LegacyDatabase::inode_query() const {
  const Expression inode(inode_columns_);
  return "SELECT " + inode.number("ino") + ", " + inode.number("dev") + ", " +
         inode.number("nlink") + ", " + inode.number("size") + ", " + inode.seconds("mtime") +
         ", " + inode.type() + ", " + inode.blob() + ", " + inode.text("mime_type") + ", " +
         inode.flag("copied") + ", " + inode.text("claimed_by") + ", " + inode.text("status") +
         ", " + inode.text("error_type") + ", " + inode.last_error() + ", " +
         inode.time("processed_at") + " FROM inode" + of_medium(medium_) + " ORDER BY ino" +
         (has_device_in_key_ ? ", dev" : "");
}

Status LegacyDatabase::read(const LegacyVolume& volume,
                            const std::function<Status(LegacyFile&)>& visit) {
  Merge merge(*paths_, *inodes_, has_device_in_key_);
  if (auto started = merge.start(path_query(volume), inode_query()); !started) {
    return not_readable("the tables", started.error());
  }
  auto shared = shared_numbers_.begin();
  return merge.run(volume.root.size(), [&](LegacyFile& file) {
    while (shared != shared_numbers_.end() &&
           static_cast<std::int64_t>(*shared) < static_cast<std::int64_t>(file.inode_number)) {
      ++shared;
    }
    file.is_shared_number = shared != shared_numbers_.end() && *shared == file.inode_number;
    // In a medium of several volumes, those of the others have no path here either.
    if (file.paths.empty() && volume_count_ > 1) return Status();
    return visit_by_device(file, visit);
  });
}

}  // namespace ntt::tools
