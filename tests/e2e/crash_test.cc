// Killed in the middle of enum and of copy: a rerun finishes with the same tables, and nothing is
// copied twice.

#include <gtest/gtest.h>
#include <signal.h>

#include <set>

#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;

constexpr int kFiles = 20'000;  // three batches

// The medium: one directory tree that both sites take in, for its id is its path.
class CrashTest : public testing::Test {
 protected:
  CrashTest() {
    for (int i = 0; i < kFiles; ++i) {
      if (i % 500 == 0) fs::create_directories(tree() / std::to_string(i / 500));
      write_file(tree() / std::to_string(i / 500) / std::to_string(i), std::to_string(i / 2));
    }
  }
  [[nodiscard]] fs::path tree() const { return temp_ / "tree"; }

  static bool has(Site& site, const std::string& type) {
    const auto log = site.ntt({"log", "--type", type});
    return log.exit_code == 0 && !log.out.empty();
  }

  // Runs ntt, killed without warning when one of its threads makes the n-th sync. False: there were
  // fewer.
  static bool run_killed_at_sync(Site& site, const fs::path& tree, int n) {
    std::vector<std::string> argv = {
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=fdatasync,fsync,syncfs",
        "-e",
        "inject=fdatasync,fsync,syncfs:signal=KILL:when=" + std::to_string(n)};
    for (const auto& word : site.command({"run", "--dir", tree.string(), "--workers", "2"})) {
      argv.push_back(word);
    }
    // Under strace the leak checker of the sanitizer cannot work.
    return run_command(argv, site.options({{"ASAN_OPTIONS", "detect_leaks=0"}})).exit_code != 0;
  }

  // Kills runs in fresh homes, each one sync later, until one has left `before` but not `after`.
  static void kill_between(Site& site, const fs::path& tree, const std::string& before,
                           const std::string& after) {
    for (int n = 2; n < 200; ++n) {
      fs::remove_all(site.temp / "home");
      ASSERT_TRUE(run_killed_at_sync(site, tree, n)) << "it ended before it was killed";
      if (has(site, before) && !has(site, after)) return;
    }
    FAIL() << "never between " << before << " and " << after;
  }

  void expect_same_as_undisturbed(Site& site) {
    Site undisturbed;
    undisturbed.must({"run", "--dir", tree().string()});
    EXPECT_EQ(site.content_dump(), undisturbed.content_dump());
    EXPECT_EQ(site.blobs(), undisturbed.blobs());
    EXPECT_EQ(site.blobs().size(), static_cast<std::size_t>(kFiles / 2));
    EXPECT_EQ(site.sql("SELECT sum((data->>'count')::bigint) FROM event WHERE type = 'copy_batch'"),
              std::to_string(kFiles));
    EXPECT_EQ(site.ntt({"verify", "log"}).exit_code, 0);
  }

  TempDir temp_;
};

TEST_F(CrashTest, KilledDuringEnumARerunContinuesTheManifest) {
  if (!have_program("strace")) GTEST_SKIP() << "strace is not installed";
  Site site;
  kill_between(site, tree(), "enum_batch", "enum_success");
  EXPECT_NE(site.must({"status"}).find("(continues enum)"), std::string::npos);
  site.must({"run", "--dir", tree().string()});
  EXPECT_EQ(site.sql("SELECT count(*) FROM stage_attempt WHERE stage = 'enum'"), "2");
  EXPECT_EQ(site.sql("SELECT count(*) FROM open_attempt"), "1");
  expect_same_as_undisturbed(site);
}

TEST_F(CrashTest, KilledDuringCopyARerunCopiesOnlyTheRest) {
  if (!have_program("strace")) GTEST_SKIP() << "strace is not installed";
  Site site;
  kill_between(site, tree(), "copy_batch", "copy_success");
  EXPECT_NE(site.must({"status"}).find("(continues copy)"), std::string::npos);
  const auto before = site.blobs();
  std::map<std::string, fs::file_time_type> written;
  for (const auto& blob : before) {
    written[blob] = fs::last_write_time(site.temp / "home/by-hash" / blob);
  }
  site.must({"run", "--dir", tree().string()});
  for (const auto& [blob, time] : written) {
    if (!fs::exists(site.temp / "home/by-hash" / blob)) continue;  // a temporary that was left
    EXPECT_EQ(fs::last_write_time(site.temp / "home/by-hash" / blob), time) << blob;
  }
  expect_same_as_undisturbed(site);
}

TEST_F(CrashTest, InterruptedBySignalItStopsAtABatchAndSaysSo) {
  Site site;
  Process run(site.command({"run", "--dir", tree().string()}), site.options());
  while (run.is_running() && !has(site, "copy_start")) {
  }
  run.signal(SIGTERM);
  const auto result = run.wait();
  // It may have finished before the signal came.
  if (result.exit_code != 0) {
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_NE(result.err.find("interrupted"), std::string::npos) << result.err;
  }
  site.must({"run", "--dir", tree().string()});
  expect_same_as_undisturbed(site);
}

}  // namespace
}  // namespace ntt::tests
