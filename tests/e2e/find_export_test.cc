// Finding files and exporting what is known of them, on an image with two volumes that was taken
// in.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/e2e/images.h"
#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSector = 512;
constexpr Partition kExt4{2048, 65536, "83"};
constexpr Partition kFat{67584, 40960, "c"};

class FindExportTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new Shared;
    Site& site = shared_->site;
    make_awkward_tree(site.temp / "ext4");
    write_file(site.temp / "ext4/odd \xff|name", "odd");
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

  // How many lines `ntt find --json` prints, and how many rows SQL counts.
  static std::size_t found(std::vector<std::string> options) {
    options.insert(options.begin(), {"find", "--json"});
    return lines_of(site().must(options)).size();
  }
  static std::size_t counted(const std::string& where) {
    return std::stoul(site().sql("SELECT count(*) FROM path WHERE " + where));
  }

  // "name|size|atime|mtime|ctime|crtime" of each line of a body file that is not deleted.
  static std::set<std::string> times_of(const std::string& body) {
    std::set<std::string> times;
    for (const auto& line : lines_of(body)) {
      std::vector<std::string> fields = lines_of(line, '|');
      if (fields.size() != 11) continue;
      times.insert(fields[1] + "|" + fields[6] + "|" + fields[7] + "|" + fields[8] + "|" +
                   fields[9] + "|" + fields[10]);
    }
    return times;
  }

 private:
  struct Shared {
    Site site;
    CommandResult run;
    std::string medium;
  };
  static Shared* shared_;
};
FindExportTest::Shared* FindExportTest::shared_ = nullptr;

TEST_F(FindExportTest, AnExactNameIsFoundOnEveryVolume) {
  EXPECT_EQ(found({"--name", "beach.jpg"}), 2U);
  const std::string table = site().must({"find", "--name", "beach.jpg"});
  EXPECT_NE(table.find("photos/beach.jpg"), std::string::npos) << table;
  EXPECT_EQ(found({"--name", "BEACH.JPG"}), 0U);
  EXPECT_EQ(found({"--name", "BEACH.JPG", "-i"}), 2U);
  EXPECT_EQ(found({"--name", "beach.jpg", "--medium", medium().substr(0, 6)}), 2U);
}

TEST_F(FindExportTest, SuffixesGlobsAndPrefixesFindWhatSqlFinds) {
  EXPECT_EQ(found({"--suffix", ".txt"}), counted("path LIKE '%.txt'"));
  EXPECT_EQ(found({"--name", "*.txt"}), counted("path LIKE '%.txt'"));
  EXPECT_EQ(found({"--name", "letter 1?.txt"}), counted("path LIKE '%/letter 1_.txt'"));
  EXPECT_EQ(found({"--path", "*/beach.jpg"}), 2U);
  EXPECT_EQ(found({"--path", "photos/beach.jpg"}), 2U);
  EXPECT_EQ(found({"--path", "letters/*"}), counted("path LIKE 'letters/%'"));
  EXPECT_EQ(found({"--path-prefix", "/letters/1998/letter 4"}),
            counted("path LIKE 'letters/1998/letter 4%'"));
  EXPECT_EQ(found({"--name", "byte*"}), counted("path LIKE 'byte%'"));
  EXPECT_EQ(found({"--path-prefix", "letters", "--suffix", "7.txt"}),
            counted("path LIKE 'letters%7.txt'"));
}

TEST_F(FindExportTest, NamesThatAreNotTextAreGivenInTheEscape) {
  EXPECT_EQ(found({"--name", "odd \\xFF|name"}), 1U);
  EXPECT_EQ(found({"--name", "byte \\x0A"}), 1U);
  EXPECT_EQ(found({"--name", "byte \\x2A"}), 1U) << "the star itself";
  EXPECT_EQ(found({"--name", "byte \\\\"}), 1U);
  EXPECT_EQ(site().ntt({"find", "--name", "\\q"}).exit_code, 2);
}

TEST_F(FindExportTest, ABlobIsFoundAtEveryPathThatHoldsIt) {
  const std::string blob = site().sql(
      "SELECT blobid FROM path WHERE path = 'photos/beach.jpg' "
      "AND volume = 1");
  EXPECT_EQ(found({"--blob", blob}), counted("blobid = '" + blob + "'"));
  EXPECT_EQ(found({"--blob", blob, "--name", "symlink"}), 0U);
  EXPECT_EQ(found({"--blob", blob.substr(0, 12)}), counted("blobid = '" + blob + "'"))
      << "as many digits as it prints";
  for (const char* wrong : {"abc", "abcx", "ABCD"}) {
    EXPECT_EQ(site().ntt({"find", "--blob", wrong}).exit_code, 2) << wrong;
  }
}

