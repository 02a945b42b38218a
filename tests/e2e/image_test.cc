// A disk image goes in; the tables, the store, the archive and the log say what was on it.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/e2e/images.h"
#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSector = 512;
constexpr Partition kExt4{2048, 65536, "83"};
constexpr Partition kFat{67584, 40960, "c"};

// One image with an ext4 and a FAT volume, taken in once for all tests of this file.
class ImageTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new Shared;
    Site& site = shared_->site;
    make_awkward_tree(site.temp / "ext4");
    make_plain_tree(site.temp / "fat");
    make_disk(image(), (kFat.start + kFat.sectors) * kSector, {kExt4, kFat});
    make_ext4(image(), site.temp / "ext4", kExt4.start * kSector, kExt4.sectors * kSector);
    make_fat(image(), site.temp / "fat", kFat.start * kSector, kFat.sectors * kSector);
    shared_->run = site.ntt({"run", "--image", image().string()});
    if (shared_->run.exit_code == 0) shared_->medium = site.medium();
  }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }
  void SetUp() override {
    ASSERT_EQ(shared_->run.exit_code, 0) << shared_->run.out << shared_->run.err;
  }

  static fs::path image() { return shared_->site.temp / "disk.img"; }
  static Site& site() { return shared_->site; }
  static const std::string& medium() { return shared_->medium; }
  static std::string partition() { return "inode_p_" + medium().substr(0, 8); }

  // "hex of path|blob" of every regular file of a volume.
  static std::vector<std::string> files_of(int volume) {
    auto rows = lines_of(site().sql(
        "SELECT encode(p.path, 'hex'), p.blobid FROM path p JOIN inode i ON i.id = p.inode_id AND "
        "i.medium_hash = p.medium_hash WHERE i.fs_type = 'f' AND p.volume = " +
        std::to_string(volume)));
    std::sort(rows.begin(), rows.end());
    return rows;
  }

 private:
  struct Shared {
    Site site;
    CommandResult run;
    std::string medium;
  };
  static Shared* shared_;
};
ImageTest::Shared* ImageTest::shared_ = nullptr;

TEST_F(ImageTest, BothTimestampsAreThoseOfTheirEvents) {
  EXPECT_EQ(site().sql("SELECT count(*) FROM medium m"
                       " JOIN event l ON l.seq = m.enum_done_seq AND l.type = 'load_success'"
                       " JOIN event c ON c.seq = m.copy_done_seq AND c.type = 'copy_success'"
                       " WHERE m.enum_done = l.occurred_at AND m.copy_done = c.occurred_at"
                       " AND m.copy_done >= m.enum_done"),
            "1");
  // The log itself, without the database, says the same to the microsecond.
  const std::string enum_done = site().sql(
      "SELECT to_char(enum_done AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') "
      "FROM medium");
  const std::string event = site().must({"log", "--type", "load_success", "--json"});
  EXPECT_NE(event.find("\"occurred_at\":\"" + enum_done + "\""), std::string::npos)
      << enum_done << "\n"
      << event;
}

TEST_F(ImageTest, OperatorsQueriesRunUnchanged) {
  const std::string inodes = site().sql("SELECT COUNT(*) FROM " + partition());
  EXPECT_EQ(inodes, site().sql("SELECT COUNT(*) FROM inode"));
  // As ever, what is no regular file counts as copied: there is nothing left to do with it.
  EXPECT_EQ(site().sql("SELECT COUNT(*) FROM " + partition() + " WHERE copied = true"), inodes);
  EXPECT_EQ(site().sql("SELECT COUNT(*) FROM medium WHERE image_path IS NOT NULL AND "
                       "(enum_done IS NULL OR copy_done IS NULL)"),
            "0");
  EXPECT_EQ(site().sql("SELECT m.medium_hash, COUNT(i.id) AS file_count FROM medium m LEFT JOIN "
                       "inode i ON i.medium_hash = m.medium_hash WHERE m.enum_done IS NOT NULL "
                       "GROUP BY m.medium_hash HAVING COUNT(i.id) = 0"),
            "");
  EXPECT_NE(site().sql("\\dt " + partition() + "*").find(partition()), std::string::npos);
}

TEST_F(ImageTest, EveryFileOfTheExt4VolumeHasTheHashThatB3sumGives) {
  expect_same_lines(files_of(1), oracle_files(site().temp / "ext4"));
}

TEST_F(ImageTest, EveryFileOfTheFatVolumeHasTheHashThatB3sumGives) {
  expect_same_lines(files_of(2), oracle_files(site().temp / "fat"));
}

TEST_F(ImageTest, EveryNameOfTheExt4VolumeIsOneThatFindGives) {
  const std::string found =
      output_of({"find", (site().temp / "ext4").string(), "-mindepth", "1", "-printf", "%y %P\\0"});
  std::vector<std::string> expected;
  for (const auto& entry : lines_of(found, '\0')) {
    expected.push_back(entry.substr(0, 1) + "|" + hex_of(entry.substr(2)));
  }
  expect_same_lines(
      lines_of(site().sql("SELECT i.fs_type, encode(p.path, 'hex') FROM path p JOIN inode i ON "
                          "i.id = p.inode_id AND i.medium_hash = p.medium_hash WHERE p.volume = 1 "
                          "AND p.path NOT IN ('', 'lost+found')")),
      expected);
}

