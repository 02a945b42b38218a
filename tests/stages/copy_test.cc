// copy: every file gets an outcome, every content is stored once, and a rerun goes on.

#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <unistd.h>

#include <map>
#include <set>

#include "tests/stages/memory_source.h"
#include "tests/stages/stage_fixture.h"

namespace ntt::stages {
namespace {

namespace fs = std::filesystem;
using events::CopyOutcome;
using events::FileErrorType;

class CopyTest : public StageFixture {
 protected:
  // `count` small files of which every fifth has the content of another.
  void make_files(int count) const {
    for (int i = 0; i < count; ++i) {
      const int content = i % 5 == 4 ? i - 1 : i;
      write_file(bench.tree / std::to_string(i % 7) / std::to_string(i),
                 "content " + std::to_string(content));
    }
  }

  // Every stored file of the tree has the hash that b3sum gives for it.
  void expect_hashes_of_b3sum() const {
    for (const CopiedFile& file : bench.outcomes()) {
      ASSERT_TRUE(file.record.outcome == CopyOutcome::copied ||
                  file.record.outcome == CopyOutcome::duplicate)
          << file.path << ": " << file.record.error_message;
      const std::string sum =
          shell("b3sum --no-names -- " + quoted((bench.tree / file.path).string()));
      EXPECT_EQ(sum, file.record.blob.hex() + "\n") << file.path;
    }
  }

