// Images of every kind that the tools here can make, read and compared with oracles.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "events/bytes.h"
#include "reader_images.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;
using events::Entry;
using events::EntryType;
using events::Errc;
using events::FileErrorType;
using stages::ImageSourceOptions;

void append_le32(std::string& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift);
}

class ImageSource : public testing::Test {
 protected:
  ImageSource() { fs::create_directories(tree); }

  [[nodiscard]] static std::string quoted(const fs::path& path) {
    return "'" + path.string() + "'";
  }

  void make_ext(const std::string& size = "16M", const std::string& options = "") {
    shell("mkfs.ext4 -q " + options + " -d " + quoted(tree) + " " + quoted(image) + " " + size);
  }

  // The tree as find(1) sees it, sorted, the root as "".
  [[nodiscard]] std::vector<std::string> tree_paths() const {
    std::vector<std::string> paths =
        lines_of(shell("cd " + quoted(tree) + " && find . -printf '%P\\0'"), '\0');
    paths.emplace_back();
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  // What the walk found, without what mkfs adds.
  static std::vector<std::string> without_lost_and_found(std::vector<std::string> paths) {
    paths.erase(std::remove(paths.begin(), paths.end(), "lost+found"), paths.end());
    return paths;
  }

  // Every regular file of the tree has the bytes that its entry gives.
  void expect_same_contents(const WalkRecord& walk, std::uint32_t volume = 0) {
    const auto source = open_image(image);
    std::size_t files = 0;
    for (const auto& [index, entry] : walk.found) {
      if (index.value != volume || entry.type != EntryType::file) continue;
      const fs::path original = tree / entry.path;
      if (!fs::exists(original)) continue;
      const FileContent content = read_content(*source, entry, volume);
      EXPECT_EQ(content.outcome.error_type, FileErrorType::none)
          << entry.path << ": " << content.outcome.error_message;
      EXPECT_TRUE(content.bytes == read_file(original)) << entry.path;
      files += 1;
    }
    EXPECT_GT(files, 0U);
  }

  void make_some_tree() {
    fs::create_directories(tree / "sub/deeper");
    write_file(tree / "empty", "");
    write_file(tree / "small.txt", "hello\n");
    std::string large;
    for (int i = 0; i < 70000; ++i) large += std::to_string(i) + "\n";
    write_file(tree / "sub/large.bin", large);
    write_file(tree / "sub/deeper/x", std::string(4096, 'x'));
  }

  TempDir dir;
  fs::path tree = dir / "tree";
  fs::path image = dir / "disk.img";
};

TEST_F(ImageSource, Ext4IsReadAsFindSeesIt) {
  make_some_tree();
  fs::create_symlink("small.txt", tree / "short-link");
  fs::create_symlink(std::string(200, 'l'), tree / "long-link");
  fs::create_hard_link(tree / "small.txt", tree / "hard-link");
  write_file(tree / std::string(255, 'n'), "long name");
  write_file(tree / "new\nline \x1c\\ \xff", "odd name");
  fs::permissions(tree / "small.txt", fs::perms::owner_read);
  make_ext("16M", "-L MYLABEL -U 11111111-2222-3333-4444-555555555555");
  // mkfs.ext4 copies whole seconds; the low two bits of this field are not nanoseconds.
  shell("debugfs -w -R 'sif /small.txt mtime_extra " + std::to_string(123456789U << 2U) + "' " +
        quoted(image) + " 2>/dev/null");
  const WalkRecord walk = walk_image(image);
  EXPECT_EQ(without_lost_and_found(walk.paths()), tree_paths());
  EXPECT_EQ(walk.entry("short-link")->symlink_target, "small.txt");
  EXPECT_EQ(walk.entry("long-link")->symlink_target, std::string(200, 'l'));
  EXPECT_EQ(walk.entry("hard-link")->inode, walk.entry("small.txt")->inode);
  EXPECT_EQ(walk.entry("hard-link")->link_count, 2U);
  EXPECT_EQ(walk.entry("small.txt")->mode, 0400U);
  struct stat status {};
  ASSERT_EQ(stat((tree / "small.txt").c_str(), &status), 0);
  EXPECT_EQ(walk.entry("small.txt")->modify_time,
            status.st_mtim.tv_sec * 1'000'000'000 + 123456789);
  EXPECT_EQ(walk.entry("small.txt")->uid, status.st_uid);
  expect_same_contents(walk);
  const auto* outcome = walk.outcome(0);
  ASSERT_NE(outcome, nullptr);
  EXPECT_EQ(outcome->outcome, "enumerated");
  EXPECT_EQ(outcome->filesystem, "ext4");
  EXPECT_EQ(outcome->label, "MYLABEL");
  EXPECT_EQ(outcome->uuid, "11111111-2222-3333-4444-555555555555");
  EXPECT_EQ(outcome->entries, walk.found.size());
  EXPECT_EQ(outcome->unreadable, 0U);
  EXPECT_TRUE(walk.found[0].second.path.empty()) << "the root comes first";
}

TEST_F(ImageSource, Ext2AndInlineDataAreReadToo) {
  make_some_tree();
  for (const std::string options : {"-t ext2", "-t ext3", "-t ext4 -O inline_data -I 256",
                                    "-t ext4 -O ^extents,^64bit -b 1024"}) {
    SCOPED_TRACE(options);
    make_ext("16M", options);
    const WalkRecord walk = walk_image(image);
    EXPECT_EQ(without_lost_and_found(walk.paths()), tree_paths());
    expect_same_contents(walk);
    fs::remove(image);
  }
}

TEST_F(ImageSource, SparseFilesHaveZerosInTheirHoles) {
  write_file(tree / "sparse", "begin");
  fs::resize_file(tree / "sparse", 3U << 20U);
  make_ext();
  const WalkRecord walk = walk_image(image);
  expect_same_contents(walk);
}

TEST_F(ImageSource, AnImageIsNeverWrittenEvenWithADirtyJournal) {
  make_some_tree();
  make_ext();
  shell("debugfs -w -R 'feature needs_recovery' " + quoted(image) + " >/dev/null 2>&1");
  const std::string before = read_file(image);
  fs::permissions(image, fs::perms::owner_read);
  const WalkRecord walk = walk_image(image);
  EXPECT_EQ(without_lost_and_found(walk.paths()), tree_paths());
  EXPECT_NE(walk.outcome(0)->message.find("journal"), std::string::npos);
  EXPECT_TRUE(read_file(image) == before);
}

TEST_F(ImageSource, DepthHasNoLimit) {
  fs::path deep = tree;
  for (int i = 0; i < 300; ++i) deep /= "d";
  fs::create_directories(deep);
  write_file(deep / "bottom", "reached");
  make_ext();
  const WalkRecord walk = walk_image(image);
  EXPECT_EQ(without_lost_and_found(walk.paths()), tree_paths());
}

TEST_F(ImageSource, DirectoriesInACircleAreListedOnce) {
  fs::create_directories(tree / "a/b");
  make_ext();
  shell("debugfs -w -R 'link /a /a/b/again' " + quoted(image) + " 2>/dev/null");
  const WalkRecord walk = walk_image(image);
  const Entry* again = walk.entry("a/b/again");
  ASSERT_NE(again, nullptr);
  EXPECT_NE(again->error_number, 0U);
  EXPECT_EQ(walk.outcome(0)->outcome, "enumerated");
}

// Bytes of a directory with `count` names for one inode. mkfs and debugfs need quadratic time to
// make one, so the test writes the blocks of a file and turns it into a directory.
std::string directory_blocks(int count, std::uint32_t inode) {
  constexpr std::size_t kBlock = 4096;
  constexpr std::size_t kRecord = 32;
  std::string out;
  for (int i = 0; i < count; ++i) {
    const std::string name = i == 0   ? "."
                             : i == 1 ? ".."
                                      : "a-name-of-one-file-" + std::to_string(i);
    std::string record;
    for (unsigned shift = 0; shift < 32; shift += 8) {
      record += static_cast<char>((inode >> shift) & 0xFFU);
    }
    record += static_cast<char>(kRecord);
    record += '\0';
    record += static_cast<char>(name.size());
    record += '\1';
    record += name;
    record.resize(kRecord);
    out += record;
  }
  // An unused record fills the last block.
  const std::size_t rest = kBlock - out.size() % kBlock;
  std::string filler(rest, '\0');
  filler[4] = static_cast<char>(rest & 0xFFU);
  filler[5] = static_cast<char>(rest >> 8U);
  return out + filler;
}

// Work is counted in CPU time, not in time that passes: other programs may keep the machine busy.
TEST_F(ImageSource, OneHugeDirectoryCostsLinearWork) {
  const auto micros_for = [&](int count) {
    write_file(tree / "file", "");
    write_file(tree / "d", directory_blocks(count, 0));
    fs::remove(image);
    make_ext("32M", "-b 4096 -O ^metadata_csum");
    const std::string found = shell("debugfs -R 'stat /file' " + quoted(image) + " 2>/dev/null");
    const std::string number = found.substr(7, found.find(' ', 7) - 7);
    const auto inode = static_cast<std::uint32_t>(std::stoul(number));
    const fs::path blocks = dir / "blocks";
    write_file(blocks, directory_blocks(count, inode));
    shell("debugfs -w -R 'rm /d' " + quoted(image) + " 2>/dev/null; debugfs -w -R 'write " +
          blocks.string() + " d' " + quoted(image) +
          " >/dev/null 2>&1; debugfs -w -R 'sif /d mode 040755' " + quoted(image) + " 2>/dev/null");
    rusage before{};
    rusage after{};
    getrusage(RUSAGE_CHILDREN, &before);
    const std::size_t entries = walk_image(image).found.size();
    getrusage(RUSAGE_CHILDREN, &after);
    // The root, lost+found, file and d itself; "." and ".." are no entries.
    EXPECT_EQ(entries, static_cast<std::size_t>(count) - 2 + 4);
    const auto micros = [](const rusage& usage) {
      return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 + usage.ru_utime.tv_usec +
             usage.ru_stime.tv_usec;
    };
    return micros(after) - micros(before);
  };
  const auto quarter = micros_for(25'000);
  const auto whole = micros_for(100'000);
  EXPECT_LT(whole, quarter * 8 + 200'000) << "a quarter took " << quarter << " us of CPU";
}

TEST_F(ImageSource, FatIsReadAsMtoolsWroteIt) {
  make_some_tree();
  shell("truncate -s 16M " + quoted(image) + "; mkfs.vfat -F 16 -n FATLABEL " + quoted(image) +
        " >/dev/null; mcopy -s -i " + quoted(image) + " " + quoted(tree) + "/* ::");
  const WalkRecord walk = walk_image(image);
  EXPECT_EQ(walk.paths(), tree_paths()) << "the label is no file";
  expect_same_contents(walk);
  EXPECT_EQ(walk.outcome(0)->filesystem, "fat16");
  EXPECT_EQ(walk.outcome(0)->time_basis, "local");
  EXPECT_EQ(walk.outcome(0)->label, "FATLABEL");
}

// Two names of a code page that nobody wrote down, which libtsk makes one.
TEST_F(ImageSource, FatShortNamesAreTheBytesThatAreOnTheDisk) {
  write_file(tree / "AQOQXYZ.TXT", "one");
  write_file(tree / "AROSXYZ.TXT", "two");
  write_file(tree / "PLAIN.TXT", "three");
  shell("truncate -s 4M " + quoted(image) + "; mkfs.vfat -F 12 " + quoted(image) +
        " >/dev/null; mcopy -s -i " + quoted(image) + " " + quoted(tree) + "/* ::");
  std::string bytes = read_file(image);
  const auto rename = [&bytes](const std::string& from, const std::string& to) {
    const std::size_t at = bytes.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    bytes.replace(at, to.size(), to);
  };
  rename("AQOQXYZ TXT", "A\xA5O\x82XYZ TXT");
  rename("AROSXYZ TXT", "A\xA6O\x83XYZ TXT");
  write_file(image, bytes);
  const WalkRecord walk = walk_image(image);
  EXPECT_EQ(walk.paths(),
            (std::vector<std::string>{"", "A\xA5O\x82XYZ.TXT", "A\xA6O\x83XYZ.TXT", "PLAIN.TXT"}));
  const auto source = open_image(image);
  EXPECT_EQ(read_content(*source, *walk.entry("A\xA6O\x83XYZ.TXT")).bytes, "two");
}

TEST_F(ImageSource, TimesDoNotDependOnTheTimeZone) {
  make_some_tree();
  shell("truncate -s 4M " + quoted(image) + "; mkfs.vfat " + quoted(image) +
        " >/dev/null; mcopy -s -i " + quoted(image) + " " + quoted(tree) + "/* ::");
  const char* old = getenv("TZ");
  const std::string saved = old == nullptr ? "" : old;
  std::vector<WalkRecord> walks;
  for (const char* zone : {"UTC", "America/Guatemala", "Asia/Kathmandu"}) {
    setenv("TZ", zone, 1);
    tzset();
    walks.push_back(walk_image(image));
  }
  old == nullptr ? unsetenv("TZ") : setenv("TZ", saved.c_str(), 1);
  tzset();
  ASSERT_FALSE(walks[0].found.empty());
  EXPECT_EQ(walks[0].found, walks[1].found);
  EXPECT_EQ(walks[0].found, walks[2].found);
}

TEST_F(ImageSource, NtfsAndExfatAreRead) {
  make_some_tree();
  shell("truncate -s 8M " + quoted(image) + "; mkntfs -q -F -L NTLABEL " + quoted(image) +
        " >/dev/null 2>&1; ntfscp -f " + quoted(image) + " " + quoted(tree / "sub/large.bin") +
        " large.bin >/dev/null 2>&1; ntfscp -f -N stream " + quoted(image) + " " +
        quoted(tree / "small.txt") + " large.bin >/dev/null 2>&1");
  const WalkRecord walk = walk_image(image);
  const Entry* large = walk.entry("large.bin");
  ASSERT_NE(large, nullptr);
  const auto source = open_image(image);
  EXPECT_TRUE(read_content(*source, *large).bytes == read_file(tree / "sub/large.bin"));
  EXPECT_EQ(walk.outcome(0)->filesystem, "ntfs");
  EXPECT_EQ(walk.outcome(0)->label, "NTLABEL");
  // The names fls lists, without the streams and what libtsk invents.
  std::set<std::string> listed;
  for (const std::string& line : lines_of(shell("fls -rp " + quoted(image)))) {
    const std::string name = line.substr(line.find('\t') + 1);
    if (line.rfind("V/V", 0) != 0 && line.find(" * ") == std::string::npos) {
      listed.insert(name.substr(0, name.find(':')));
    }
  }
  std::set<std::string> found;
  for (const std::string& path : walk.paths()) {
    if (!path.empty()) found.insert(path);
  }
  EXPECT_EQ(found, listed);
  EXPECT_GE(walk.outcome(0)->other_streams, 1U);
  EXPECT_EQ(walk.outcome(0)->unreadable, 0U);

  fs::remove(image);
  shell("truncate -s 8M " + quoted(image) + "; mkfs.exfat -L EXLABEL " + quoted(image) +
        " >/dev/null");
  const WalkRecord exfat = walk_image(image);
  ASSERT_NE(exfat.outcome(0), nullptr);
  EXPECT_EQ(exfat.outcome(0)->filesystem, "exfat");
  EXPECT_EQ(exfat.outcome(0)->outcome, "enumerated");
}

TEST_F(ImageSource, IsoWithRockRidgeKeepsWhatRockRidgeSays) {
  make_some_tree();
  fs::create_directories(tree / "1/2/3/4/5/6/7/8/9/10/11");
  write_file(tree / "1/2/3/4/5/6/7/8/9/10/11/deep", "deep");
  write_file(tree / std::string(250, 'n'), "long name");
  fs::create_symlink("/t/" + std::string(240, 'y') + "/../" + std::string(240, 'z'), tree / "link");
  fs::permissions(tree / "small.txt", fs::perms::owner_read);
  shell("xorriso -as mkisofs -quiet -R -J -joliet-long -V ISOLABEL -o " + quoted(image) + " " +
        quoted(tree) + " 2>/dev/null");
  const WalkRecord walk = walk_image(image);
  EXPECT_EQ(walk.paths(), tree_paths());
  EXPECT_EQ(walk.entry("link")->symlink_target,
            "/t/" + std::string(240, 'y') + "/../" + std::string(240, 'z'));
  EXPECT_EQ(walk.entry("small.txt")->mode, 0400U);
  expect_same_contents(walk);
  EXPECT_EQ(walk.outcome(0)->filesystem, "iso9660");
  EXPECT_EQ(walk.outcome(0)->label, "ISOLABEL");
  EXPECT_NE(walk.outcome(0)->message.find("Rock Ridge"), std::string::npos);
}

TEST_F(ImageSource, IsoWithJolietAloneHasItsNames) {
  fs::create_directories(tree / "Ordner");
  write_file(tree / "Ordner/Grüße aus Köln.txt", "hello");
  shell("xorriso -as mkisofs -quiet -J -norock -input-charset UTF-8 -o " + quoted(image) + " " +
        quoted(tree) + " 2>/dev/null || xorriso -as mkisofs -quiet -J --norock -o " +
        quoted(image) + " " + quoted(tree) + " 2>/dev/null");
  const WalkRecord walk = walk_image(image);
  EXPECT_EQ(walk.paths(), tree_paths());
  expect_same_contents(walk);
}

TEST_F(ImageSource, UdfAloneIsRead) {
  shell("truncate -s 4M " + quoted(image) + "; mkudffs --utf8 -b 2048 -l UDFLABEL " +
        quoted(image) + " >/dev/null");
  const WalkRecord walk = walk_image(image);
  ASSERT_NE(walk.outcome(0), nullptr);
  EXPECT_EQ(walk.outcome(0)->filesystem, "udf");
  EXPECT_EQ(walk.outcome(0)->label, "UDFLABEL");
  EXPECT_EQ(walk.outcome(0)->outcome, "enumerated");
}

TEST_F(ImageSource, UdfAndIsoOnOneDiscAreBothRead) {
  make_some_tree();
  shell("genisoimage -quiet -udf -R -o " + quoted(image) + " " + quoted(tree));
  const WalkRecord walk = walk_image(image);
  EXPECT_EQ(walk.paths(0), tree_paths());
  EXPECT_EQ(walk.paths(1), tree_paths());
  expect_same_contents(walk, 0);
  expect_same_contents(walk, 1);
}

TEST_F(ImageSource, BothFileSystemsOfAHybridDiscAreRead) {
  make_some_tree();
  shell("xorriso -as mkisofs -quiet -R -hfsplus -o " + quoted(image) + " " + quoted(tree) +
        " 2>/dev/null");
  const WalkRecord walk = walk_image(image);
  std::set<std::string> filesystems;
  for (const auto& outcome : walk.outcomes) {
    if (outcome.outcome == "enumerated") filesystems.insert(outcome.filesystem);
  }
  EXPECT_EQ(filesystems, (std::set<std::string>{"hfsplus", "iso9660"}));
  for (const auto& outcome : walk.outcomes) {
    if (outcome.entries == 0) continue;
    const auto paths = walk.paths(outcome.volume);
    const auto expected = tree_paths();
    EXPECT_TRUE(std::includes(paths.begin(), paths.end(), expected.begin(), expected.end()))
        << outcome.filesystem;
    expect_same_contents(walk, outcome.volume);
  }
}

TEST_F(ImageSource, TwoFileSystemsInOneRegionAreBothRead) {
  // ext fits into sectors that FAT leaves reserved.
  write_file(tree / "from-ext", "ext");
  const fs::path ext = dir / "ext.img";
  shell("mkfs.ext2 -q -b 1024 -d " + quoted(tree) + " " + quoted(ext) + " 1M; truncate -s 32M " +
        quoted(image) + "; mkfs.vfat -F 16 -R 4096 -n FATSIDE " + quoted(image) +
        " >/dev/null; dd if=" + quoted(ext) + " of=" + quoted(image) +
        " bs=1024 skip=1 seek=1 conv=notrunc status=none");
  const WalkRecord walk = walk_image(image);
  std::set<std::string> filesystems;
  for (const auto& outcome : walk.outcomes) filesystems.insert(outcome.filesystem);
  EXPECT_EQ(filesystems, (std::set<std::string>{"ext2", "fat16"}));
}

TEST_F(ImageSource, EveryPartitionHasAnOutcome) {
  write_file(tree / "file", "in ext");
  const fs::path part = dir / "part.img";
  shell("mkfs.ext4 -q -d " + quoted(tree) + " " + quoted(part) + " 4M");
  // Primary ext4, swap, an extended partition with two logical ones, and one beyond the end.
  shell("truncate -s 80M " + quoted(image) +
        "; printf '2048,8192,L\\n10240,4096,S\\n14336,20480,E\\n40960,100000,L\\n16384,4096,L\\n"
        "22528,4096,L\\n' | sfdisk -q -f " +
        quoted(image) + " 2>/dev/null; truncate -s 12M " + quoted(image) + "; dd if=" +
        quoted(part) + " of=" + quoted(image) + " bs=512 seek=2048 conv=notrunc status=none");
  shell("mkswap -q " + quoted(part) + " >/dev/null 2>&1 || mkswap " + quoted(part) +
        " >/dev/null; dd if=" + quoted(part) + " of=" + quoted(image) +
        " bs=512 seek=10240 count=4096 conv=notrunc status=none");
  const WalkRecord walk = walk_image(image);
  std::vector<std::string> outcomes;
  for (const auto& outcome : walk.outcomes) {
    EXPECT_EQ(outcome.table, "dos");
    outcomes.push_back(std::to_string(outcome.volume) + " " + outcome.outcome);
  }
  EXPECT_EQ(outcomes, (std::vector<std::string>{"1 enumerated", "2 swap", "3 empty", "4 truncated",
                                                "5 truncated"}));
}

TEST_F(ImageSource, GptPartitionsAreFoundAndTheProtectiveMbrIsNot) {
  write_file(tree / "file", "in ext");
  const fs::path part = dir / "part.img";
  shell("mkfs.ext4 -q -d " + quoted(tree) + " " + quoted(part) + " 4M; truncate -s 16M " +
        quoted(image) + "; printf 'label: gpt\\n2048,8192,L\\n10240,8192,L\\n' | sfdisk -q " +
        quoted(image) + "; for s in 2048 10240; do dd if=" + quoted(part) + " of=" + quoted(image) +
        " bs=512 seek=$s conv=notrunc status=none; done");
  const WalkRecord walk = walk_image(image);
  ASSERT_EQ(walk.outcomes.size(), 2U);
  for (const std::uint32_t volume : {1U, 2U}) {
    EXPECT_EQ(walk.outcome(volume)->table, "gpt");
    EXPECT_NE(walk.entry("file", volume), nullptr);
    const auto source = open_image(image);
    EXPECT_EQ(read_content(*source, *walk.entry("file", volume), volume).bytes, "in ext");
  }
}

TEST_F(ImageSource, BothGenerationsOfUfsAreReadAsFindSeesThem) {
  make_some_tree();
  fs::create_hard_link(tree / "small.txt", tree / "hard link");
  fs::create_symlink("small.txt", tree / "symlink");
  // Blocks of 64 KiB: with smaller ones makefs puts the second generation's superblock elsewhere.
  for (const std::string generation : {"1", "2"}) {
    fs::remove(image);
    shell("makefs -t ffs -s 16m -o version=" + generation + ",bsize=65536,fsize=8192 " +
          quoted(image) + " " + quoted(tree) + " >/dev/null");
    const WalkRecord walk = walk_image(image);
    ASSERT_NE(walk.outcome(0), nullptr);
    EXPECT_EQ(walk.outcome(0)->filesystem, "ufs" + generation);
    EXPECT_EQ(walk.outcome(0)->outcome, "enumerated");
    EXPECT_EQ(walk.paths(), tree_paths());
    expect_same_contents(walk);
    const Entry* link = walk.entry("hard link");
    ASSERT_NE(link, nullptr);
    EXPECT_EQ(link->inode, walk.entry("small.txt")->inode);
    EXPECT_EQ(walk.entry("symlink")->symlink_target, "small.txt");
  }
}

TEST_F(ImageSource, PartitionsOfAppleTablesAreFound) {
  make_some_tree();
  const fs::path part = dir / "part.img";
  shell("mkfs.ext4 -q -d " + quoted(tree) + " " + quoted(part) + " 4M; truncate -s 20M " +
        quoted(image) + "; parted -s " + quoted(image) +
        " mklabel mac mkpart one ext2 1MiB 10MiB mkpart two ext2 10MiB 19MiB 2>/dev/null; dd if=" +
        quoted(part) + " of=" + quoted(image) + " bs=1M seek=10 conv=notrunc status=none");
  const WalkRecord walk = walk_image(image);
  ASSERT_EQ(walk.outcomes.size(), 2U);
  for (const auto& outcome : walk.outcomes) EXPECT_EQ(outcome.table, "mac");
  EXPECT_EQ(walk.outcome(1)->outcome, "empty");
  EXPECT_EQ(walk.outcome(2)->offset, 10U << 20U);
  EXPECT_EQ(without_lost_and_found(walk.paths(2)), tree_paths());
  expect_same_contents(walk, 2);
}

// A disk label as FreeBSD's <sys/disklabel.h> describes it: 512 bytes from the start, twice its
// magic number, and partitions of 16 bytes (sectors, first sector, ..., type).
TEST_F(ImageSource, PartitionsOfBsdTablesAreFound) {
  make_some_tree();
  std::string label;
  for (const std::uint32_t word : {0x82564557U, 0U, 0U, 0U, 0U, 0U, 0U, 0U, 0U, 0U, 512U}) {
    append_le32(label, word);
  }
  label.resize(132);
  append_le32(label, 0x82564557U);
  label += std::string("\0\0\x02\0", 4);  // no checksum, two partitions
  label.resize(148);
  for (const std::uint32_t first : {2048U, 20480U}) {
    append_le32(label, 16384);
    append_le32(label, first);
    append_le32(label, 0);
    label += std::string("\x07\0\0\0", 4);  // UFS
  }
  write_file(dir / "label", label);
  const fs::path part = dir / "part.img";
  shell("makefs -t ffs -s 8m -o bsize=65536,fsize=8192 " + quoted(part) + " " + quoted(tree) +
        " >/dev/null; truncate -s 20M " + quoted(image) + "; dd if=" + quoted(dir / "label") +
        " of=" + quoted(image) + " bs=512 seek=1 conv=notrunc status=none; dd if=" + quoted(part) +
        " of=" + quoted(image) + " bs=512 seek=20480 conv=notrunc status=none");
  EXPECT_EQ(lines_of(shell("mmls -t bsd " + quoted(image) + " | grep -c 4.2BSD")).front(), "2");
  const WalkRecord walk = walk_image(image);
  ASSERT_EQ(walk.outcomes.size(), 2U);
  for (const auto& outcome : walk.outcomes) EXPECT_EQ(outcome.table, "bsd");
  EXPECT_EQ(walk.outcome(1)->outcome, "empty");
  EXPECT_EQ(walk.paths(2), tree_paths());
  expect_same_contents(walk, 2);
}

TEST_F(ImageSource, AnUnpartitionedZipDiskIsFound) {
  write_file(tree / "FILE", "on zip");
  const fs::path part = dir / "part.img";
  for (const std::string& make :
       {"truncate -s 4M " + quoted(part) + "; mkfs.vfat " + quoted(part) +
            " >/dev/null; mcopy -i " + quoted(part) + " " + quoted(tree / "FILE") + " ::",
        "rm -f " + quoted(part) + "; mkfs.ext2 -q -d " + quoted(tree) + " " + quoted(part) +
            " 4M"}) {
    shell(make + "; rm -f " + quoted(image) + "; dd if=" + quoted(part) + " of=" + quoted(image) +
          " bs=512 seek=32 status=none");
    const WalkRecord walk = walk_image(image);
    ASSERT_NE(walk.outcome(0), nullptr);
    EXPECT_EQ(walk.outcome(0)->offset, 16384U);
    EXPECT_NE(walk.entry("FILE"), nullptr);
    expect_same_contents(walk);
  }
}

TEST_F(ImageSource, ATruncatedVolumeIsListedAndItsLostFilesFail) {
  write_file(tree / "aaa", "small");
  std::string large;
  for (int i = 0; i < 1 << 20; ++i) large += static_cast<char>(i * 31 % 251);
  write_file(tree / "zzz", large);
  make_ext("4M", "-b 1024 -O ^has_journal,^resize_inode");
  const std::uint64_t last =
      std::stoull(shell("debugfs -R 'bmap /zzz 900' " + quoted(image) + " 2>/dev/null"));
  fs::resize_file(image, last * 1024);
  const WalkRecord walk = walk_image(image);
  EXPECT_EQ(walk.outcome(0)->outcome, "truncated");
  ASSERT_NE(walk.entry("zzz"), nullptr);
  const auto source = open_image(image);
  const FileContent cut = read_content(*source, *walk.entry("zzz"));
  EXPECT_EQ(cut.outcome.error_type, FileErrorType::io_error);
  EXPECT_NE(cut.outcome.error_message.find("beyond the end of the image"), std::string::npos)
      << cut.outcome.error_message;
  EXPECT_EQ(cut.outcome.bytes_read, cut.bytes.size());
  EXPECT_TRUE(large.compare(0, cut.bytes.size(), cut.bytes) == 0);
}

TEST_F(ImageSource, WhatCannotBeReadIsNamed) {
  const auto outcome_of = [&](const std::string& command) {
    fs::remove(image);
    shell("truncate -s 16M " + quoted(image) + "; " + command);
    const WalkRecord walk = walk_image(image);
    return walk.outcome(0) == nullptr
               ? "none"
               : walk.outcome(0)->outcome + " " + walk.outcome(0)->filesystem;
  };
  const std::string to = " | dd of=" + quoted(image) + " bs=1 conv=notrunc status=none seek=";
  EXPECT_EQ(outcome_of("true"), "empty ");
  EXPECT_EQ(outcome_of("printf 'LUKS\\272\\276\\0\\1'" + to + "0"), "encrypted crypto_LUKS");
  EXPECT_EQ(
      outcome_of("printf 'XFSB\\0\\0\\20\\0'" + to + "0; printf x" + to + "9000").substr(0, 7),
      "unknown");
  EXPECT_EQ(outcome_of("mkswap " + quoted(image) + " >/dev/null 2>&1"), "swap swap");
  EXPECT_EQ(outcome_of("head -c 16M /dev/zero | tr '\\0' U > " + quoted(image)), "empty ");
  EXPECT_EQ(outcome_of("printf hello" + to + "5000"), "unknown ");
}

TEST_F(ImageSource, AnImageWithoutBytesIsEmpty) {
  write_file(image, "");
  const WalkRecord walk = walk_image(image);
  ASSERT_EQ(walk.outcomes.size(), 1U);
  EXPECT_EQ(walk.outcomes[0].outcome, "empty");
}

TEST_F(ImageSource, AnArchiveIsCalledWhatItIs) {
  make_some_tree();
  const auto refusal = [&] {
    const auto source = open_image(image);
    WalkRecord walk;
    const auto walked = source->walk(walk);
    EXPECT_FALSE(walked);
    if (walked) return std::string();
    EXPECT_EQ(walked.error().code, Errc::invalid);
    return walked.error().message;
  };
  shell("tar -cf " + quoted(image) + " -C " + quoted(tree) + " .");
  EXPECT_NE(refusal().find("a tar archive"), std::string::npos);
  shell("gzip -f " + quoted(image) + "; mv " + quoted(image) + ".gz " + quoted(image));
  EXPECT_NE(refusal().find("a gzip file"), std::string::npos);
}

TEST_F(ImageSource, ADirectoryIsNoImage) {
  ImageSourceOptions options;
  options.path = tree;
  const auto source = stages::open_image_source(options);
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, Errc::invalid);
}

TEST_F(ImageSource, DeletedEntriesComeOnlyWhenAskedFor) {
  make_some_tree();
  shell("truncate -s 4M " + quoted(image) + "; mkfs.vfat " + quoted(image) +
        " >/dev/null; mcopy -s -i " + quoted(image) + " " + quoted(tree) + "/* ::; mdel -i " +
        quoted(image) + " ::small.txt");
  const auto deleted_in = [&](bool wanted) {
    ImageSourceOptions options;
    options.deleted_entries = wanted;
    std::vector<std::string> names;
    for (const auto& [volume, entry] : walk_image(image, options).found) {
      if (!entry.allocated) names.push_back(entry.path);
    }
    return names;
  };
  EXPECT_TRUE(deleted_in(false).empty());
  EXPECT_EQ(deleted_in(true).size(), 1U);
}

TEST_F(ImageSource, TwoWalksAndAClonesReadingAgree) {
  make_some_tree();
  make_ext();
  const auto source = open_image(image);
  WalkRecord first;
  WalkRecord second;
  ASSERT_TRUE(source->walk(first));
  ASSERT_TRUE(source->walk(second));
  EXPECT_EQ(first.found, second.found);
  EXPECT_EQ(first.outcomes, second.outcomes);
  auto clone = source->clone();
  ASSERT_TRUE(clone);
  const Entry& large = *first.entry("sub/large.bin");
  EXPECT_TRUE(read_content(**clone, large).bytes == read_content(*source, large).bytes);
}

TEST_F(ImageSource, AReadThatIsStoppedEarlyLeavesTheSourceUsable) {
  make_some_tree();
  make_ext();
  const auto source = open_image(image);
  WalkRecord walk;
  ASSERT_TRUE(source->walk(walk));
  const auto stopped =
      source->read_file({0}, *walk.entry("sub/large.bin"), [](std::string_view) { return false; });
  ASSERT_TRUE(stopped);
  EXPECT_EQ(read_content(*source, *walk.entry("small.txt")).bytes, "hello\n");
}

}  // namespace
}  // namespace ntt::tests
