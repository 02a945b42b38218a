// copy and kill -9: the rerun ends as if nothing had happened.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <set>

#include "tests/stages/stage_fixture.h"

namespace ntt::stages {
namespace {

// In a process of its own: it must not share the log's threads with this one.
pid_t start_copy(const std::filesystem::path& root) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  StageBench bench(root);
  const StageReport report = bench.copy_tree();
  ::_exit(report.outcome == StageOutcome::success ? 0 : 1);
}

// Waits until the log that another process writes has `count` copy batches. False: it never had.
bool wait_for_batches(const std::filesystem::path& root, pid_t child, int count) {
  for (;;) {
    if (::waitpid(child, nullptr, WNOHANG) != 0) return false;
    auto log = events::open_rocks_log_for_reading(root / "log");
    if (!log) continue;
    events::Filter filter;
    filter.type_glob = "copy_batch";
    int found = 0;
    (void)(*log)->scan(filter, [&found](const events::Event&) { return ++found > 0; });
    if (found >= count) return true;
  }
}

TEST(CopyCrash, AKilledCopyIsFinishedByTheNextRunAndNothingIsCopiedTwice) {
  const ScratchDirectory scratch;
  constexpr int kFiles = 41'000;  // more than five batches, of few contents for the disk's sake
  for (int i = 0; i < kFiles; ++i) {
    const auto directory = scratch.path() / "tree" / std::to_string(i % 100);
    write_file(directory / std::to_string(i), "content " + std::to_string(i - i % 20));
  }
  const pid_t child = start_copy(scratch.path());
  ASSERT_GT(child, 0);
  ASSERT_TRUE(wait_for_batches(scratch.path(), child, 1)) << "the copy ended before it was killed";
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);

  StageBench bench(scratch.path());
  ASSERT_TRUE(bench.events_of("copy_success").empty());
  auto source = bench.open_tree();
  ASSERT_EQ(bench.copy(*source).outcome, StageOutcome::success);

  std::set<std::uint64_t> ordinals;
  std::uint64_t records = 0;
  for (const events::Event& event : bench.events_of("copy_batch")) {
    auto batch = events::decode_copy_batch(*bench.log->attachment(event.seq));
    ASSERT_TRUE(batch.has_value());
    for (const auto& record : batch->records) {
      ordinals.insert(record.ordinal.value);
      ++records;
    }
  }
  EXPECT_EQ(records, std::uint64_t{kFiles});
  EXPECT_EQ(ordinals.size(), std::uint64_t{kFiles});
  EXPECT_GT(bench.last<events::CopyStart>().resumed_files, 0U);

  // As in a run that was not killed, the first of equal files is the one that counts as new.
  std::set<events::BlobId> seen;
  for (const CopiedFile& file : bench.outcomes()) {
    const bool is_new = seen.insert(file.record.blob).second;
    ASSERT_EQ(file.record.outcome,
              is_new ? events::CopyOutcome::copied : events::CopyOutcome::duplicate);
  }
  EXPECT_EQ(bench.last<events::CopySuccess>().new_blobs, seen.size());
  EXPECT_EQ(blobs_in(bench.store).size(), seen.size());
  expect_sound_store(bench.store);
}

}  // namespace
}  // namespace ntt::stages
