// The story of docs/replay.md: a fold that forgets copy_done, the fix, diff, rebuild, right times.
//
// ntt_before_the_fix is this program with that bug put back into projector/medium_fold.cc, and
// another version of the folds' rules (see CMakeLists.txt). It writes the same log.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/images.h"
#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class ReplayTest : public testing::Test {
 protected:
  static constexpr int kMedia = 3;

  [[nodiscard]] fs::path tree(int number) const {
    return site_.temp / ("tree-" + std::to_string(number));
  }
  // Media of the past, taken in by the program as it was.
  void take_in_with_the_bug() {
    for (int i = 0; i < kMedia; ++i) {
      make_plain_tree(tree(i));
      write_file(tree(i) / "number", std::to_string(i));
      output_of({NTT_BEFORE_THE_FIX, "run", "--dir", tree(i).string()}, site_.options());
    }
  }
  // What the log says: medium -> occurred_at of its copy_success.
  std::map<std::string, std::string> copied_at() {
    std::map<std::string, std::string> times;
    for (const auto& line : lines_of(site_.must({"log", "--type", "copy_success", "--json"}))) {
      const Json event = Json::parse(line);
      times[event["medium"]] = event["occurred_at"];
    }
    return times;
  }
  std::string copy_done_of(const std::string& medium) {
    return site_.sql(
        "SELECT to_char(copy_done AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM "
        "medium WHERE medium_hash = '" +
        medium + "'");
  }

  Site site_;
};

TEST_F(ReplayTest, AFoldThatForgotCopyDoneIsMendedForAllMediaOfThePast) {
  take_in_with_the_bug();
  EXPECT_EQ(site_.sql("SELECT count(enum_done), count(copy_done) FROM medium"), "3|0");
  const std::string before = site_.table_dump();

  // The mended program does nothing to these tables until it is told.
  const auto refused = site_.ntt({"project"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("ntt diff"), std::string::npos) << refused.err;
  EXPECT_EQ(site_.table_dump(), before);

  // Every difference names row, column, both values, and the event behind it.
  const auto times = copied_at();
  ASSERT_EQ(times.size(), std::size_t{kMedia});
  const auto diff = site_.ntt({"diff", "--json"});
  EXPECT_EQ(diff.exit_code, 3) << diff.err;
  std::map<std::string, std::string> announced;
  for (const auto& line : lines_of(diff.out)) {
    const Json difference = Json::parse(line);
    EXPECT_EQ(difference["table"], "medium") << line;
    if (difference["column"] != "copy_done") continue;
    EXPECT_TRUE(difference["table_value"].is_null());
    EXPECT_EQ(difference["event"]["type"], "copy_success");
    announced[difference["medium"]] = difference["log_value"];
  }
  EXPECT_EQ(announced, times);
  const auto summary = site_.ntt({"diff", "--summary"});
  EXPECT_EQ(summary.exit_code, 3);
  EXPECT_NE(summary.out.find("copy_done"), std::string::npos) << summary.out;
  EXPECT_EQ(site_.table_dump(), before) << "diff changes nothing";

  site_.must({"rebuild"});
  for (const auto& [medium, time] : times) EXPECT_EQ(copy_done_of(medium), time);
  EXPECT_EQ(site_.ntt({"diff"}).exit_code, 0);
  EXPECT_EQ(site_.ntt({"audit"}).exit_code, 0) << site_.ntt({"audit"}).out;
  // And it goes on from there.
  make_plain_tree(tree(kMedia));
  site_.must({"run", "--dir", tree(kMedia).string()});
  EXPECT_EQ(site_.sql("SELECT count(copy_done) FROM medium"), "4");
}

// A rebuild that a signal ended on the way leaves the live tables as they are, and can be repeated.
class InterruptedRebuild : public ReplayTest, public ::testing::WithParamInterface<int> {};

TEST_P(InterruptedRebuild, LeavesTheLiveTablesAndStartsOver) {
  const int number = GetParam();
  make_plain_tree(tree(0));
  site_.must({"run", "--dir", tree(0).string()});
  const std::string before = site_.table_dump();
  // A projector at work keeps the rebuild waiting with its tables made and not yet in place.
  const std::vector<std::string> psql = {"db", "psql", "--admin", "--", "-X", "-A", "-t", "-c"};
  const auto with = [&psql](const std::string& sql) {
    auto all = psql;
    all.push_back(sql);
    return all;
  };
  Process projector(site_.command(with("BEGIN; SELECT pg_advisory_xact_lock(7815279810334102); "
                                       "SELECT pg_sleep(600)")),
                    site_.options());
  const auto locks = [&](const std::string& condition) {
    return site_.must(
        with("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = " +
             std::string("(7815279810334102::bigint & 4294967295)::oid AND ") + condition));
  };
  while (projector.is_running() && locks("granted") != "1\n") {
  }
  Process rebuild(site_.command({"rebuild"}), site_.options());
  while (rebuild.is_running() && locks("NOT granted") != "1\n") {
  }
  ASSERT_TRUE(rebuild.is_running()) << rebuild.err_so_far();
  rebuild.signal(number);
  EXPECT_EQ(rebuild.wait().exit_code, 128 + number);
  EXPECT_EQ(site_.table_dump(), before);
  site_.must({"db", "stop"});  // ends the other projector
  EXPECT_EQ(site_.table_dump(), before);
  site_.must({"rebuild"});
  EXPECT_EQ(site_.table_dump(), before);
}

INSTANTIATE_TEST_SUITE_P(Signals, InterruptedRebuild, ::testing::Values(SIGINT, SIGTERM, SIGKILL));

TEST_F(ReplayTest, RebuildRefusesWhatItCannotMean) {
  make_plain_tree(tree(0));
  site_.must({"run", "--dir", tree(0).string()});
  EXPECT_EQ(site_.ntt({"rebuild", "--medium", "absent"}).exit_code, 1);
  EXPECT_EQ(site_.ntt({"rebuild", "--rollback", "--drop-previous"}).exit_code, 2);
}

TEST_F(ReplayTest, AReaderMayNotWrite) {
  make_plain_tree(tree(0));
  site_.must({"run", "--dir", tree(0).string()});
  site_.must({"rebuild"});
  for (const char* sql : {"UPDATE medium SET copy_done = now()",
                          "SET default_transaction_read_only = off; UPDATE medium SET copy_done = "
                          "now()",
                          "DELETE FROM event", "CREATE TABLE ntt.mine (a int)"}) {
    EXPECT_NE(site_.ntt({"db", "psql", "--", "-X", "-v", "ON_ERROR_STOP=1", "-c", sql}).exit_code,
              0)
        << sql;
  }
  EXPECT_EQ(site_.ntt({"verify", "tables"}).exit_code, 0);
}

}  // namespace
}  // namespace ntt::tests
