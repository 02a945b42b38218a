// Damaged images and a reader that crashes, hangs or lies: each ends in an outcome.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "reader_images.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;
using events::Entry;
using events::FileErrorType;
using stages::ImageSourceOptions;

class ReaderFaults : public testing::Test {
 protected:
  ReaderFaults() {
    fs::create_directories(tree / "bad");
    fs::create_directories(tree / "good");
    write_file(tree / "bad/inside.txt", "inside");
    write_file(tree / "good/fine.txt", std::string(1500, 'f'));
    write_file(tree / "good/other.txt", std::string(5000, 'o'));
  }

  fs::path ext_image() {
    shell("mkfs.ext4 -q -b 1024 -O ^has_journal -d '" + tree.string() + "' '" + image.string() +
          "' 4M");
    return image;
  }

  // Two partitions with the same file system.
  fs::path partitioned_image() {
    const fs::path part = dir / "part.img";
    shell("mkfs.ext4 -q -b 1024 -O ^has_journal -d '" + tree.string() + "' '" + part.string() +
          "' 4M; truncate -s 10M '" + image.string() +
          "'; printf '2048,8192,L\\n10240,8192,L\\n' | sfdisk -q '" + image.string() +
          "'; for s in 2048 10240; do dd if='" + part.string() + "' of='" + image.string() +
          "' bs=512 seek=$s conv=notrunc status=none; done");
    return image;
  }

  ImageSourceOptions faulty(const std::string& arguments) {
    ImageSourceOptions options;
    options.reader_program = faulty_reader(dir.path(), arguments);
    options.stall_seconds_max = 1;
    return options;
  }

  // The image offset of a path's first block, as debugfs knows it.
  std::uint64_t offset_of(const std::string& path) {
    return std::stoull(
               shell("debugfs -R 'bmap \"" + path + "\" 0' '" + image.string() + "' 2>/dev/null")) *
           1024;
  }

  TempDir dir;
  fs::path tree = dir / "tree";
  fs::path image = dir / "disk.img";
};

TEST_F(ReaderFaults, UnreadableBytesAreNeverZeros) {
  ext_image();
  const std::uint64_t at = offset_of("/good/fine.txt");
  const auto options = faulty("--fail-range " + std::to_string(at) + ":512");
  const WalkRecord walk = walk_image(image, options);
  const auto source = open_image(image, options);
  const FileContent bad = read_content(*source, *walk.entry("good/fine.txt"));
  EXPECT_EQ(bad.outcome.error_type, FileErrorType::io_error);
  EXPECT_EQ(bad.outcome.bytes_read, 0U);
  EXPECT_EQ(bad.bytes, "");
  EXPECT_NE(bad.outcome.error_message.find(std::to_string(at)), std::string::npos)
      << bad.outcome.error_message;
  const FileContent good = read_content(*source, *walk.entry("good/other.txt"));
  EXPECT_EQ(good.outcome.error_type, FileErrorType::none) << good.outcome.error_message;
  EXPECT_EQ(good.bytes, std::string(5000, 'o'));
}

TEST_F(ReaderFaults, BytesBeforeTheUnreadableSectorAreDelivered) {
  ext_image();
  const std::uint64_t at = offset_of("/good/other.txt");
  const auto source = open_image(image, faulty("--fail-range " + std::to_string(at + 2048) + ":1"));
  const WalkRecord walk = walk_image(image);
  const FileContent part = read_content(*source, *walk.entry("good/other.txt"));
  EXPECT_EQ(part.outcome.error_type, FileErrorType::io_error);
  EXPECT_EQ(part.bytes, std::string(2048, 'o'));
}

TEST_F(ReaderFaults, FatNeverTurnsUnreadableSectorsIntoZerosEither) {
  shell("truncate -s 16M '" + image.string() + "'; mkfs.vfat -F 16 '" + image.string() +
        "' >/dev/null; mcopy -i '" + image.string() + "' '" + (tree / "good/fine.txt").string() +
        "' ::FINE.TXT");
  const std::string bytes = read_file(image);
  const auto at = bytes.find(std::string(1500, 'f'));
  ASSERT_NE(at, std::string::npos);
  const auto options = faulty("--fail-range " + std::to_string(at + 512) + ":512");
  const WalkRecord walk = walk_image(image, options);
  ASSERT_NE(walk.entry("FINE.TXT"), nullptr);
  const auto source = open_image(image, options);
  const FileContent part = read_content(*source, *walk.entry("FINE.TXT"));
  EXPECT_EQ(part.outcome.error_type, FileErrorType::io_error);
  EXPECT_EQ(part.bytes, std::string(512, 'f'));
}