TEST_F(FindExportTest, DigitsThatManyBlobsBeginWithOrNoneAreAnError) {
  const auto as_owner = [](const std::string& sql) {
    site().must({"db", "psql", "--admin", "--", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql});
  };
  const std::string one = "abcd0" + std::string(59, '0');
  const std::string two = "abcdf" + std::string(59, 'f');
  as_owner(
      "INSERT INTO blobs (blobid, size, created_at, first_seq, last_seq) SELECT b, 1, now(), "
      "1, 1 FROM unnest(ARRAY['" +
      one + "', '" + two + "']) b");
  const auto many = site().ntt({"find", "--blob", "abcd"});
  EXPECT_EQ(many.exit_code, 1);
  EXPECT_NE(many.err.find(one), std::string::npos) << many.err;
  EXPECT_NE(many.err.find(two), std::string::npos) << many.err;
  EXPECT_EQ(site().ntt({"find", "--blob", "abcdf"}).exit_code, 0);
  as_owner("DELETE FROM blobs WHERE blobid IN ('" + one + "', '" + two + "')");
  const auto none = site().ntt({"find", "--blob", "abcdffff"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_NE(none.err.find("no blob"), std::string::npos) << none.err;
}

TEST_F(FindExportTest, ALimitStopsAndNoQuestionIsWrongUsage) {
  EXPECT_EQ(found({"--suffix", ".txt", "--limit", "3"}), 3U);
  EXPECT_EQ(site().ntt({"find"}).exit_code, 2);
  EXPECT_EQ(site().ntt({"find", "--name", "x", "--medium", "ffff"}).exit_code, 1);
}

TEST_F(FindExportTest, CsvOfFilesSaysWhatTheTablesSay) {
  const std::string csv = site().must({"export", "csv", "files", "--medium", medium()});
  // psql writes the same rows as CSV; only its line ends are others.
  std::string expected = site().must(
      {"db", "psql", "--", "-X", "-q", "--csv", "-t", "-c",
       "SELECT p.volume, p.ino, p.disposition, p.blobid, i.size, i.fs_type, i.nlink, p.reason "
       "FROM path p JOIN inode i ON i.id = p.inode_id AND i.medium_hash = p.medium_hash"});
  std::vector<std::string> actual;
  const auto rows = lines_of(csv);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    // No path of this test has a comma or a quote but those of "byte".
    auto row = rows[i];
    if (row.find('"') != std::string::npos) continue;
    std::vector<std::string> cells;
    std::string cell;
    for (const char c : row + ",") {
      if (c == '\r') continue;
      if (c != ',') {
        cell += c;
        continue;
      }
      cells.push_back(cell);
      cell.clear();
    }
    ASSERT_EQ(cells.size(), 23U) << row;
    actual.push_back(cells[3] + "," + cells[7] + "," + cells[18] + "," + cells[20] + "," +
                     cells[9] + "," + cells[5] + "," + cells[8] + "," + cells[22]);
  }
  EXPECT_GE(actual.size() + 2, counted("true"));
  const auto table = lines_of(expected);
  const std::multiset<std::string> all(table.begin(), table.end());
  for (const auto& row : actual) EXPECT_TRUE(all.contains(row)) << row;
}

TEST_F(FindExportTest, CsvOfMediaHasARowForEachMedium) {
  const std::string csv = site().must({"export", "csv", "media"});
  EXPECT_NE(csv.find(medium() + ",disk.img,"), std::string::npos) << csv;
  EXPECT_EQ(
      site().ntt({"export", "csv", "files", "--medium", medium(), "--generation", "7"}).exit_code,
      1);
}

TEST_F(FindExportTest, BodyfileHasTheTimesAndSizesThatFlsGives) {
  const auto ours = times_of(site().must({"export", "bodyfile", "--medium", medium()}));
  const CommandOptions utc{{{"TZ", "UTC"}}, "", ""};
  std::size_t compared = 0;
  for (const auto& [prefix, start] :
       {std::pair("/1/", kExt4.start), std::pair("/2/", kFat.start)}) {
    const auto theirs = times_of(output_of({"fls", "-r", "-u", "-z", "UTC", "-m", prefix, "-o",
                                            std::to_string(start), image().string()},
                                           utc));
    for (const auto& line : theirs) {
      const std::string name = line.substr(0, line.find('|'));
      // Names that fls prints in another way, and entries that it invents.
      if (name.find_first_of("^\\\xff") != std::string::npos ||
          name.find('$') != std::string::npos || name.find("/byte ") != std::string::npos ||
          name.find("->") != std::string::npos || name.find("(Volume Label") != std::string::npos) {
        continue;
      }
      EXPECT_TRUE(ours.contains(line)) << line;
      compared += 1;
    }
  }
  EXPECT_GT(compared, 150U);
}

TEST_F(FindExportTest, MactimeReadsEveryLineOfTheBodyfile) {
  const fs::path body = site().temp / "body";
  site().must({"export", "bodyfile", "--medium", medium(), "--out", body.string()});
  const std::string timeline = output_of({"mactime", "-b", body.string(), "-z", "UTC", "-d", "-y"});
  for (const char* name : {"/1/photos/beach.jpg", "/2/photos/beach.jpg", "/1/odd \\xff\\x7cname"}) {
    EXPECT_NE(timeline.find(name), std::string::npos) << name << "\n" << timeline.substr(0, 2000);
  }
}

TEST_F(FindExportTest, ALogOfARealRunIsRestoredAndGivesTheSameTables) {
  const fs::path file = site().temp / "log.jsonl";
  site().must({"export", "jsonl", "--batches", "--out", file.string()});
  Site other;
  other.must({"import", "jsonl", file.string()});
  EXPECT_EQ(other.must({"verify", "log"}), site().must({"verify", "log"}));
  EXPECT_EQ(other.must({"export", "jsonl", "--batches"}), read_file(file));
  other.must({"project"});
  EXPECT_EQ(other.table_dump(), site().table_dump());
}

}  // namespace
}  // namespace ntt::tests