  // All copy batches of the log, in order: no file may be in two of them.
  [[nodiscard]] std::uint64_t records_in_log() const {
    std::uint64_t records = 0;
    for (const events::Event& event : bench.events_of("copy_batch")) {
      records += events::payload_of<events::CopyBatchData>(event)->count;
    }
    return records;
  }
};

TEST_F(CopyTest, StoresEveryContentOnceAndGivesEveryFileItsHash) {
  write_file(bench.tree / "a/one", "one");
  write_file(bench.tree / "a/same", "one");
  write_file(bench.tree / "b/large", std::string(3'500'000, 'l'));
  write_file(bench.tree / "b/large too", std::string(3'500'000, 'l'));
  write_file(bench.tree / "empty", "");
  write_file(bench.tree / "\\n.plist", "backslash");
  write_file(bench.tree / "new\nline # \xff\xfe", "bytes");
  fs::create_hard_link(bench.tree / "a/one", bench.tree / "a/link");
  fs::create_symlink("one", bench.tree / "a/symlink");

  const StageReport report = bench.copy_tree();
  ASSERT_EQ(report.outcome, StageOutcome::success) << report.message;
  const auto total = bench.last<events::CopySuccess>();
  EXPECT_EQ(total.files, 7U);  // a link of an inode is no file of its own
  EXPECT_EQ(total.new_blobs, 5U);
  EXPECT_EQ(total.duplicate, 2U);
  EXPECT_EQ(total.partial + total.failed, 0U);
  EXPECT_EQ(blobs_in(bench.store).size(), 5U);
  expect_hashes_of_b3sum();
  expect_sound_store(bench.store);
}

TEST_F(CopyTest, TheFirstOfEqualFilesIsTheCopiedOneWhateverTheThreads) {
  make_files(500);
  auto source = bench.open_tree();
  bench.enumerate_and_load(*source);
  ASSERT_EQ(bench.copy(*source, false, 4).outcome, StageOutcome::success);
  std::set<events::BlobId> seen;
  for (const CopiedFile& file : bench.outcomes()) {
    const bool is_new = seen.insert(file.record.blob).second;
    EXPECT_EQ(file.record.outcome, is_new ? CopyOutcome::copied : CopyOutcome::duplicate);
  }
  EXPECT_EQ(seen.size(), 400U);
}

TEST_F(CopyTest, EqualInodeNumbersOnTwoVolumesAreTwoFiles) {
  MemorySource source({{.volume = 1, .inode = 12, .path = "first", .content = "of volume 1"},
                       {.volume = 2, .inode = 12, .path = "first", .content = "of volume 2"}});
  bench.enumerate_and_load(source);
  ASSERT_EQ(bench.copy(source).outcome, StageOutcome::success);
  const auto outcomes = bench.outcomes();
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[0].record.blob.hex() + "\n", shell("printf 'of volume 1' | b3sum --no-names"));
  EXPECT_EQ(outcomes[1].record.blob.hex() + "\n", shell("printf 'of volume 2' | b3sum --no-names"));
}

TEST_F(CopyTest, ASecondRunSkipsAndNamesTheEventThatDidTheWork) {
  make_files(20);
  auto source = bench.open_tree();
  bench.enumerate_and_load(*source);
  const StageReport first = bench.copy(*source);
  const auto events_before = bench.log->head()->seq.value;
  const StageReport second = bench.copy(*source);
  EXPECT_EQ(second.outcome, StageOutcome::skip);
  EXPECT_EQ(bench.last<events::CopySkip>().done_by, first.event.value);
  EXPECT_EQ(bench.last<events::CopySkip>().reason, "already_done");
  EXPECT_EQ(bench.log->head()->seq.value, events_before + 1);
  EXPECT_EQ(bench.events_of("copy_start").size(), 1U);
}

TEST_F(CopyTest, ANewGenerationIsCopiedAndFindsItsBlobsStored) {
  make_files(20);
  auto source = bench.open_tree();
  bench.enumerate_and_load(*source);
  bench.copy(*source);
  const auto stored = blobs_in(bench.store);
  bench.enumerate_and_load(*source, true);
  ASSERT_EQ(bench.copy(*source).outcome, StageOutcome::success);
  const auto total = bench.last<events::CopySuccess>();
  EXPECT_EQ(total.generation, 2U);
  EXPECT_EQ(total.new_blobs, 0U);
  EXPECT_EQ(total.duplicate, 20U);
  EXPECT_EQ(blobs_in(bench.store), stored);
}

TEST_F(CopyTest, ASourceWithoutContentsIsSkipped) {
  MemorySource source({{.inode = 1, .path = "name only", .content = ""}}, false);
  bench.enumerate_and_load(source);
  EXPECT_EQ(bench.copy(source).outcome, StageOutcome::skip);
  EXPECT_EQ(bench.last<events::CopySkip>().reason, "no_content");
  EXPECT_TRUE(bench.events_of("copy_start").empty());
}

TEST_F(CopyTest, AMediumWithoutFilesIsCopiedAtOnce) {
  fs::create_directories(bench.tree / "only/directories");
  ASSERT_EQ(bench.copy_tree().outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::CopySuccess>().files, 0U);
}

TEST_F(CopyTest, AFileThatCannotBeReadWholeHasNoHashAndIsNotStored) {
  MemorySource source(
      {{.inode = 1, .path = "whole", .content = "all of it"},
       {.inode = 2, .path = "torn", .content = std::string(300'000, 't'), .fails_after = 131'072},
       {.inode = 3,
        .path = "torn late",
        .content = std::string(3'000'000, 't'),
        .fails_after = 2'500'000},
       {.inode = 4, .path = "dead", .content = "x", .fails_after = 0}});
  bench.enumerate_and_load(source);
  ASSERT_EQ(bench.copy(source).outcome, StageOutcome::success);
  const auto torn = bench.outcome_of("torn");
  EXPECT_EQ(torn.outcome, CopyOutcome::partial);
  EXPECT_EQ(torn.size_read, 131'072U);
  EXPECT_TRUE(torn.blob.is_zero());
  EXPECT_EQ(torn.error_type, FileErrorType::io_error);
  EXPECT_EQ(bench.outcome_of("torn late").outcome, CopyOutcome::partial);
  const auto dead = bench.outcome_of("dead");
  EXPECT_EQ(dead.outcome, CopyOutcome::failed);
  EXPECT_EQ(dead.size_read, 0U);
  const auto total = bench.last<events::CopySuccess>();
  EXPECT_EQ(total.files, 4U);
  EXPECT_EQ(total.partial, 2U);
  EXPECT_EQ(total.failed, 1U);
  EXPECT_EQ(blobs_in(bench.store).size(), 1U);
  expect_sound_store(bench.store);
}

TEST_F(CopyTest, AVanishedFileIsAnOutcomeOfThatFile) {
  write_file(bench.tree / "stays", "stays");
  write_file(bench.tree / "goes", "goes");
  auto source = bench.open_tree();
  bench.enumerate_and_load(*source);
  fs::remove(bench.tree / "goes");
  ASSERT_EQ(bench.copy(*source).outcome, StageOutcome::success);
  EXPECT_EQ(bench.outcome_of("goes").outcome, CopyOutcome::failed);
  EXPECT_EQ(bench.outcome_of("goes").error_type, FileErrorType::path_error);
  EXPECT_EQ(bench.outcome_of("stays").outcome, CopyOutcome::copied);
}

TEST_F(CopyTest, AFileThatShrinksWhileItIsReadIsNotStored) {
  write_file(bench.tree / "log", std::string(8'000'000, 's'));
  HookedSource source(bench.open_tree(),
                      [this](const Entry&) { fs::resize_file(bench.tree / "log", 2'000'000); });
  bench.enumerate_and_load(source);
  ASSERT_EQ(bench.copy(source).outcome, StageOutcome::success);
  EXPECT_EQ(bench.outcome_of("log").outcome, CopyOutcome::partial);
  EXPECT_TRUE(blobs_in(bench.store).empty());
  expect_sound_store(bench.store);
}

TEST_F(CopyTest, AFileThatChangedSinceItWasEnumeratedIsStoredAsItIsNow) {
  write_file(bench.tree / "note", "before");
  auto source = bench.open_tree();
  bench.enumerate_and_load(*source);
  write_file(bench.tree / "note", "afterwards");
  ASSERT_EQ(bench.copy(*source).outcome, StageOutcome::success);
  const auto record = bench.outcome_of("note");
  EXPECT_EQ(record.outcome, CopyOutcome::copied);
  EXPECT_EQ(record.size_read, 10U);
  EXPECT_EQ(record.error_type, FileErrorType::none);
  EXPECT_NE(record.error_message, "");
  expect_hashes_of_b3sum();
}

// Root may read everything: it takes the rights of another user for the test's thread.
class OrdinaryUser {
 public:
  OrdinaryUser() : is_root_(::geteuid() == 0) {
    if (is_root_) ::setfsuid(65534);
  }
  ~OrdinaryUser() {
    if (is_root_) ::setfsuid(0);
  }
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;

 private:
  bool is_root_;
};

TEST_F(CopyTest, FilesThatMayNotBeReadAreOutcomesAndCanBeTriedAgain) {
  write_file(bench.tree / "open", "open");
  write_file(bench.tree / "closed", "closed");
  fs::permissions(bench.tree / "closed", fs::perms::none);
  fs::permissions(bench.root, fs::perms::all);
  fs::create_directories(bench.store);
  fs::permissions(bench.store, fs::perms::all);
  auto source = bench.open_tree();
  bench.enumerate_and_load(*source);
  {
    const OrdinaryUser user;
    ASSERT_EQ(bench.copy(*source).outcome, StageOutcome::success);
  }
  const auto closed = bench.outcome_of("closed");
  EXPECT_EQ(closed.outcome, CopyOutcome::failed);
  EXPECT_EQ(closed.error_type, FileErrorType::permission_error);

  EXPECT_EQ(bench.copy(*source).outcome, StageOutcome::skip);
  fs::permissions(bench.tree / "closed", static_cast<fs::perms>(0444));
  {
    const OrdinaryUser user;
    ASSERT_EQ(bench.copy(*source, true).outcome, StageOutcome::success);
  }
  EXPECT_EQ(bench.outcome_of("closed").outcome, CopyOutcome::copied)
      << bench.outcome_of("closed").error_message;
  EXPECT_EQ(bench.last<events::CopySuccess>().files, 2U);
  EXPECT_EQ(bench.last<events::CopySuccess>().failed, 0U);
  EXPECT_EQ(bench.copy(*source, true).outcome, StageOutcome::skip);
}

TEST_F(CopyTest, ABlobOfTheWrongSizeIsNamedAndNeverOverwritten) {
  write_file(bench.tree / "hurt", "whole content");
  write_file(bench.tree / "fine", "fine");
  const std::string id = shell("printf 'whole content' | b3sum --no-names").substr(0, 64);
  const fs::path blob = bench.store / id.substr(0, 2) / id.substr(2, 2) / id;
  write_file(blob, "whole");
  ASSERT_EQ(bench.copy_tree().outcome, StageOutcome::success);
  const auto hurt = bench.outcome_of("hurt");
  EXPECT_EQ(hurt.outcome, CopyOutcome::failed);
  EXPECT_EQ(hurt.error_type, FileErrorType::hash_error);
  EXPECT_NE(hurt.error_message.find(id), std::string::npos);
  EXPECT_EQ(bench.outcome_of("fine").outcome, CopyOutcome::copied);
  EXPECT_EQ(read_file(blob), "whole");
}

TEST_F(CopyTest, CancelLeavesTheAttemptOpenAndTheNextRunGoesOn) {
  make_files(400);
  auto source = bench.open_tree();
  bench.enumerate_and_load(*source);
  bench.progress.hook = [this](std::string_view, std::uint64_t done) {
    if (done >= 100) bench.cancelled = true;
  };
  EXPECT_EQ(bench.copy(*source).outcome, StageOutcome::interrupted);
  const std::uint64_t recorded = records_in_log();
  EXPECT_GE(recorded, 100U);
  EXPECT_LT(recorded, 400U);
  EXPECT_TRUE(bench.events_of("copy_[se][kur]*").size() == 0U);  // no end of any kind

  bench.progress.hook = nullptr;
  bench.cancelled = false;
  ASSERT_EQ(bench.copy(*source).outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::CopyStart>().resumed_files, recorded);
  EXPECT_EQ(records_in_log(), 400U);
  const auto total = bench.last<events::CopySuccess>();
  EXPECT_EQ(total.files, 400U);
  EXPECT_EQ(total.new_blobs, 320U);
  EXPECT_EQ(total.duplicate, 80U);
  expect_sound_store(bench.store);
}

TEST_F(CopyTest, ASourceThatDiesEndsTheStageAndKeepsWhatWasDone) {
  std::vector<MemoryFile> files;
  for (std::uint64_t i = 0; i < 50; ++i) {
    files.push_back({.inode = i, .path = std::to_string(i), .content = std::to_string(i)});
  }
  auto dying = files;
  dying[30].ends_source = true;
  MemorySource source(dying);
  bench.enumerate_and_load(source);
  const StageReport report = bench.copy(source);
  EXPECT_EQ(report.outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::CopyError>().error, "source_failed");
  EXPECT_NE(report.message.find("the device is gone"), std::string::npos);
  EXPECT_EQ(records_in_log(), 30U);
  EXPECT_EQ(blobs_in(bench.store).size(), 30U);
  expect_sound_store(bench.store);

  MemorySource mended(files);
  ASSERT_EQ(bench.copy(mended).outcome, StageOutcome::success);
  EXPECT_EQ(records_in_log(), 50U);
  EXPECT_EQ(bench.last<events::CopySuccess>().new_blobs, 50U);
}

TEST_F(CopyTest, AStoreThatCannotBeMadeIsAnError) {
  write_file(bench.tree / "file", "x");
  write_file(bench.root / "in the way", "");
  bench.store = bench.root / "in the way" / "by-hash";
  EXPECT_EQ(bench.copy_tree().outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::CopyError>().error, "store_unusable");
}

class CopyToAFullDisk : public CopyTest, public testing::WithParamInterface<unsigned> {};

TEST_P(CopyToAFullDisk, EndsTheStageAndMoreRoomLetsItGoOn) {
  const unsigned workers = GetParam();
  fs::create_directories(bench.store);
  if (::mount("tmpfs", bench.store.c_str(), "tmpfs", 0, "size=4m") != 0) {
    GTEST_SKIP() << "needs the right to mount a tmpfs";
  }
  for (int i = 0; i < 60; ++i) {
    write_file(bench.tree / std::to_string(i), std::string(200'000, static_cast<char>('0' + i)));
  }
  auto source = bench.open_tree();
  bench.enumerate_and_load(*source);
  const StageReport report = bench.copy(*source, false, workers);
  EXPECT_EQ(report.outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::CopyError>().error, "no_space");
  EXPECT_NE(report.message.find("No space left on device"), std::string::npos) << report.message;
  const std::uint64_t recorded = records_in_log();
  // Of several workers the one with the first file may be the one that finds the disk full.
  EXPECT_GE(recorded, workers == 1 ? 1U : 0U);
  EXPECT_EQ(blobs_in(bench.store).size(), recorded);
  expect_sound_store(bench.store);

  ASSERT_EQ(::mount("tmpfs", bench.store.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
  EXPECT_EQ(bench.copy(*source, false, workers).outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::CopyStart>().resumed_files, recorded);
  EXPECT_EQ(records_in_log(), 60U);  // nothing copied twice
  EXPECT_EQ(bench.last<events::CopySuccess>().new_blobs, 60U);
  expect_sound_store(bench.store);
  ASSERT_EQ(::umount2(bench.store.c_str(), MNT_DETACH), 0);
}

INSTANTIATE_TEST_SUITE_P(Workers, CopyToAFullDisk, testing::Values(1U, 2U));

}  // namespace
}  // namespace ntt::stages
