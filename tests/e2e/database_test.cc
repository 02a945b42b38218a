// The database away, stopped or late; the log held by another process.

#include <gtest/gtest.h>

#include "events/rocks_log.h"
#include "tests/e2e/images.h"
#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;

const Site::Environment kNoServer = {{"NTT_DB_URL", "postgresql://nobody@/ntt?host=/nonexistent"}};

class DatabaseTest : public testing::Test {
 protected:
  DatabaseTest() { make_plain_tree(tree()); }
  [[nodiscard]] fs::path tree() const { return site_.temp / "tree"; }
  std::vector<std::string> run() { return {"run", "--dir", tree().string()}; }
  Site site_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(DatabaseTest, NoWorkersAreRefused) {
  auto none = run();
  none.insert(none.end(), {"--workers", "0"});
  const auto refused = site_.ntt(none, kNoServer);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_TRUE(contains(refused.err, "--workers: '0' is no whole number")) << refused.err;
  EXPECT_TRUE(contains(site_.must({"version", "--help"}), "Examples:"));
}

TEST_F(DatabaseTest, WithoutItStagesFinishAndTablesFollow) {
  const auto without = site_.ntt(run(), kNoServer);
  EXPECT_EQ(without.exit_code, 0) << without.err;
  EXPECT_TRUE(contains(without.err, "ntt project")) << without.err;
  EXPECT_TRUE(contains(site_.must({"status", "--json"}, kNoServer), "\"next\":null"));
  EXPECT_EQ(site_.ntt({"project"}, kNoServer).exit_code, 1);
  site_.must({"project"});
  EXPECT_EQ(site_.sql("SELECT enum_done IS NOT NULL, copy_done IS NOT NULL FROM medium"), "t|t");
  EXPECT_EQ(site_.sql("SELECT seq FROM projection_checkpoint LIMIT 1"),
            site_.sql("SELECT max(seq) FROM event"));
}

TEST_F(DatabaseTest, StoppedServerIsStartedByWhoeverNeedsIt) {
  site_.must(run());
  const std::string rows = site_.table_dump();
  site_.must({"db", "stop"});
  EXPECT_EQ(site_.table_dump(), rows);
}

TEST_F(DatabaseTest, StoppedWhileProjectingNothingIsLostOrFoldedTwice) {
  site_.must(run());
  const std::string rows = site_.content_dump();
  // More to fold, into tables that a lock keeps the projector from finishing.
  fs::create_directories(site_.temp / "second");
  write_file(site_.temp / "second/file", "more");
  site_.must({"run", "--dir", (site_.temp / "second").string()}, kNoServer);
  Process lock(site_.command({"db", "psql", "--admin", "--", "-X", "-c",
                              "BEGIN; LOCK TABLE ntt.projection_checkpoint IN ACCESS EXCLUSIVE "
                              "MODE; SELECT pg_sleep(600)"}),
               site_.options());
  const auto waiting = [this](const std::string& what) {
    return site_.ntt({"db", "psql", "--admin", "--", "-X", "-A", "-t", "-c", what}).out;
  };
  while (lock.is_running() &&
         waiting("SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE "
                 "c.relname = 'projection_checkpoint' AND l.mode = 'AccessExclusiveLock' AND "
                 "l.granted") != "1\n") {
  }
  ASSERT_TRUE(lock.is_running()) << lock.err_so_far();
  Process project(site_.command({"project"}), site_.options());
  while (project.is_running() &&
         waiting("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted") != "t\n") {
  }
  ASSERT_TRUE(project.is_running()) << project.err_so_far();
  site_.must({"db", "stop"});
  const auto stopped = project.wait();
  EXPECT_EQ(stopped.exit_code, 1);
  EXPECT_FALSE(stopped.err.empty());
  lock.wait();

  site_.must({"project"});
  EXPECT_EQ(site_.sql("SELECT count(*) FROM medium WHERE copy_done IS NOT NULL"), "2");
  EXPECT_EQ(site_.sql("SELECT count(*) FROM event"), site_.sql("SELECT max(seq) FROM event"));
  EXPECT_EQ(site_.sql("SELECT count(*), count(DISTINCT id) FROM inode"),
            site_.sql("SELECT count(DISTINCT id), count(*) FROM inode"));
  EXPECT_TRUE(contains(site_.content_dump(), lines_of(rows).front()));
}

TEST_F(DatabaseTest, FollowingKeepsTheTablesCurrent) {
  site_.must(run());
  Process follow(site_.command({"project", "--follow", "--json"}), site_.options());
  fs::create_directories(site_.temp / "second");
  write_file(site_.temp / "second/file", "more");
  site_.must({"run", "--dir", (site_.temp / "second").string()}, kNoServer);
  while (follow.is_running() && site_.sql("SELECT count(*) FROM medium") != "2") {
  }
  EXPECT_TRUE(follow.is_running()) << follow.err_so_far();
  follow.signal(SIGTERM);
  EXPECT_EQ(follow.wait().exit_code, 0);
}

TEST_F(DatabaseTest, ASecondWriterWaitsForTheFirst) {
  events::SystemClock clock;
  fs::create_directories(site_.temp / "home");
  auto held = events::open_rocks_log({site_.temp / "home/log"}, clock);
  ASSERT_TRUE(held);
  std::vector<std::string> arguments = run();
  arguments.insert(arguments.end(), {"--lock-wait", "60"});
  Process second(site_.command(arguments), site_.options());
  // Readers work meanwhile.
  EXPECT_EQ(site_.ntt({"log"}).exit_code, 0);
  EXPECT_EQ(site_.ntt({"verify", "log"}).exit_code, 0);
  EXPECT_TRUE(second.is_running());
  held->reset();
  const auto result = second.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(site_.sql("SELECT count(*) FROM medium WHERE copy_done IS NOT NULL"), "1");
}

TEST_F(DatabaseTest, ASecondWriterThatWaitedInVainSaysWhoHoldsTheLog) {
  events::SystemClock clock;
  auto held = events::open_rocks_log({site_.temp / "home/log"}, clock);
  ASSERT_TRUE(held);
  std::vector<std::string> arguments = run();
  arguments.insert(arguments.end(), {"--lock-wait", "0.2"});
  const auto second = site_.ntt(arguments);
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_TRUE(contains(second.err, "process " + std::to_string(getpid()))) << second.err;
}

TEST_F(DatabaseTest, DoctorFindsAWorkingInstallationInOrder) {
  site_.must(run());
  const auto healthy = site_.ntt({"doctor", "--json"});
  EXPECT_EQ(healthy.exit_code, 0) << healthy.out << healthy.err;
  const auto broken = site_.ntt({"doctor"}, kNoServer);
  EXPECT_EQ(broken.exit_code, 3);
  EXPECT_TRUE(contains(broken.out, "-> ")) << broken.out;
}

}  // namespace
}  // namespace ntt::tests
