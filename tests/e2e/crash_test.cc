// Killed in the middle of enum and of copy: a rerun finishes with the same tables, and nothing is
// copied twice.

#include <gtest/gtest.h>
#include <signal.h>

#include <map>

#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;

constexpr int kFiles = 9'000;  // two batches

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

  // Runs ntt on the tree, killed without warning at its n-th sync. False: there were fewer.
  [[nodiscard]] bool run_killed_at_sync(Site& site, int n) const {
    const auto run = site.ntt({"run", "--dir", tree().string()},
                              {{"LD_PRELOAD", NTT_KILL_AT_SYNC},
                               {"NTT_TEST_KILL_AT_SYNC", std::to_string(n)},
                               {"ASAN_OPTIONS", "verify_asan_link_order=0"},
                               {"NTT_DB_URL", "postgresql://nobody@/ntt?host=/nonexistent"}});
    return run.exit_code == 128 + SIGKILL;
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
  Site site;
  for (int n = 1; !has(site, "enum_batch"); ++n) {
    fs::remove_all(site.temp / "home");
    ASSERT_TRUE(run_killed_at_sync(site, n)) << "it ended before it was killed";
  }
  ASSERT_FALSE(has(site, "enum_success"));
  EXPECT_NE(site.must({"status"}).find("(continues enum)"), std::string::npos);
  site.must({"run", "--dir", tree().string()});
  EXPECT_EQ(site.sql("SELECT count(*) FROM stage_attempt WHERE stage = 'enum'"), "2");
  EXPECT_EQ(site.sql("SELECT count(*) FROM open_attempt"), "1");
  expect_same_as_undisturbed(site);
}

TEST_F(CrashTest, KilledDuringCopyARerunCopiesOnlyTheRest) {
  Site site;
  site.must({"run", "--dir", tree().string(), "--until", "load", "--no-project"});
  const fs::path home = site.temp / "home";
  fs::copy(home, temp_ / "loaded", fs::copy_options::recursive);
  // Each try starts from the same state: then one sync more is one step further.
  for (int n = 1; !has(site, "copy_batch"); ++n) {
    fs::remove_all(home);
    fs::copy(temp_ / "loaded", home, fs::copy_options::recursive);
    ASSERT_TRUE(run_killed_at_sync(site, n)) << "it ended before it was killed";
  }
  ASSERT_FALSE(has(site, "copy_success"));
  EXPECT_NE(site.must({"status"}).find("(continues copy)"), std::string::npos);
  // What the log says is stored is not written again.
  const std::string log = site.must({"log", "--type", "copy_batch", "--json"});
  std::map<std::string, fs::file_time_type> written;
  for (const auto& line : lines_of(log)) {
    const auto seq = line.substr(7, line.find(',') - 7);
    const auto batch = site.must({"show", seq, "--batch"});
    for (const auto& record : lines_of(batch)) {
      const auto at = record.find("\"outcome\":\"copied\",\"blob\":\"");
      if (at == std::string::npos) continue;
      const std::string hash = record.substr(at + 27, 64);
      const auto blob = hash.substr(0, 2) + "/" + hash.substr(2, 2) + "/" + hash;
      written[blob] = fs::last_write_time(site.temp / "home/by-hash" / blob);
    }
  }
  EXPECT_GT(written.size(), 0U);
  site.must({"run", "--dir", tree().string()});
  for (const auto& [blob, time] : written) {
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