TEST_F(ImageTest, InodeNumbersAndSizesAreThoseThatFlsGives) {
  std::set<std::string> expected;
  for (const auto& line : lines_of(output_of(
           {"fls", "-r", "-u", "-F", "-l", "-o", std::to_string(kExt4.start), image().string()}))) {
    // "r/r 12:\tname\tmtime\tatime\tctime\tcrtime\tsize\tuid\tgid"; names cannot hold a tab here:
    // fls prints control characters as '^'.
    if (!line.starts_with("r/r ")) continue;
    const auto columns = lines_of(line, '\t');
    ASSERT_GE(columns.size(), 4U) << line;
    expected.insert(line.substr(4, line.find(':') - 4) + "|" + columns[columns.size() - 3]);
  }
  expect_same_lines(
      lines_of(site().sql("SELECT ino, size FROM inode WHERE volume = 1 AND fs_type = 'f'")),
      {expected.begin(), expected.end()});
}

TEST_F(ImageTest, TimesModesAndOwnersAreThoseThatDebugfsGives) {
  const std::string row = site().sql(
      "SELECT i.ino, i.modify_time / 1000000000, i.mode, i.uid, i.gid, i.nlink FROM path p JOIN "
      "inode i ON i.id = p.inode_id WHERE p.volume = 1 AND p.path = 'photos/beach.jpg'");
  const auto columns = lines_of(row, '|');
  ASSERT_EQ(columns.size(), 6U) << row;
  const std::string file = (site().temp / "ext4.part").string();
  output_of({"dd", "if=" + image().string(), "of=" + file, "bs=512",
             "skip=" + std::to_string(kExt4.start), "count=" + std::to_string(kExt4.sectors),
             "status=none"});
  const std::string stat = output_of({"debugfs", "-R", "stat <" + columns[0] + ">", file});
  char mtime[32];
  std::snprintf(mtime, sizeof mtime, "mtime: 0x%08llx", std::stoull(columns[1]));
  EXPECT_NE(stat.find(mtime), std::string::npos) << mtime << "\n" << stat;
  char mode[32];
  std::snprintf(mode, sizeof mode, "Mode:  %04lo", std::stoul(columns[2]));
  EXPECT_NE(stat.find(mode), std::string::npos) << mode << "\n" << stat;
  EXPECT_NE(stat.find("Links: " + columns[5]), std::string::npos) << stat;
  EXPECT_EQ(columns[5], "3");
}

TEST_F(ImageTest, StoreHoldsEachContentOnceUnderItsHash) {
  std::set<std::string> expected;
  for (const char* tree : {"ext4", "fat"}) {
    for (const auto& line : oracle_files(site().temp / tree)) {
      const std::string hash = line.substr(line.find('|') + 1);
      expected.insert(hash.substr(0, 2) + "/" + hash.substr(2, 2) + "/" + hash);
    }
  }
  const auto blobs = site().blobs();
  expect_same_lines(blobs, {expected.begin(), expected.end()});
  for (const auto& blob : blobs) {
    const fs::path file = site().temp / "home/by-hash" / blob;
    EXPECT_EQ(fs::status(file).permissions(), fs::perms(0444)) << blob;
    EXPECT_EQ(output_of({"b3sum", "--no-names", file.string()}), file.filename().string() + "\n");
  }
}

TEST_F(ImageTest, ArchiveUnpacksWithTarToTheSameImage) {
  const fs::path archive = site().temp / "home/archives" / (medium() + ".tar.zst");
  output_of({"zstd", "-q", "-t", archive.string()});
  const auto members = lines_of(output_of({"tar", "--zstd", "-tf", archive.string()}));
  ASSERT_EQ(members.size(), 1U);
  fs::create_directories(site().temp / "unpacked");
  output_of({"tar", "--zstd", "-xf", archive.string(), "-C", (site().temp / "unpacked").string()});
  EXPECT_EQ(run_command({"cmp", image().string(), (site().temp / "unpacked" / members[0]).string()})
                .exit_code,
            0);
}

TEST_F(ImageTest, DispositionsOfAMediumAddUpToItsEntries) {
  EXPECT_EQ(site().sql("SELECT sum(entries) FROM medium_disposition"),
            site().sql("SELECT count(*) FROM path"));
  EXPECT_EQ(site().sql("SELECT count(*) FROM path WHERE disposition IN ('pending', 'failed', "
                       "'unreadable')"),
            "0");
}

TEST_F(ImageTest, LogIsWholeAndStatusHasNothingLeftToDo) {
  EXPECT_EQ(site().ntt({"verify", "log"}).exit_code, 0);
  EXPECT_NE(site().must({"status", "--json"}).find("\"next\":null"), std::string::npos);
}

TEST_F(ImageTest, ReaderRoleMayNotWrite) {
  const auto update =
      site().ntt({"db", "psql", "--", "-X", "-c", "UPDATE medium SET copy_done = now()"});
  EXPECT_NE(update.exit_code, 0);
}

TEST_F(ImageTest, SecondRunSkipsChangesNoRowAndStoresNoBlob) {
  const std::string rows = site().table_dump();
  const auto blobs = site().blobs();
  const std::string out = site().must({"run", "--image", image().string(), "--json"});
  for (const char* stage : {"enum", "load", "copy", "archive", "verify"}) {
    EXPECT_NE(out.find("{\"stage\":\"" + std::string(stage) + "\",\"outcome\":\"skip\""),
              std::string::npos)
        << stage << "\n"
        << out;
  }
  EXPECT_EQ(site().table_dump(), rows);
  EXPECT_EQ(site().blobs(), blobs);
}

TEST_F(ImageTest, OldCommandLineDoesTheSame) {
  const std::string rows = site().table_dump();
  const std::string old = (fs::path(NTT_PROGRAM).parent_path() / "ntt-orchestrator").string();
  const auto run = run_command({old, "--image", image().string()}, site().options());
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(site().table_dump(), rows);
}

}  // namespace
}  // namespace ntt::tests