TEST_F(ReaderFaults, ADirectoryThatCannotBeReadSaysSo) {
  ext_image();
  const std::string number =
      shell("debugfs -R 'stat /bad' '" + image.string() + "' 2>/dev/null | grep -c Inode");
  ASSERT_FALSE(number.empty());
  const auto options = faulty("--fail-range " + std::to_string(offset_of("/bad")) + ":1024");
  const WalkRecord walk = walk_image(image, options);
  const Entry* bad = walk.entry("bad");
  ASSERT_NE(bad, nullptr);
  EXPECT_NE(bad->error_number, 0U);
  EXPECT_NE(bad->error_message, "");
  EXPECT_EQ(walk.outcome(0)->unreadable, 1U);
  EXPECT_NE(walk.entry("good/fine.txt"), nullptr);
}

TEST_F(ReaderFaults, NamesBehindABadDirectoryBlockAreFoundAllTheSame) {
  for (int i = 0; i < 200; ++i) write_file(tree / "bad" / ("file" + std::to_string(i)), "x");
  ext_image();
  const auto count = [](const WalkRecord& walk) {
    const auto paths = walk.paths();
    return std::count_if(paths.begin(), paths.end(),
                         [](const std::string& path) { return path.rfind("bad/", 0) == 0; });
  };
  EXPECT_EQ(count(walk_image(image)), 201);
  const std::string second = shell("debugfs -R 'bmap /bad 1' '" + image.string() + "' 2>/dev/null");
  const std::uint64_t at = std::stoull(second) * 1024;
  const WalkRecord walk = walk_image(image, faulty("--fail-range " + std::to_string(at) + ":1024"));
  EXPECT_NE(walk.entry("bad")->error_number, 0U);
  EXPECT_GT(count(walk), 100);
  EXPECT_LT(count(walk), 201);
  const auto paths = walk.paths();
  EXPECT_EQ(std::adjacent_find(paths.begin(), paths.end()), paths.end()) << "given twice";
}

TEST_F(ReaderFaults, ACrashInADirectoryCostsThatDirectoryAlone) {
  partitioned_image();
  const WalkRecord whole = walk_image(image);
  const WalkRecord walk = walk_image(image, faulty("--fault crash:bad"));
  for (const std::uint32_t volume : {1U, 2U}) {
    const auto* outcome = walk.outcome(volume);
    ASSERT_NE(outcome, nullptr);
    EXPECT_EQ(outcome->outcome, "enumerated");
    EXPECT_NE(outcome->message.find("signal 11"), std::string::npos) << outcome->message;
    EXPECT_NE(outcome->message.find("'/bad'"), std::string::npos) << outcome->message;
    EXPECT_NE(walk.entry("bad", volume)->error_message.find("signal 11"), std::string::npos);
    EXPECT_EQ(walk.entry("bad", volume)->error_number, static_cast<unsigned>(EIO));
    EXPECT_EQ(walk.entry("bad/inside.txt", volume), nullptr);
  }
  auto expected = whole.paths();
  std::erase(expected, "bad/inside.txt");
  EXPECT_EQ(walk.paths(), expected) << "everything else, once and in the same order";
}

TEST_F(ReaderFaults, EveryDirectoryThatKillsItsReaderHasAnErrorOfItsOwn) {
  for (int i = 0; i < 6; ++i) fs::create_directories(tree / ("worse" + std::to_string(i)) / "sub");
  ext_image();
  const WalkRecord walk = walk_image(image, faulty("--fault crash:worse*"));
  EXPECT_EQ(walk.outcome(0)->outcome, "enumerated") << walk.outcome(0)->message;
  EXPECT_EQ(walk.outcome(0)->unreadable, 6U);
  for (int i = 0; i < 6; ++i) EXPECT_NE(walk.entry("worse" + std::to_string(i))->error_number, 0U);
  EXPECT_NE(walk.entry("good/fine.txt"), nullptr);
}

