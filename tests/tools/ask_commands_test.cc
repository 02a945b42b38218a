// `ntt log`, `ntt runs` and `ntt timeline` as programs, against a log that the test wrote.

#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "events/emitter.h"
#include "events/rocks_log.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::tests {
namespace {

using Json = nlohmann::json;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Two runs over one medium: the first is interrupted in enum, the second fails there.
class AskCommandsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto log = events::open_rocks_log({temp_ / "home/log"}, clock_);
    ASSERT_TRUE(log) << log.error().message;
    for (const bool ends : {false, true}) {
      const events::RunId run = events::new_run_id(clock_);
      runs_.push_back(events::to_uuid_string(run));
      events::Emitter emitter(**log, clock_, events::MediumId{"abcdef01"}, run,
                              {"host, \"one\"", "ada", "ntt 0.1.0"});
      events::PipelineStart start;
      start.source = {"image", {"/a\nb\xff.img"}};
      start.command_line = {"ntt", "run", "--image", "a.img"};
      ASSERT_TRUE(emitter.emit(start));
      events::MediumIdentified identified;
      identified.medium_human = "floppy";
      identified.size = 1474560;
      ASSERT_TRUE(emitter.emit(identified));
      auto begun = emitter.emit(events::EnumStart{});
      ASSERT_TRUE(begun);
      if (!ends) continue;
      ASSERT_TRUE(emitter.emit(events::EnumError{"empty", "blank", {}}, *begun));
      ASSERT_TRUE(emitter.emit(events::PipelineAbort{"enum", "blank"}));
    }
    recorded_ = events::to_rfc3339((*log)->read({4}).value().recorded_at);
  }

  std::vector<std::string> command(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), NTT_PROGRAM);
    return arguments;
  }
  CommandOptions options() {
    return {
        {{"NTT_HOME", (temp_ / "home").string()}, {"XDG_CONFIG_HOME", (temp_ / "config").string()}},
        "",
        ""};
  }
  CommandResult ntt(const std::vector<std::string>& arguments) {
    return run_command(command(arguments), options());
  }
  std::size_t events(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"log", "--json"});
    const auto result = ntt(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return lines_of(result.out).size();
  }

  TempDir temp_;
  events::SystemClock clock_;
  std::vector<std::string> runs_;
  std::string recorded_;
};

TEST_F(AskCommandsTest, EveryFilterNarrows) {
  EXPECT_EQ(events({}), 8U);
  EXPECT_EQ(events({"--first", "3"}), 6U);
  EXPECT_EQ(events({"--first", "3", "--last", "4"}), 2U);
  EXPECT_EQ(events({"--run", runs_[1]}), 5U);
  EXPECT_EQ(events({"--actor", "ad"}), 8U);
  EXPECT_EQ(events({"--actor", "host, *"}), 8U);
  EXPECT_EQ(events({"--actor", "bob"}), 0U);
  EXPECT_EQ(events({"--recorded-since", recorded_}), 5U);
  EXPECT_EQ(events({"--recorded-until", recorded_}), 3U);
  EXPECT_EQ(events({"--where", "data.size > 1000000"}), 2U);
  EXPECT_EQ(events({"--where", "data.size > 1000000", "--last", "3"}), 1U);
  EXPECT_EQ(events({"--where", "type like '%\\_error' or data.force == false"}), 3U);
  EXPECT_EQ(events({"--where", "data.source.path == '/a\\x0ab\\xff.img'"}), 2U);
  EXPECT_EQ(events({"--where", "run == '" + runs_[0] + "'", "--limit", "2"}), 2U);
}

