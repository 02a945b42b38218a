// Partitions are ordinary tables until they are whole: a CHECK constraint lets ATTACH PARTITION
// believe that the rows belong, and attaching locks out no reader.

#include "projector/generation_tables.h"

#include <array>
#include <sstream>
#include <utility>

namespace ntt::projector {

using events::Status;

namespace {

struct Index {
  const char* name;
  const char* unique;
  const char* columns;
};
// An entry by its id; where a blob is; what failed.
constexpr std::array<Index, 3> kInodeIndexes{{
    {"id", "UNIQUE ", "(id)"},
    {"blobid", "", "(blobid) WHERE blobid IS NOT NULL"},
    {"failed", "", "(error_type) WHERE status IN ('failed_retryable', 'failed_permanent')"},
}};
// The paths of an inode; the paths of a name or an extension (name_key.h); the row of a path, and
// the paths below one. What is too long for a key of
// a b-tree (2704 bytes) gets a hash index, which takes any length, twice as long to make, and no
// range.
constexpr std::array<Index, 3> kPathIndexes{{
    {"inode", "", "(inode_id)"},
    {"name", "", "(name_key)"},
    {"path", "", "(path)"},
}};
constexpr const char* kLongPathIndex = "USING hash (path)";
constexpr std::size_t kPathKeyBytesMax = 2600;

}  // namespace

Status GenerationTables::run(const std::string& sql) {
  auto done = pg_.execute(sql);
  if (!done) return std::move(done).error();
  return {};
}

Status GenerationTables::create(const std::string& parent, const std::string& fresh) {
  return run("CREATE TABLE " + fresh + " (LIKE " + parent + " INCLUDING CONSTRAINTS, CONSTRAINT " +
             fresh + "_belongs CHECK (medium_hash = " + pg_.quote(medium_) + "))");
}

Status GenerationTables::create_inode() {
  return create("inode", fresh_inode());
}
Status GenerationTables::create_path() {
  return create("path", fresh_path());
}

Status GenerationTables::create_link() {
  return run("CREATE TEMP TABLE " + fresh_link() +
             " (position bigint NOT NULL, LIKE path) ON COMMIT DROP;"
             "ALTER TABLE " +
             fresh_link() + " ALTER disposition DROP NOT NULL");
}

Status GenerationTables::index_inode() {
  std::string sql;
  for (const Index& index : kInodeIndexes) {
    sql += std::string("CREATE ") + index.unique + "INDEX " + fresh_inode() + "_" + index.name +
           " ON " + fresh_inode() + " " + index.columns + ";";
  }
  return run(sql + "ANALYZE " + fresh_inode());
}

Status GenerationTables::index_path(std::size_t path_bytes_max) {
  std::string sql;
  for (const Index& index : kPathIndexes) {
    const bool too_long =
        std::string_view(index.name) == "path" && path_bytes_max > kPathKeyBytesMax;
    sql += std::string("CREATE INDEX ") + fresh_path() + "_" + index.name + " ON " + fresh_path() +
           " " + (too_long ? kLongPathIndex : index.columns) + ";";
  }
  return run(sql + "ANALYZE " + fresh_path());
}

Status GenerationTables::exchange() {
  if (auto dropped = drop(); !dropped) return dropped;
  std::ostringstream sql;
  const auto place = [&](const char* parent, const std::string& fresh, const auto& indexes) {
    const std::string name = std::string(parent) + "_p_" + suffix_;
    sql << "ALTER TABLE " << fresh << " RENAME TO " << name << ";";
    for (const Index& index : indexes) {
      sql << "ALTER INDEX " << fresh << "_" << index.name << " RENAME TO " << name << "_"
          << index.name << ";";
    }
    sql << "ALTER TABLE " << parent << " ATTACH PARTITION " << name << " FOR VALUES IN ("
        << pg_.quote(medium_) << "); ALTER TABLE " << name << " DROP CONSTRAINT " << fresh
        << "_belongs;";
  };
  place("inode", fresh_inode(), kInodeIndexes);
  place("path", fresh_path(), kPathIndexes);
  return run(sql.str());
}

Status GenerationTables::drop() {
  return run("DROP TABLE IF EXISTS inode_p_" + suffix_ + ", path_p_" + suffix_);
}

}  // namespace ntt::projector
