// Running ntt in a home of its own.

#include "tests/e2e/site.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ntt::tests {

namespace fs = std::filesystem;

Site::~Site() {
  if (used_) ntt({"db", "stop"});
}

std::vector<std::string> Site::command(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all = {NTT_PROGRAM};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

CommandOptions Site::options(const Environment& more) const {
  Environment environment = {{"NTT_HOME", (temp / "home").string()},
                             {"XDG_CONFIG_HOME", (temp / "config").string()},
                             {"TZ", "UTC"}};
  for (const auto& [name, value] : more) environment[name] = value;
  return {environment, "", ""};
}

CommandResult Site::ntt(const std::vector<std::string>& arguments, const Environment& more) {
  used_ = true;
  return run_command(command(arguments), options(more));
}

std::string Site::must(const std::vector<std::string>& arguments, const Environment& more) {
  used_ = true;
  return output_of(command(arguments), options(more));
}

std::string Site::sql(const std::string& query) {
  std::string out =
      must({"db", "psql", "--", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", query});
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

std::string Site::table_dump() {
  return sql("SELECT * FROM medium ORDER BY medium_hash") + "\n" +
         sql("SELECT * FROM inode ORDER BY id") + "\n" +
         sql("SELECT * FROM path ORDER BY medium_hash, inode_id, path") + "\n" +
         sql("SELECT * FROM blobs ORDER BY blobid") + "\n" +
         sql("SELECT * FROM queue_stats ORDER BY medium_hash") + "\n" +
         sql("SELECT * FROM stage_attempt ORDER BY start_seq");
}

std::string Site::content_dump() {
  return sql("SELECT medium_hash, health, image_path, enum_done IS NULL, copy_done IS NULL, "
             "generation, problems FROM medium ORDER BY medium_hash") +
         "\n" +
         sql("SELECT medium_hash, volume, dev, ino, nlink, size, mtime, fs_type, blobid, copied, "
             "status, error_type, mode, uid, gid, modify_time, change_time, symlink_target, "
             "allocated FROM inode ORDER BY medium_hash, volume, dev, ino, size") +
         "\n" +
         sql("SELECT medium_hash, volume, dev, ino, path, exclude_reason, blobid, reason FROM path "
             "ORDER BY medium_hash, volume, path") +
         "\n" + sql("SELECT blobid, size FROM blobs ORDER BY blobid");
}

std::string Site::medium() {
  const std::string out = sql("SELECT medium_hash FROM medium");
  EXPECT_EQ(lines_of(out).size(), 1U) << out;
  return out;
}

std::vector<std::string> Site::blobs() {
  std::vector<std::string> names;
  const fs::path store = temp / "home/by-hash";
  if (!fs::exists(store)) return names;
  for (const auto& item : fs::recursive_directory_iterator(store)) {
    if (item.is_regular_file()) names.push_back(fs::relative(item.path(), store).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace ntt::tests