TEST_F(AskCommandsTest, WrongInputIsUsageAndSaysWhereItIsWrong) {
  const auto wrong = ntt({"log", "--where", "data.size > and 1"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_EQ(wrong.out, "");
  EXPECT_TRUE(contains(wrong.err, "--where: expected a value here")) << wrong.err;
  EXPECT_TRUE(contains(wrong.err, "\n  data.size > and 1\n              ^\n")) << wrong.err;
  EXPECT_EQ(ntt({"log", "--format", "xml"}).exit_code, 2);
  EXPECT_EQ(ntt({"log", "--format", "csv", "--json"}).exit_code, 2);
  EXPECT_EQ(ntt({"log", "--first", "4", "--last", "3"}).exit_code, 2);
  EXPECT_EQ(ntt({"log", "--recorded-since", "soon"}).exit_code, 2);
  EXPECT_EQ(ntt({"timeline"}).exit_code, 2);
  EXPECT_EQ(ntt({"timeline", "ffff"}).exit_code, 1);
  EXPECT_EQ(ntt({"runs", "--limit", "x"}).exit_code, 2);
}

TEST_F(AskCommandsTest, JsonIsOneArrayAndJsonlOneObjectALine) {
  const auto lines = lines_of(ntt({"log", "--format", "jsonl"}).out);
  EXPECT_EQ(ntt({"log", "--json"}).out, ntt({"log", "--format", "jsonl"}).out);
  const Json array = Json::parse(ntt({"log", "--format", "json"}).out);
  ASSERT_EQ(array.size(), lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(array[i], Json::parse(lines[i]));
  EXPECT_EQ(ntt({"log", "--format", "json", "--type", "none"}).out, "[]\n");
  EXPECT_EQ(ntt({"log", "--format", "table"}).out, ntt({"log"}).out);
}

// Python's csv module reads RFC 4180 and is not ours.
TEST_F(AskCommandsTest, CsvIsReadByOthersAsItWasMeant) {
  const std::string csv = ntt({"log", "--format", "csv"}).out;
  EXPECT_TRUE(csv.starts_with("seq,id,type,version,medium,")) << csv;
  const Json rows = Json::parse(
      output_of({"python3", "-c",
                 "import csv, io, json, sys\n"
                 "text = sys.stdin.buffer.read().decode()\n"
                 "print(json.dumps(list(csv.DictReader(io.StringIO(text, newline='')))))"},
                {{}, csv, ""}));
  const auto lines = lines_of(ntt({"log", "--json"}).out);
  ASSERT_EQ(rows.size(), lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Json event = Json::parse(lines[i]);
    EXPECT_EQ(rows[i]["seq"], std::to_string(event["seq"].get<std::uint64_t>()));
    EXPECT_EQ(rows[i]["host"], event["actor"]["host"]);
    EXPECT_EQ(Json::parse(rows[i]["data"].get<std::string>()), event["data"]);
  }
}

TEST_F(AskCommandsTest, FollowGoesOnWithWhatMatchesAndClosesTheArray) {
  Process follower(command({"log", "--follow", "--format", "json", "--where", "exists data.text",
                            "--limit", "1"}),
                   options());
  while (follower.is_running() && follower.out_so_far().empty()) {
  }
  {
    auto log = events::open_rocks_log({temp_ / "home/log"}, clock_);
    ASSERT_TRUE(log) << log.error().message;
    events::Emitter emitter(**log, clock_, events::MediumId{"abcdef01"}, events::new_run_id(clock_),
                            events::this_actor());
    ASSERT_TRUE(emitter.emit(events::EnumStart{}));
    events::Note note;
    note.text = "seen";
    ASSERT_TRUE(emitter.emit(note));
  }
  while (follower.is_running() && !contains(follower.out_so_far(), "seen")) {
  }
  follower.signal(SIGINT);
  const auto result = follower.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const Json array = Json::parse(result.out);
  ASSERT_EQ(array.size(), 1U);
  EXPECT_EQ(array[0]["data"]["text"], "seen");
}

TEST_F(AskCommandsTest, RunsAreListedNewestFirstWithWhatBecameOfThem) {
  const auto lines = lines_of(ntt({"runs", "--json"}).out);
  ASSERT_EQ(lines.size(), 2U);
  const Json newest = Json::parse(lines[0]);
  EXPECT_EQ(newest["run"], runs_[1]);
  EXPECT_EQ(newest["outcome"], "failed");
  EXPECT_EQ(newest["failed_stage"], "enum");
  EXPECT_EQ(newest["stages"], Json({{"enum", "error"}}));
  EXPECT_EQ(newest["media"], Json({"abcdef01"}));
  EXPECT_EQ(newest["events"], 5);
  EXPECT_TRUE(newest["duration_us"].is_number());
  const Json oldest = Json::parse(lines[1]);
  EXPECT_EQ(oldest["outcome"], "interrupted");
  EXPECT_EQ(oldest["stages"], Json({{"enum", "interrupted"}}));
  EXPECT_TRUE(oldest["ended_at"].is_null());
  EXPECT_TRUE(oldest["duration_us"].is_null());
  EXPECT_EQ(oldest["command_line"], Json({"ntt", "run", "--image", "a.img"}));
  const auto table = ntt({"runs", "--limit", "1"});
  EXPECT_TRUE(contains(table.out, runs_[1])) << table.out;
  EXPECT_FALSE(contains(table.out, runs_[0])) << table.out;
}

TEST_F(AskCommandsTest, TimelineTellsOfAttemptsWithoutAnEnd) {
  const auto lines = lines_of(ntt({"timeline", "abcdef01", "--json"}).out);
  ASSERT_EQ(lines.size(), 2U);
  const Json first = Json::parse(lines[0]);
  EXPECT_EQ(first["stage"], "enum");
  EXPECT_TRUE(first["outcome"].is_null());
  EXPECT_TRUE(first["ended_at"].is_null());
  EXPECT_TRUE(first["duration_us"].is_null());
  const Json second = Json::parse(lines[1]);
  EXPECT_EQ(second["outcome"], "error");
  EXPECT_EQ(second["error"], "empty");
  EXPECT_TRUE(second["idle_us"].is_null());
  const auto table = ntt({"timeline", "abcd"});
  EXPECT_TRUE(contains(table.out, "no end")) << table.out;
}

TEST_F(AskCommandsTest, NewCommandsHaveHelpWithExamples) {
  for (const char* name : {"runs", "timeline", "log"}) {
    const auto help = ntt({name, "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_TRUE(contains(help.out, "Examples:")) << help.out;
  }
  EXPECT_EQ(ntt({"completion", "words", "--", "log", "--format", ""}).out,
            "table\njson\njsonl\ncsv\n");
  EXPECT_TRUE(contains(ntt({"completion", "words", "--", "timeline", ""}).out, "abcdef01"));
}

}  // namespace
}  // namespace ntt::tests
