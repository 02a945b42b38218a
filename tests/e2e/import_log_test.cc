// Old logs through the program: files, pipes, packed or not, and what tables and status make of
// them.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

using Json = nlohmann::json;

const std::string kMedium = "da69350a5b27adf013e02994611cebc3";
const char* const kLogs[] = {"archiver", "backup",        "drive-identification", "enum",
                             "loader",   "mime-backfill", "floppy-orchestrator",  "odd",
                             "verify",   "orchestrator"};

std::string log_file(const std::string& name) {
  return std::string(NTT_LEGACY_LOGS) + "/" + name + ".jsonl";
}

class ImportLogTest : public ::testing::Test {
 protected:
  Json import(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"import-log", "--json"});
    CommandOptions options = site.options();
    options.input = input;
    const CommandResult result = run_command(site.command(arguments), options);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const Json report = Json::parse(result.out, nullptr, false);
    EXPECT_EQ(report["lines"], report["events"].get<int>() + report["duplicates"].get<int>());
    return report;
  }
  Json import_all() {
    std::vector<std::string> files;
    for (const char* log : kLogs) files.push_back(log_file(log));
    return import(files);
  }
  std::size_t count(const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {"log", "--json"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const std::string out = site.must(command);
    return static_cast<std::size_t>(std::count(out.begin(), out.end(), '\n'));
  }

  Site site;
};

TEST_F(ImportLogTest, LinesAreEventsPlusDuplicates) {
  const Json first = import_all();
  EXPECT_EQ(first["lines"], 173);
  EXPECT_EQ(first["claims"], 161);
  EXPECT_EQ(first["other"]["null"], 4);
  EXPECT_EQ(first["other"]["truncated"], 1);
  EXPECT_EQ(count({"--origin", "imported"}), first["events"]);
  EXPECT_EQ(import_all()["events"], 0);
  EXPECT_EQ(count({"--type", "legacy_line"}), 11U);  // one null of 4 is that of another file
  EXPECT_EQ(count({"--where", "data.stage == 'load_success' and data.says.inode_count == '1161'"}),
            1U);
  EXPECT_EQ(site.ntt({"verify", "log"}).exit_code, 0);
}

TEST_F(ImportLogTest, APipeIsReadLikeAFile) {
  const std::string text = read_file(log_file("orchestrator"));
  EXPECT_EQ(import({"--dry-run", "-"}, text)["events"], 75);
  EXPECT_EQ(import({"-"}, text)["events"], 75);
  EXPECT_EQ(import({log_file("orchestrator")})["events"], 0);
  EXPECT_EQ(import({"-"}, "")["lines"], 0);
}

TEST_F(ImportLogTest, AClaimSetsNoTimestampInTheTablesAndStatusSaysThatItIsOne) {
  import_all();
  site.must({"project"});
  EXPECT_EQ(site.sql("SELECT medium_human, message, health, enum_done, copy_done, generation "
                     "FROM medium WHERE medium_hash = '" +
                     kMedium + "'"),
            "disk.img|Diary 1994-1996|incomplete|||0");
  EXPECT_EQ(site.sql("SELECT count(*) FROM stage_attempt"), "0");
  EXPECT_EQ(site.sql("SELECT count(*) FROM event WHERE origin = 'imported' AND known"), "172");
  const Json status = Json::parse(site.must({"status", kMedium, "--json"}));
  EXPECT_EQ(status["stages"]["copy"], "claimed");
  EXPECT_EQ(status["stages"]["load"], "claimed failed");
  EXPECT_EQ(status["state"], "attempted but not completed");
  EXPECT_TRUE(status["enum_done"].is_null());
  EXPECT_TRUE(status["attempts"].empty());
  EXPECT_FALSE(status["claims"].empty());
  EXPECT_EQ(site.ntt({"audit"}).exit_code, 0);
  EXPECT_EQ(site.ntt({"verify", "tables"}).exit_code, 0);
}

TEST_F(ImportLogTest, AMissingFileIsSaidBeforeAnythingIsTakenIn) {
  const CommandResult result =
      site.ntt({"import-log", log_file("loader"), (site.temp / "nothing.jsonl").string()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("nothing.jsonl"), std::string::npos) << result.err;
  EXPECT_EQ(count({}), 0U);
}

}  // namespace
}  // namespace ntt::tests
