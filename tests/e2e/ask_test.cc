// Questions of a real run: the expression language, runs, timeline and views agree with each other.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/images.h"
#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

using Json = nlohmann::json;

std::vector<Json> objects(const std::string& lines) {
  std::vector<Json> out;
  for (const auto& line : lines_of(lines)) out.push_back(Json::parse(line));
  return out;
}

TEST(AskTest, WhatTheLogTablesAndRunsSayOfARealRunIsTheSame) {
  Site site;
  make_plain_tree(site.temp / "tree");
  write_file(site.temp / "disk.img", std::string(std::size_t{16} << 20U, '\0'));
  make_ext4(site.temp / "disk.img", site.temp / "tree", 0, std::uint64_t{16} << 20U);
  write_file(site.temp / "blank.img", std::string(std::size_t{1} << 20U, '\0'));
  site.must({"run", "--image", (site.temp / "disk.img").string()});
  EXPECT_EQ(site.ntt({"run", "--image", (site.temp / "blank.img").string()}).exit_code, 1);
  site.must({"run", "--image", (site.temp / "disk.img").string()});

  // A question of the payload, and the row that it became.
  const auto loads = objects(
      site.must({"log", "--json", "--where", "data.inode_count > 1 and origin == \"native\""}));
  ASSERT_EQ(loads.size(), 1U);
  EXPECT_EQ(loads[0]["type"], "load_success");
  const std::string medium = loads[0]["medium"];
  EXPECT_EQ(site.sql("SELECT count(*) FROM inode WHERE medium_hash = '" + medium + "'"),
            std::to_string(loads[0]["data"]["inode_count"].get<std::uint64_t>()));
  const auto blank =
      objects(site.must({"log", "--json", "--where", "data.volumes[*].outcome != 'enumerated'"}));
  ASSERT_EQ(blank.size(), 1U);
  EXPECT_EQ(blank[0]["type"], "enum_error");

  // Three runs, the newest first, whose events are those of the log.
  const auto runs = objects(site.must({"runs", "--json"}));
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[0]["outcome"], "done");
  EXPECT_EQ(runs[0]["stages"]["copy"], "skip");
  EXPECT_EQ(runs[1]["outcome"], "failed");
  EXPECT_EQ(runs[1]["failed_stage"], "enum");
  EXPECT_EQ(runs[2]["stages"]["copy"], "success");
  for (const Json& run : runs) {
    EXPECT_EQ(lines_of(site.must({"log", "--json", "--run", run["run"]})).size(), run["events"]);
    EXPECT_EQ(
        site.sql("SELECT count(*) FROM event WHERE run = '" + run["run"].get<std::string>() + "'"),
        std::to_string(run["events"].get<std::uint64_t>()));
  }

  // The timeline is the table of attempts, with the same durations.
  const auto timeline = objects(site.must({"timeline", medium, "--json"}));
  ASSERT_EQ(timeline.size(), 5U);
  for (const Json& item : timeline) {
    EXPECT_EQ(site.sql("SELECT stage, (extract(epoch FROM duration) * 1000000)::bigint "
                       "FROM stage_duration WHERE start_seq = " +
                       std::to_string(item["start_seq"].get<std::uint64_t>())),
              item["stage"].get<std::string>() + "|" +
                  std::to_string(item["duration_us"].get<std::int64_t>()));
  }
  EXPECT_EQ(site.sql("SELECT type, error, events, media FROM error_by_type"),
            "enum_error|empty|1|1");
  EXPECT_EQ(site.sql("SELECT count(*) FROM open_attempt"), "0");

  // Wrong input.
  for (const char* wrong : {"data.inode_count >", "inode_count > 1", "type == load_success",
                            "occurred_at > 'yesterday'", "type matches '('"}) {
    const auto result = site.ntt({"log", "--where", wrong});
    EXPECT_EQ(result.exit_code, 2) << wrong;
    EXPECT_EQ(result.out, "") << wrong;
    EXPECT_NE(result.err.find("^"), std::string::npos) << result.err;
  }
}

}  // namespace
}  // namespace ntt::tests
