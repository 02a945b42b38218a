// The database of an earlier system, read and never written: the tables medium, inode and path in
// whatever stage of their life. The adapter of `ntt backfill`.

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "projector/copy_reader.h"
#include "projector/pg.h"
#include "stages/adopt.h"
#include "stages/legacy_rows.h"

namespace ntt::tools {

// A row of the table `medium`.
struct LegacyMediumRow {
  std::string id;
  std::map<std::string, std::string> says;  // columns that are not NULL, as in LegacyMedium
  std::optional<events::Timestamp> added_at;
  std::optional<events::Timestamp> enum_done;
  std::optional<events::Timestamp> copy_done;
};

// What the tables hold of one medium.
struct LegacyRowCounts {
  bool has_partition = false;
  std::uint64_t inodes = 0;
  std::uint64_t paths = 0;
  std::optional<events::Timestamp> first_processed;
  std::optional<events::Timestamp> last_processed;
  std::map<std::string, std::string> counts;  // AdoptRequest::counts
};

// Two connections, for each medium in read-only transactions that see the same rows. Needs SELECT
// on the tables. Not thread-safe.
class LegacyDatabase final : public stages::LegacyRows {
 public:
  // `schema` is where the tables are. Errors: unavailable, invalid (the tables are not there, are
  // ntt's own, or lack columns that nothing can replace).
  static events::Result<std::unique_ptr<LegacyDatabase>> open(const std::string& url,
                                                              const std::string& schema);

  [[nodiscard]] const std::string& name() const { return name_; }
  // All of them, by id. Texts of more than a mebibyte are cut.
  events::Result<std::vector<LegacyMediumRow>> media();
  // Begins a medium: what is read from here on is of one state of the tables.
  events::Result<LegacyRowCounts> count(const std::string& medium);

  // The parts of the medium, by where they were mounted; what read() then reads is this medium's.
  events::Result<std::vector<stages::LegacyVolume>> volumes(const std::string& medium);
  events::Status read(const stages::LegacyVolume& volume,
                      const std::function<events::Status(stages::LegacyFile&)>& visit) override;
  void rewind() override;
  void release() override;

 private:
  using Columns = std::map<std::string, std::string>;  // name: type

  LegacyDatabase() = default;
  events::Status connect();
  events::Status begin();  // one state of the tables for both connections
  events::Status look_at_columns();
  events::Status look_at_partitions();
  [[nodiscard]] std::string of_medium(const std::string& medium) const;
  events::Result<std::optional<std::string>> one_path(const std::string& medium,
                                                      const std::string& from, bool last);
  events::Status find_shared_numbers(const std::string& medium, const std::string& base);
  [[nodiscard]] std::string path_query(const stages::LegacyVolume& volume) const;
  [[nodiscard]] std::string inode_query() const;

  std::string url_;
  std::string schema_;
  std::unique_ptr<projector::Pg> paths_;
  std::unique_ptr<projector::Pg> inodes_;
  std::string name_;
  Columns medium_columns_;
  Columns inode_columns_;
  Columns path_columns_;
  bool is_partitioned_ = false;
  bool has_device_in_key_ = false;
  std::set<std::string> partitions_;  // ids of the media that have one
  // Of the medium that is read.
  std::string medium_;
  std::size_t volume_count_ = 0;
  std::vector<std::uint64_t> shared_numbers_;  // rising
};

}  // namespace ntt::tools
