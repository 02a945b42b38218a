// verify: damage in the store is found and named, and finding it is not a failure of the stage.

#include "stages/verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "stages/archive.h"
#include "tests/stages/stage_fixture.h"

namespace ntt::stages {
namespace {

namespace fs = std::filesystem;
using events::VerifyOutcome;

class VerifyTest : public StageFixture {
 protected:
  void SetUp() override {
    for (int i = 0; i < 30; ++i) {
      write_file(bench.tree / std::to_string(i), "content " + std::to_string(i / 2));
    }
    ASSERT_EQ(bench.copy_tree().outcome, StageOutcome::success);
  }

  StageReport verify(bool force = false) {
    VerifyRequest request;
    request.store = bench.store.string();
    request.temporary_directory = bench.root.string();
    request.force = force;
    auto verified = run_verify(bench.context, request);
    EXPECT_TRUE(verified.has_value()) << verified.error().message;
    return verified ? *verified : StageReport{};
  }

  [[nodiscard]] std::map<std::string, events::VerifyRecord> records() const {
    std::map<std::string, events::VerifyRecord> found;
    const std::uint64_t attempt = bench.events_of("verify_start").back().seq.value;
    for (const events::Event& event : bench.events_of("verify_batch")) {
      if (event.cause.value != attempt) continue;
      auto batch = events::decode_verify_batch(*bench.log->attachment(event.seq));
      EXPECT_TRUE(batch.has_value());
      for (const auto& record : batch->records) found[record.blob.hex()] = record;
    }
    return found;
  }
};

TEST_F(VerifyTest, AnIntactStoreIsCheckedBlobByBlobOnce) {
  ASSERT_EQ(verify().outcome, StageOutcome::success);
  const auto success = bench.last<events::VerifySuccess>();
  EXPECT_EQ(success.checked, 15U);
  EXPECT_EQ(success.mismatched + success.missing + success.unreadable, 0U);
  EXPECT_FALSE(success.archive_intact.has_value());
  EXPECT_EQ(success.copy, bench.events_of("copy_success").back().seq.value);
  EXPECT_EQ(records().size(), 15U);
}

TEST_F(VerifyTest, FindsAFlippedByteAMissingBlobAndATruncatedOne) {
  const auto blobs = blobs_in(bench.store);
  std::string bytes = read_file(blobs[0]);
  bytes[3] = static_cast<char>(bytes[3] ^ 4);
  for (const std::size_t i : {0, 2}) fs::permissions(blobs[i], fs::perms::owner_all);
  write_file(blobs[0], bytes);
  fs::remove(blobs[1]);
  fs::resize_file(blobs[2], 0);
  const StageReport report = verify();
  EXPECT_EQ(report.outcome, StageOutcome::success);
  EXPECT_NE(report.message.find("2 mismatched, 1 missing"), std::string::npos) << report.message;
  const auto success = bench.last<events::VerifySuccess>();
  EXPECT_EQ(success.checked, 15U);
  EXPECT_EQ(success.mismatched, 2U);
  EXPECT_EQ(success.missing, 1U);
  const auto found = records();
  EXPECT_EQ(found.at(blobs[0].filename()).outcome, VerifyOutcome::mismatched);
  EXPECT_EQ(found.at(blobs[1].filename()).outcome, VerifyOutcome::missing);
  EXPECT_EQ(found.at(blobs[2].filename()).outcome, VerifyOutcome::mismatched);
  EXPECT_EQ(found.at(blobs[3].filename()).outcome, VerifyOutcome::intact);
}

TEST_F(VerifyTest, ABlobThatIsNoFileIsUnreadable) {
  const auto blob = blobs_in(bench.store)[0];
  fs::remove(blob);
  fs::create_directory(blob);
  ASSERT_EQ(verify().outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::VerifySuccess>().unreadable, 1U);
}

TEST_F(VerifyTest, SkipsWhatIsVerifiedUnlessForced) {
  const StageReport first = verify();
  EXPECT_EQ(verify().outcome, StageOutcome::skip);
  EXPECT_EQ(bench.last<events::VerifySkip>().done_by, first.event.value);
  fs::remove(blobs_in(bench.store)[0]);
  ASSERT_EQ(verify(true).outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::VerifySuccess>().missing, 1U);
}

TEST_F(VerifyTest, ChecksTheArchiveAgainstItsRecordedDigest) {
  write_file(bench.root / "disk.img", std::string(100'000, 'd'));
  ArchiveRequest request;
  request.source = {"image", {(bench.root / "disk.img").string()}};
  request.image_path = request.source.path.bytes;
  request.archive_root = (bench.root / "archives").string();
  ASSERT_EQ(run_archive(bench.context, request)->outcome, StageOutcome::success);
  verify();
  EXPECT_EQ(bench.last<events::VerifySuccess>().archive_intact, true);

  const fs::path path = bench.last<events::ArchiveSuccess>().path.bytes;
  std::string bytes = read_file(path);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  fs::permissions(path, fs::perms::owner_all);
  write_file(path, bytes);
  EXPECT_EQ(verify(true).outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::VerifySuccess>().archive_intact, false);
  fs::remove(path);
  verify(true);
  EXPECT_EQ(bench.last<events::VerifySuccess>().archive_intact, false);
}

TEST_F(VerifyTest, GoesOnBehindWhatAnInterruptedAttemptRead) {
  const auto blobs = blobs_in(bench.store);
  for (const std::uint64_t border : {5U, 9U}) {
    bench.progress.hook = [this, border](std::string_view, std::uint64_t done) {
      bench.cancelled = done >= border;
    };
    EXPECT_EQ(verify().outcome, StageOutcome::interrupted);
    bench.cancelled = false;
  }
  bench.progress.hook = nullptr;
  EXPECT_EQ(verify().outcome, StageOutcome::success);
  const auto success = bench.last<events::VerifySuccess>();
  EXPECT_EQ(success.checked, 15U);
  const auto starts = bench.events_of("verify_start");
  ASSERT_EQ(starts.size(), 3U);
  EXPECT_EQ(bench.last<events::VerifyStart>().resumes, starts[0].seq.value);
  std::vector<std::string> read;
  for (const events::Event& event : bench.events_of("verify_batch")) {
    EXPECT_EQ(events::payload_of<events::VerifyBatchData>(event)->verify, starts[0].seq.value);
    const auto batch = events::decode_verify_batch(*bench.log->attachment(event.seq));
    ASSERT_TRUE(batch.has_value());
    for (const auto& record : batch->records) read.push_back(record.blob.hex());
  }
  std::vector<std::string> expected;
  for (const fs::path& blob : blobs) expected.push_back(blob.filename());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(read, expected);
}

TEST_F(VerifyTest, DamageThatWasRepairedIsReadAgainAndNotReportedTwice) {
  const fs::path away = bench.root / "away";
  fs::rename(bench.store, away);
  bench.progress.hook = [this](std::string_view, std::uint64_t done) {
    bench.cancelled = done >= 5;
  };
  EXPECT_EQ(verify().outcome, StageOutcome::interrupted);
  bench.progress.hook = nullptr;
  bench.cancelled = false;
  const StageReport damaged = verify();
  EXPECT_EQ(damaged.outcome, StageOutcome::success);
  EXPECT_TRUE(damaged.found_damage);
  EXPECT_EQ(bench.last<events::VerifySuccess>().missing, 15U);
  fs::rename(away, bench.store);
  const StageReport repaired = verify();
  EXPECT_EQ(repaired.outcome, StageOutcome::success) << "what is damaged is verified again";
  EXPECT_FALSE(repaired.found_damage);
  EXPECT_EQ(bench.last<events::VerifySuccess>().missing, 0U);
  EXPECT_EQ(verify().outcome, StageOutcome::skip);
}

TEST_F(VerifyTest, ForcedItReadsEverythingAgainThoughAnAttemptWasInterrupted) {
  bench.progress.hook = [this](std::string_view, std::uint64_t done) {
    bench.cancelled = done >= 5;
  };
  EXPECT_EQ(verify().outcome, StageOutcome::interrupted);
  bench.progress.hook = nullptr;
  bench.cancelled = false;
  EXPECT_EQ(verify(true).outcome, StageOutcome::success);
  EXPECT_FALSE(bench.last<events::VerifyStart>().resumes);
  EXPECT_EQ(records().size(), 15U);
}

TEST_F(VerifyTest, CancelLeavesTheAttemptOpen) {
  bench.progress.hook = [this](std::string_view, std::uint64_t done) {
    bench.cancelled = done >= 5;
  };
  EXPECT_EQ(verify().outcome, StageOutcome::interrupted);
  EXPECT_EQ(bench.events_of("verify_start").size(), 1U);
  EXPECT_TRUE(bench.events_of("verify_success").empty());
  bench.progress.hook = nullptr;
  bench.cancelled = false;
  EXPECT_EQ(verify().outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::VerifySuccess>().checked, 15U);
}

TEST(Verify, NothingCopiedIsASkip) {
  const ScratchDirectory scratch;
  StageBench bench(scratch.path());
  VerifyRequest request;
  request.store = bench.store.string();
  request.temporary_directory = bench.root.string();
  EXPECT_EQ(run_verify(bench.context, request)->outcome, StageOutcome::skip);
  EXPECT_EQ(bench.last<events::VerifySkip>().reason, "nothing_copied");
}

}  // namespace
}  // namespace ntt::stages