TEST_F(ReaderFaults, AVolumeThatKillsItsReadersOverAndOverEnds) {
  for (int i = 0; i < 12; ++i) fs::create_directories(tree / ("worse" + std::to_string(i)));
  partitioned_image();
  const WalkRecord walk = walk_image(image, faulty("--fault crash:worse*"));
  for (const std::uint32_t volume : {1U, 2U}) {
    EXPECT_EQ(walk.outcome(volume)->outcome, "reader_died");
    EXPECT_NE(walk.outcome(volume)->message.find("signal 11"), std::string::npos);
    EXPECT_NE(walk.entry("lost+found", volume), nullptr);
  }
}

TEST_F(ReaderFaults, ACrashAtTheRootEndsOneVolume) {
  partitioned_image();
  const WalkRecord walk = walk_image(image, faulty("--fault crash:"));
  EXPECT_EQ(walk.outcome(1)->outcome, "reader_died");
  EXPECT_EQ(walk.outcome(2)->outcome, "reader_died");
}

// ddrescue leaves zeros where it read nothing.
TEST_F(ReaderFaults, WhatWasNotRescuedIsUnreadableWhateverTheImageHolds) {
  ext_image();
  ImageSourceOptions options;
  const std::uint64_t other = offset_of("/good/other.txt");
  options.unreadable = {{1ULL << 40U, 512}, {other + 1024, 512}, {offset_of("/bad"), 1024}};
  const WalkRecord walk = walk_image(image, options);
  EXPECT_EQ(walk.entry("bad")->error_number, static_cast<std::uint32_t>(EIO));
  const auto source = open_image(image, options);
  const FileContent content = read_content(*source, *walk.entry("good/other.txt"));
  EXPECT_EQ(content.outcome.error_type, FileErrorType::io_error);
  EXPECT_EQ(content.outcome.bytes_read, 1024U);
  EXPECT_NE(content.outcome.error_message.find("not rescued"), std::string::npos)
      << content.outcome.error_message;
  EXPECT_EQ(read_content(*source, *walk.entry("good/fine.txt")).outcome.error_type,
            FileErrorType::none);
}

TEST_F(ReaderFaults, AVolumeWhoseRootCannotBeListedIsNotCalledEnumerated) {
  ext_image();
  ImageSourceOptions options;
  options.unreadable = {{offset_of("/"), 1024}};
  const WalkRecord walk = walk_image(image, options);
  EXPECT_EQ(walk.outcome(0)->outcome, "failed");
  EXPECT_NE(walk.outcome(0)->message.find("root directory"), std::string::npos)
      << walk.outcome(0)->message;
}

TEST_F(ReaderFaults, AReaderThatSleepsIsEndedAndTheOtherVolumeGoesOn) {
  partitioned_image();
  shell("debugfs -w -R 'rm /bad/inside.txt' '" + image.string() +
        "?offset=5242880' 2>/dev/null; "
        "debugfs -w -R 'rmdir /bad' '" +
        image.string() + "?offset=5242880' 2>/dev/null");
  const auto before = std::chrono::steady_clock::now();
  const WalkRecord walk = walk_image(image, faulty("--fault hang:bad"));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(30));
  EXPECT_EQ(walk.outcome(1)->outcome, "enumerated");
  EXPECT_NE(walk.entry("bad", 1)->error_message.find("no progress"), std::string::npos)
      << walk.entry("bad", 1)->error_message;
  EXPECT_NE(walk.entry("good/fine.txt", 1), nullptr);
  EXPECT_EQ(walk.outcome(2)->outcome, "enumerated") << walk.outcome(2)->message;
  EXPECT_NE(walk.entry("good/fine.txt", 2), nullptr);
}

