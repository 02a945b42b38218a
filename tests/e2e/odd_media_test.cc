// Media that are not as they should be: each ends with a row, an outcome and its evidence.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "tests/e2e/images.h"
#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMegabyte = 1 << 20;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(OddMedia, TwoVolumesWithEqualInodeNumbersKeepTheirOwnContents) {
  Site site;
  const Partition first{2048, 16384, "83"};
  const Partition second{18432, 16384, "83"};
  const fs::path image = site.temp / "disk.img";
  make_disk(image, (second.start + second.sectors) * 512, {first, second});
  for (const auto& [partition, name] : {std::pair(first, "one"), std::pair(second, "two")}) {
    fs::create_directories(site.temp / name);
    for (int i = 0; i < 20; ++i) {
      write_file(site.temp / name / ("file" + std::to_string(i)), name + std::to_string(i));
    }
    make_ext4(image, site.temp / name, partition.start * 512, partition.sectors * 512);
  }
  site.must({"run", "--image", image.string()});
  // Both volumes use the same inode numbers ...
  EXPECT_EQ(site.sql("SELECT count(*) FROM inode a JOIN inode b ON a.ino = b.ino AND a.volume = 1 "
                     "AND b.volume = 2 WHERE a.fs_type = 'f' AND b.fs_type = 'f'"),
            "20");
  // ... and no file has the other one's content.
  for (const auto& [volume, name] : {std::pair(1, "one"), std::pair(2, "two")}) {
    expect_same_lines(
        lines_of(site.sql("SELECT encode(path, 'hex'), blobid FROM path WHERE blobid IS NOT NULL "
                          "AND volume = " +
                          std::to_string(volume))),
        oracle_files(site.temp / name));
  }
  EXPECT_EQ(site.blobs().size(), 40U);
}

TEST(OddMedia, TwoMediaThatShareEightDigitsGetPartitionsOfTheirOwn) {
  Site site;
  const std::string one = "8e61cad2000000000000000000000001";
  const std::string two = "8e61cad2000000000000000000000002";
  for (const auto& [name, files] : {std::pair(one, 3), std::pair(two, 5)}) {
    fs::create_directories(site.temp / name);
    for (int i = 0; i < files; ++i) {
      write_file(site.temp / name / ("file" + std::to_string(i)), name + std::to_string(i));
    }
    make_ext4(site.temp / (name + ".img"), site.temp / name, 0, 8 * kMegabyte);
    site.must({"run", "--image", (site.temp / (name + ".img")).string()});
  }
  EXPECT_EQ(site.sql("SELECT medium_hash, count(*) FROM inode WHERE fs_type = 'f' GROUP BY 1 "
                     "ORDER BY 1"),
            one + "|3\n" + two + "|5");
  EXPECT_EQ(site.sql("SELECT count(DISTINCT tableoid) FROM inode"), "2");
  EXPECT_EQ(site.sql("SELECT count(*) FROM inode_p_8e61cad2 WHERE fs_type = 'f'"), "3");
  EXPECT_TRUE(contains(site.ntt({"status", "8e61cad2"}).err, two));
}

TEST(OddMedia, ATruncatedImageSaysSoAndKeepsWhatCanBeRead) {
  Site site;
  const fs::path image = site.temp / "disk.img";
  make_plain_tree(site.temp / "tree");
  make_ext4(image, site.temp / "tree", 0, 16 * kMegabyte);
  fs::resize_file(image, 9 * kMegabyte);
  const auto run = site.ntt({"run", "--image", image.string()});
  EXPECT_TRUE(run.exit_code == 0 || run.exit_code == 1) << run.err;
  EXPECT_EQ(site.sql("SELECT outcome FROM volume"), "truncated");
  // What was hashed was read whole: it is one of the contents that b3sum knows.
  const auto known = oracle_files(site.temp / "tree");
  for (const auto& row : lines_of(
           site.sql("SELECT encode(path, 'hex'), blobid FROM path WHERE blobid IS NOT NULL"))) {
    EXPECT_TRUE(std::binary_search(known.begin(), known.end(), row)) << row;
  }
}

TEST(OddMedia, AnImageOfZerosIsAMediumWithoutFiles) {
  Site site;
  const fs::path image = site.temp / "blank.img";
  write_file(image, std::string(4 * kMegabyte, '\0'));
  site.ntt({"run", "--image", image.string()});
  EXPECT_EQ(site.sql("SELECT count(*) FROM medium"), "1");
  EXPECT_EQ(site.sql("SELECT count(*) FROM path"), "0");
  EXPECT_TRUE(contains(site.must({"log", "--type", "medium_identified"}), "\"blank\":\"00\""));
  // Another blank image is another medium.
  write_file(site.temp / "other.img", std::string(4 * kMegabyte, '\0'));
  site.ntt({"run", "--image", (site.temp / "other.img").string()});
  EXPECT_EQ(site.sql("SELECT count(*) FROM medium"), "2");
}

TEST(OddMedia, AnEmptyImageIsRefusedBecauseNothingIdentifiesIt) {
  Site site;
  write_file(site.temp / "empty.img", "");
  const auto run = site.ntt({"run", "--image", (site.temp / "empty.img").string()});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(contains(run.err, "empty.img")) << run.err;
  EXPECT_EQ(site.must({"status", "--json"}), "");
}

TEST(OddMedia, AMissingImageIsRefusedByName) {
  Site site;
  const auto run = site.ntt({"run", "--image", (site.temp / "nowhere.img").string()});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_TRUE(contains(run.err, "nowhere.img")) << run.err;
}

