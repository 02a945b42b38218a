// The tables are those of shared knowledge about the earlier system: partitioned by medium, keyed
// (medium, inode), paths as bytes.

#include "tests/e2e/legacy_site.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <map>

#include "events/bytes.h"
#include "events/hash.h"

namespace ntt::tests {

namespace fs = std::filesystem;

namespace {

constexpr const char* kTables = R"(
CREATE TABLE medium (medium_hash text PRIMARY KEY, medium_human text, added_at timestamptz DEFAULT
  now(), health text, image_path text, enum_done timestamptz, copy_done timestamptz, message text,
  diagnostics text, problems jsonb);
CREATE TABLE inode (id bigserial, medium_hash text NOT NULL REFERENCES medium ON DELETE CASCADE,
  dev bigint, ino bigint NOT NULL, nlink int, size bigint, mtime bigint, fs_type char(1), blobid
  text, mime_type varchar(255), copied bool DEFAULT false, copied_to text, errors text[] DEFAULT
  '{}', claimed_by text, claimed_at timestamptz, processed_at timestamptz, by_hash_created bool
  DEFAULT false, status text DEFAULT 'pending', error_type text, PRIMARY KEY (medium_hash, ino))
  PARTITION BY LIST (medium_hash);
CREATE TABLE path (medium_hash text NOT NULL, dev bigint, ino bigint, path bytea NOT NULL, broken
  bool, blobid text, exclude_reason text, PRIMARY KEY (medium_hash, path)) PARTITION BY LIST
  (medium_hash);
CREATE TABLE blobs (blobid text PRIMARY KEY, last_checked timestamptz);
)";

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}
std::string or_null(const std::string& text) {
  return text.empty() ? "NULL" : quoted(text);
}
std::string flag(bool value) {
  return value ? "true" : "false";
}

}  // namespace

LegacySite::LegacySite(Site& site)
    : store(site.temp / "by-hash"),
      archives(site.temp / "img-read"),
      raw(site.temp / "raw"),
      images(site.temp / "img"),
      site_(site) {
  for (const fs::path& root : {store, archives, raw, images}) fs::create_directories(root);
  std::string owner = site_.must({"db", "url", "--admin"});
  while (!owner.empty() && owner.back() == '\n') owner.pop_back();
  const std::string where = owner.substr(owner.find('?'));
  output_of({"psql", "-X", "-q", "-d", "postgresql://ntt_admin@/postgres" + where, "-c",
             "CREATE DATABASE copyjob OWNER ntt_projector"});
  url_ = "postgresql://ntt_projector@/copyjob" + where;
  sql(kTables);
}