TEST_F(ReaderFaults, AReaderThatSendsNonsenseIsNotBelieved) {
  ext_image();
  const WalkRecord walk = walk_image(image, faulty("--fault garbage:good"));
  EXPECT_NE(walk.outcome(0)->message.find("nonsense"), std::string::npos);
  EXPECT_NE(walk.entry("good")->error_number, 0U);
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_F(ReaderFaults, AReaderThatWantsAllMemoryIsEnded) {
  ext_image();
  auto options = faulty("--fault memory:good");
  options.stall_seconds_max = 20;
  const WalkRecord walk = walk_image(image, options);
  EXPECT_NE(walk.outcome(0)->message.find("memory"), std::string::npos) << walk.outcome(0)->message;
  EXPECT_NE(walk.entry("good")->error_number, 0U);
}
#endif

TEST_F(ReaderFaults, AFileThatCrashesTheReaderFailsAlone) {
  ext_image();
  const WalkRecord walk = walk_image(image);
  const auto source = open_image(image, faulty("--fault crash:good/fine.txt"));
  EXPECT_EQ(read_content(*source, *walk.entry("good/other.txt")).bytes, std::string(5000, 'o'));
  const FileContent crashed = read_content(*source, *walk.entry("good/fine.txt"));
  EXPECT_EQ(crashed.outcome.error_type, FileErrorType::unknown);
  EXPECT_NE(crashed.outcome.error_message.find("signal 11"), std::string::npos);
  EXPECT_EQ(read_content(*source, *walk.entry("bad/inside.txt")).bytes, "inside");
}

TEST_F(ReaderFaults, AMissingReaderIsAnErrorOfTheWholeSource) {
  ext_image();
  ImageSourceOptions options;
  options.reader_program = (dir / "no-such-program").string();
  const auto source = open_image(image, options);
  WalkRecord walk;
  const auto walked = source->walk(walk);
  ASSERT_FALSE(walked);
  EXPECT_NE(walked.error().message.find("no-such-program"), std::string::npos);
}

TEST_F(ReaderFaults, AProgramThatIsNoReaderCannotHurt) {
  ext_image();
  ImageSourceOptions options;
  options.stall_seconds_max = 1;
  for (const char* program : {"/bin/true", "/bin/false", "/bin/cat"}) {
    options.reader_program = program;
    const WalkRecord walk = walk_image(image, options);
    ASSERT_FALSE(walk.outcomes.empty());
    EXPECT_NE(walk.outcomes[0].outcome, "enumerated") << program;
  }
}

// Random bytes changed in small images of every kind: whatever happens, the walk ends with outcomes
// and reading every file that it found ends too.
class MutatedImages : public ReaderFaults, public testing::WithParamInterface<std::string> {};

TEST_P(MutatedImages, AlwaysEndInOutcomes) {
  const std::string from = "'" + tree.string() + "'";
  const std::string to = "'" + image.string() + "'";
  const std::map<std::string, std::string> recipes = {
      {"ext2", "mkfs.ext2 -q -b 1024 -d " + from + " " + to + " 512K"},
      {"ext4", "mkfs.ext4 -q -b 1024 -O ^has_journal -d " + from + " " + to + " 512K"},
      {"fat12", "truncate -s 360K " + to + "; mkfs.vfat " + to + " >/dev/null; mcopy -s -i " + to +
                    " " + from + "/* ::"},
      {"ntfs", "truncate -s 2M " + to + "; mkntfs -q -F " + to + " >/dev/null 2>&1; ntfscp -f " +
                   to + " " + from + "/good/fine.txt fine.txt >/dev/null 2>&1"},
      {"iso", "xorriso -as mkisofs -quiet -R -J -o " + to + " " + from + " 2>/dev/null"},
      {"udf", "truncate -s 1M " + to + "; mkudffs --utf8 -b 2048 " + to + " >/dev/null"},
      {"gpt",
       "truncate -s 1M " + to + "; printf 'label: gpt\\n2048\\n' | sfdisk -q " + to + " || true"}};
  shell(recipes.at(GetParam()));
  const std::string original = read_file(image);
  ASSERT_FALSE(original.empty());
  std::mt19937 random(4711);  // NOLINT: the same images each time
  ImageSourceOptions options;
  options.stall_seconds_max = 5;
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    std::string mutant = original;
    // Most damage near the front, where the structures are.
    for (int i = 0; i < 40; ++i) {
      const std::size_t span =
          i % 2 == 0 ? mutant.size() : std::min<std::size_t>(mutant.size(), 65536);
      mutant[random() % span] = static_cast<char>(random());
    }
    write_file(image, mutant);
    const WalkRecord walk = walk_image(image, options);
    EXPECT_FALSE(walk.outcomes.empty());
    const auto source = open_image(image, options);
    for (const auto& [volume, entry] : walk.found) {
      if (entry.type != events::EntryType::file) continue;
      const FileContent content = read_content(*source, entry, volume.value);
      EXPECT_EQ(content.bytes.size(), content.outcome.bytes_read);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, MutatedImages,
                         testing::Values("ext2", "ext4", "fat12", "ntfs", "iso", "udf", "gpt"),
                         [](const auto& kind) { return kind.param; });

}  // namespace
}  // namespace ntt::tests
