// What a run did, and when a medium was worked on, told from events alone.

#include "tools/ntt/run_fold.h"

#include <gtest/gtest.h>

#include "tools/ntt/terminal.h"
#include "tools/ntt/timeline.h"

namespace ntt::tools {
namespace {

using events::Event;
using events::Sequence;
using events::Timestamp;
using projector::StageAttempt;
using projector::Stamp;

class RunFoldTest : public testing::Test {
 protected:
  template <class Payload>
  void add(const Payload& payload) {
    Event event;
    event.seq = {++seq_};
    event.run = events::RunId{{1}};
    event.medium = {"aa"};
    event.occurred_at = {static_cast<std::int64_t>(seq_) * 1'000'000};
    event.type = Payload::kType;
    event.data = events::to_data(payload);
    fold_.apply(event);
  }
  void start() {
    events::PipelineStart start;
    start.source = {"image", {"/a.img"}};
    start.command_line = {"ntt", "run"};
    start.until = "verify";
    add(start);
  }
  [[nodiscard]] const RunState& state() const { return fold_.state(); }

  RunFold fold_;
  std::uint64_t seq_ = 10;
};

using Stages = std::vector<std::pair<std::string, std::string>>;

TEST_F(RunFoldTest, ARunThatOnlyDeletesLastsFromItsFirstFileToItsLast) {
  add(events::VerifySuccess{});
  add(events::CleanupStart{});
  EXPECT_EQ(state().outcome, "") << "no end yet: interrupted, or at work";
  EXPECT_EQ(state().started_at, Timestamp{12'000'000});
  add(events::CleanupDone{});
  EXPECT_EQ(state().outcome, "done");
  add(events::CleanupStart{});
  EXPECT_EQ(state().outcome, "");
  events::CleanupError error;
  error.message = "delete /a.map: Operation not permitted";
  add(error);
  EXPECT_EQ(state().outcome, "failed");
  EXPECT_EQ(state().failed_stage, "cleanup");
  EXPECT_EQ(state().message, error.message);
  EXPECT_EQ(state().ended_at, Timestamp{15'000'000});
  EXPECT_EQ(state().stages, (Stages{{"verify", "success"}, {"cleanup", "error"}}));
}

TEST_F(RunFoldTest, ARunThatCameToItsEndIsDone) {
  start();
  add(events::ImageSkip{});
  add(events::EnumStart{});
  add(events::EnumBatchData{});
  add(events::EnumSuccess{});
  add(events::PipelineDone{});
  EXPECT_EQ(state().outcome, "done");
  EXPECT_EQ(state().stages, (Stages{{"image", "skip"}, {"enum", "success"}}));
  EXPECT_EQ(state().events, 6U);
  EXPECT_EQ(state().first_seq, Sequence{11});
  EXPECT_EQ(state().last_seq, Sequence{16});
  EXPECT_EQ(state().media, std::vector<std::string>{"aa"});
  EXPECT_EQ(state().started_at, Timestamp{11'000'000});
  EXPECT_EQ(state().ended_at, Timestamp{16'000'000});
  EXPECT_EQ(state().start->command_line, (std::vector<std::string>{"ntt", "run"}));
}

TEST_F(RunFoldTest, ARunWithoutAnEndHasNoOutcomeNorHasTheStageItStoppedIn) {
  start();
  add(events::EnumStart{});
  add(events::EnumBatchData{});
  EXPECT_EQ(state().outcome, "");
  EXPECT_EQ(state().ended_at, std::nullopt);
  EXPECT_EQ(state().last_event_at, Timestamp{13'000'000});
  EXPECT_EQ(state().stages, (Stages{{"enum", ""}}));
}

TEST_F(RunFoldTest, AbortAtAStageIsFailedAndWithoutOneAborted) {
  start();
  add(events::EnumStart{});
  add(events::EnumError{"empty", "blank", {}});
  add(events::PipelineAbort{"enum", "blank"});
  EXPECT_EQ(state().outcome, "failed");
  EXPECT_EQ(state().failed_stage, "enum");
  EXPECT_EQ(state().message, "blank");
  EXPECT_EQ(state().stages, (Stages{{"enum", "error"}}));
  add(events::PipelineAbort{"", "power"});
  EXPECT_EQ(state().outcome, "aborted");
}

TEST_F(RunFoldTest, APayloadThatCannotBeReadHidesNoRun) {
  Event event;
  event.seq = {1};
  event.type = "pipeline_start";
  event.occurred_at = {5};
  event.data = "{}";
  fold_.apply(event);
  EXPECT_EQ(state().started_at, Timestamp{5});
  EXPECT_EQ(state().start, std::nullopt);
}

StageAttempt attempt(const std::string& stage, std::int64_t from, std::optional<std::int64_t> to) {
  StageAttempt out;
  out.stage = stage;
  out.started_at = {from};
  out.start_seq = {static_cast<std::uint64_t>(from)};
  if (to) {
    out.end = Stamp{Timestamp{*to}, Sequence{static_cast<std::uint64_t>(*to)}};
    out.outcome = "success";
  }
  return out;
}

TEST(Timeline, TellsHowLongEachAttemptTookAndWhatLayBetween) {
  projector::MediumState medium;
  medium.attempts = {attempt("load", 30, 45),      attempt("enum", 10, 25),
                     attempt("copy", 40, 60),      attempt("archive", 70, {}),
                     attempt("archive", 100, 120), attempt("verify", 130, 130)};
  const auto timeline = timeline_of(medium);
  std::vector<std::string> told;
  const auto text = [](const std::optional<std::int64_t>& value) {
    return value ? std::to_string(*value) : std::string("-");
  };
  for (const auto& item : timeline) {
    told.push_back(text(item.idle_us) + " " + item.attempt.stage + " " + text(item.duration_us));
  }
  // load and copy overlap; nobody knows when the first archive stopped; verify has no start.
  EXPECT_EQ(told, (std::vector<std::string>{"- enum 15", "5 load 15", "0 copy 20", "10 archive -",
                                            "- archive 20", "- verify -"}));
}

TEST(Terminal, ElapsedTimeIsExactWhereItIsShort) {
  EXPECT_EQ(human_elapsed(0), "0.000 s");
  EXPECT_EQ(human_elapsed(34'999), "0.034 s");
  EXPECT_EQ(human_elapsed(59'999'999), "59.999 s");
  EXPECT_EQ(human_elapsed(61'000'000), "1:01");
  EXPECT_EQ(human_elapsed(-1'500'000), "-1.500 s");
}

}  // namespace
}  // namespace ntt::tools