std::string LegacySite::sql(const std::string& statements) {
  CommandOptions options;
  options.input = statements;
  std::string out = output_of(
      {"psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url_, "-f", "-"}, options);
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

fs::path LegacySite::archive(const std::string& id) const {
  return archives / (id + ".tar.zst");
}

fs::path LegacySite::image(const std::string& id) const {
  return images / (id + ".img");
}

void LegacySite::add(const LegacyMediumSpec& medium) {
  rows_ += "INSERT INTO medium VALUES (" + quoted(medium.id) + ", " + or_null(medium.name) + ", " +
           or_null(medium.added_at) + ", " + or_null(medium.health) + ", " +
           quoted(image(medium.id).string()) + ", " + or_null(medium.enum_done) + ", " +
           or_null(medium.copy_done) + ", " + or_null(medium.label) + ", 'lsblk: a disk', " +
           or_null(medium.problems) + ");\n";
  if (medium.has_partition) {
    for (const char* table : {"inode", "path"}) {
      rows_ += "CREATE TABLE " + std::string(table) + "_p_" + medium.id.substr(0, 12) +
               " PARTITION OF " + table + " FOR VALUES IN (" + quoted(medium.id) + ");\n";
    }
  }
  std::map<std::uint64_t, bool> known;
  for (const LegacyFileRow& file : medium.files) {
    const std::uint64_t inode = file.inode != 0 ? file.inode : next_inode_++;
    const std::string blob = events::Blake3::of(file.content).hex();
    const bool is_file = file.type == 'f';
    const bool has_blob = is_file && file.has_blob;
    const std::string device = std::to_string(1793 + file.volume);
    if (!known[inode]) {
      known[inode] = true;
      rows_ +=
          "INSERT INTO inode (medium_hash, dev, ino, nlink, size, mtime, fs_type, blobid, "
          "mime_type, copied, errors, claimed_by, processed_at, status, error_type) VALUES (" +
          quoted(medium.id) + ", " + device + ", " + std::to_string(inode) + ", 1, " +
          std::to_string(file.content.size()) + ", 1000000000, " +
          quoted(std::string(1, file.type)) + ", " + (has_blob ? quoted(blob) : "NULL") + ", " +
          (is_file ? "'text/plain'" : "'inode/directory'") + ", " + flag(!is_file || file.copied) +
          ", " + (file.error.empty() ? "'{}'" : "ARRAY[" + quoted(file.error) + "]") + ", " +
          (is_file ? or_null(file.claimed_by) : "'NON_FILE'") + ", " +
          (is_file && file.copied ? or_null(file.processed_at) : "NULL") + ", " +
          (is_file ? quoted(file.status) : "'pending'") + ", " + or_null(file.error_type) + ");\n";
    }
    std::string path = "/mnt/ntt/" + medium.id;
    if (file.volume > 0) path += "/p" + std::to_string(file.volume);
    if (!file.path.empty()) path += "/" + file.path;
    rows_ += "INSERT INTO path (medium_hash, dev, ino, path, blobid, exclude_reason) VALUES (" +
             quoted(medium.id) + ", " + device + ", " + std::to_string(inode) + ", '\\x" +
             events::to_hex(path) + "', " + (has_blob ? quoted(blob) : "NULL") + ", " +
             or_null(file.exclude_reason) + ");\n";
    if (has_blob && file.in_store) {
      const fs::path place = store / blob.substr(0, 2) / blob.substr(2, 2);
      fs::create_directories(place);
      write_file(place / blob, file.content);
    }
  }
  if (medium.has_raw) write_file(raw / (medium.id + ".raw"), "f\x1c");
  if (medium.has_archive) {
    std::string content = "image of " + medium.id;
    content.resize(70000, 'x');
    write_file(image(medium.id), content);
    write_file(images / (medium.id + ".map"), "# Mapfile\n");
    output_of({"tar", "-C", images.string(), "-I", "zstd -q", "-cf", archive(medium.id).string(),
               medium.id + ".img", medium.id + ".map"});
    if (!medium.has_image) fs::remove(image(medium.id));
    fs::remove(images / (medium.id + ".map"));
    output_of({"touch", "-d", "2025-10-07T06:00:00Z", archive(medium.id).string()});
  }
}

void LegacySite::write() {
  sql(rows_);
  rows_.clear();
}

std::vector<std::string> LegacySite::backfill(const std::vector<std::string>& more) const {
  std::vector<std::string> command = {"backfill",        "--from-db",    url_,
                                      "--by-hash-root",  store.string(), "--images-root",
                                      archives.string(), "--raw-root",   raw.string()};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

std::vector<LegacyFileRow> some_legacy_files(const std::string& seed) {
  std::vector<LegacyFileRow> files(4);
  files[0].path = "";
  files[0].type = 'd';
  files[1].path = "letters/" + seed + ".txt";
  files[1].content = "letter of " + seed;
  files[2].path = "same.txt";
  files[2].content = "the same on every disk";
  files[2].processed_at = "2025-10-05 12:30:00.250000+00";
  files[3].path = "excluded.iso";
  files[3].content = "not wanted";
  files[3].has_blob = false;
  files[3].claimed_by = "EXCLUDED";
  files[3].status = "pending";
  files[3].exclude_reason = "pattern_match";
  files[3].processed_at = "";
  return files;
}

std::string legacy_id(int number) {
  char id[33];
  std::snprintf(id, sizeof id, "%08x%024x", 0xa0000000U + static_cast<unsigned>(number) * 4099U,
                static_cast<unsigned>(number));
  return id;
}

}  // namespace ntt::tests
