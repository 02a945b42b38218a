// LegacySite is an installation of the system before ntt: a database with its tables as they last
// were, a by-hash store, archives, .raw files and logs. Built with psql, tar, zstd and b3sum's
// function, not with ntt.

#pragma once

#include <string>
#include <vector>

#include "tests/e2e/site.h"

namespace ntt::tests {

struct LegacyFileRow {
  std::string path;     // below the mount point
  std::string content;  // of a file
  char type = 'f';
  // What the row says, where it is not "copied, and this is the blob".
  bool copied = true;
  bool has_blob = true;
  bool in_store = true;
  std::string status = "success";
  std::string claimed_by = "worker-1";
  std::string error_type;
  std::string error;
  std::string exclude_reason;
  std::uint64_t inode = 0;  // 0: a number of its own
  int volume = 0;           // the medium has several: /pN
  std::string processed_at = "2025-10-05 12:00:00+00";
};

struct LegacyMediumSpec {
  std::string id;
  std::string name;
  std::string added_at = "2025-10-01 08:00:00+00";
  std::string enum_done;  // empty: NULL
  std::string copy_done;
  std::string health = "ok";
  std::string problems;
  std::string label;
  bool has_partition = true;
  std::vector<LegacyFileRow> files;
  bool has_archive = true;
  bool has_raw = false;
  bool has_image = false;  // still at its image_path
};

class LegacySite {
 public:
  // The database is one of the site's own cluster.
  explicit LegacySite(Site& site);

  void add(const LegacyMediumSpec& medium);
  // Puts what was added into the database; call before backfilling.
  void write();
  // SQL as the owner of the earlier system's database.
  std::string sql(const std::string& statements);

  // `ntt backfill` with all that is here, and `more`.
  [[nodiscard]] std::vector<std::string> backfill(const std::vector<std::string>& more = {}) const;
  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::filesystem::path archive(const std::string& id) const;
  [[nodiscard]] std::filesystem::path image(const std::string& id) const;

  std::filesystem::path store;
  std::filesystem::path archives;
  std::filesystem::path raw;
  std::filesystem::path images;

 private:
  Site& site_;
  std::string url_;
  std::string rows_;
  std::uint64_t next_inode_ = 100;
};

// The files that most media here have: a directory, two files, one of them linked twice.
std::vector<LegacyFileRow> some_legacy_files(const std::string& seed);

// 32 hex digits that begin with the number.
std::string legacy_id(int number);

}  // namespace ntt::tests