TEST(OddMedia, AnImageThatIsReallyATarSaysSoOrIsRead) {
  Site site;
  make_plain_tree(site.temp / "tree");
  const fs::path image = site.temp / "disk.img";
  output_of({"tar", "-cf", image.string(), "-C", (site.temp / "tree").string(), "."});
  const auto run = site.ntt({"run", "--image", image.string()});
  const std::string said = site.must({"log"}) + run.err;
  EXPECT_TRUE(contains(said, "tar")) << said;
  EXPECT_EQ(site.sql("SELECT count(*) FROM medium"), "1");
  // Nothing is claimed that is not so: no blob has a content that is not a file of the tree.
  const auto known = oracle_files(site.temp / "tree");
  for (const auto& blob : site.blobs()) {
    const std::string hash = blob.substr(blob.rfind('/') + 1);
    EXPECT_TRUE(std::any_of(known.begin(), known.end(), [&hash](const std::string& line) {
      return line.ends_with("|" + hash);
    })) << blob;
  }
}

// An image with a mapfile beside it: what ddrescue could not read holds zeros.
TEST(OddMedia, AFileOnSectorsThatWereNotRescuedHasNoBlob) {
  Site site;
  const fs::path image = site.temp / "disk.img";
  fs::create_directories(site.temp / "tree");
  write_file(site.temp / "tree/hurt.bin", some_bytes(60000, 5));
  write_file(site.temp / "tree/whole.txt", "whole");
  write_file(image, "");
  fs::resize_file(image, 4U << 20U);
  make_ext4(image, site.temp / "tree", 0, 4U << 20U);
  const std::string content = read_file(site.temp / "tree/hurt.bin");
  std::string bytes = read_file(image);
  const std::size_t at = bytes.find(content.substr(8192, 1024));
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 1024, 1024, '\0');
  write_file(image, bytes);
  write_file(site.temp / "disk.map",
             "# Mapfile. Created by GNU ddrescue version 1.27\n0x0 + 1\n0 " + std::to_string(at) +
                 " +\n" + std::to_string(at) + " 1024 -\n" + std::to_string(at + 1024) + " " +
                 std::to_string(bytes.size() - at - 1024) + " +\n");
  site.must({"run", "--image", image.string()});
  EXPECT_EQ(site.sql("SELECT disposition, blobid IS NULL FROM path WHERE path = 'hurt.bin'"),
            "unreadable|t");
  EXPECT_EQ(site.sql("SELECT disposition FROM path WHERE path = 'whole.txt'"), "stored");
  EXPECT_EQ(site.sql("SELECT health FROM medium"), "incomplete");
  EXPECT_TRUE(contains(site.sql("SELECT problems FROM medium"), "could not be copied"));
  EXPECT_EQ(site.blobs().size(), 1U);
  const std::vector<std::string> again = {"run", "--image", image.string(), "--retry-failed"};
  const std::string map = read_file(site.temp / "disk.map");
  const auto still_no_blob = [&](const char* why) {
    EXPECT_EQ(site.blobs().size(), 1U) << why;
    EXPECT_EQ(site.sql("SELECT blobid IS NULL FROM path WHERE path = 'hurt.bin'"), "t") << why;
  };
  // The log knows what was not rescued.
  fs::remove(site.temp / "disk.map");
  site.ntt(again);
  still_no_blob("the mapfile is gone");
  write_file(site.temp / "disk.map", map.substr(0, map.rfind("0x") + 1) + "garbage in it\n");
  EXPECT_EQ(site.ntt(again).exit_code, 1);
  still_no_blob("the mapfile is damaged");
  // Cut at a line's end, it says nothing of the rest.
  write_file(site.temp / "disk.map", map.substr(0, map.find('\n', map.find("\n0 ") + 1) + 1));
  site.ntt(again);
  still_no_blob("the mapfile is cut");
}

TEST(OddMedia, UnreadableFilesAndDirectoriesHaveOutcomesAndTheRestIsStored) {
  Site site;
  const fs::path tree = site.temp / "tree";
  make_plain_tree(tree);
  write_file(tree / "secret", "not for you");
  fs::create_directories(tree / "closed");
  write_file(tree / "closed/inside", "unseen");
  fs::permissions(tree / "secret", fs::perms::none);
  fs::permissions(tree / "closed", fs::perms::none);

  // Where the program was built may be closed to nobody.
  const std::string program = (site.temp / "ntt").string();
  fs::copy_file(site.command({}).front(), program);
  // Root may read everything: then ntt runs as nobody, in a home that is nobody's.
  std::vector<std::string> prefix;
  if (geteuid() == 0) {
    prefix = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    fs::create_directories(site.temp / "home");
    ASSERT_EQ(chown((site.temp / "home").c_str(), 65534, 65534), 0);
  }
  const auto as_user = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> all = prefix;
    for (const auto& word : site.command(arguments)) all.push_back(word);
    all[prefix.size()] = program;
    return run_command(all, site.options({{"HOME", (site.temp / "home").string()}}));
  };
  const auto run = as_user({"run", "--dir", tree.string()});
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  const auto sql = [&](const std::string& query) {
    const auto result = as_user({"db", "psql", "--", "-X", "-A", "-t", "-c", query});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  };
  EXPECT_EQ(
      sql("SELECT error_type, inode.blobid IS NULL FROM inode JOIN path USING (medium_hash, dev, "
          "ino, volume) WHERE path = 'secret'"),
      "permission_error|t\n");
  EXPECT_EQ(sql("SELECT disposition FROM path WHERE path = 'closed'"), "unreadable\n");
  EXPECT_EQ(sql("SELECT count(*) FROM path WHERE path LIKE 'closed/%'"), "0\n");
  EXPECT_EQ(sql("SELECT count(*) FROM path p WHERE disposition IN ('stored', 'duplicate')"),
            std::to_string(oracle_files(tree).size() - 2) + "\n");
  as_user({"db", "stop"});
}

}  // namespace
}  // namespace ntt::tests
