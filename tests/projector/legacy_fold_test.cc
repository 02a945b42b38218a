// What the lines of old logs make of a medium: names and claims, and never a timestamp.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/projector/history.h"

namespace ntt::tests {
namespace {

using events::LegacyClaim;
using events::Origin;
using projector::MediumState;

using Says = std::map<std::string, std::string>;

LegacyClaim claim(const std::string& stage, const Says& says = {},
                  const std::string& medium_from = "medium_hash") {
  LegacyClaim out;
  out.stage = stage;
  out.says = says;
  out.medium_from = medium_from;
  return out;
}

class LegacyFold : public ::testing::Test {
 protected:
  void say(std::int64_t at, const LegacyClaim& line) {
    history.add(line, at, {}, Origin::imported);
  }
  // Outcomes of the claimed attempts of one stage: "success", "error", or "" for no end.
  std::vector<std::string> claimed(const std::string& stage) {
    std::vector<std::string> out;
    for (const auto& attempt : history.fold().claims) {
      if (attempt.stage == stage) out.push_back(attempt.outcome);
    }
    return out;
  }
  using List = std::vector<std::string>;

  History history;
};

TEST_F(LegacyFold, AClaimedSuccessSetsNoTimestamp) {
  for (const char* word :
       {"imager_success", "enum_success", "load_success", "copy_success", "archive_success"}) {
    say(10, claim(word));
  }
  const MediumState state = history.fold();
  EXPECT_FALSE(state.enum_done);
  EXPECT_FALSE(state.copy_done);
  EXPECT_FALSE(state.archive_done);
  EXPECT_FALSE(state.verify_done);
  EXPECT_EQ(state.generation, 0U);
  EXPECT_TRUE(state.attempts.empty());
  EXPECT_EQ(state.claims.size(), 5U);
  EXPECT_EQ(state.added_at->at.micros, 10);
}

TEST_F(LegacyFold, AClaimNeitherEndsNorReplacesWhatThisProgramSaw) {
  const auto load = history.load(100);
  history.copy(200, load);
  const MediumState before = history.fold();
  say(50, claim("load_success"));
  say(300, claim("load_success"));
  say(400, claim("copy_error"));
  const MediumState after = history.fold();
  EXPECT_EQ(after.enum_done, before.enum_done);
  EXPECT_EQ(after.copy_done, before.copy_done);
  EXPECT_EQ(after.attempts, before.attempts);
  EXPECT_EQ(after.problems, before.problems);
}

TEST_F(LegacyFold, AHundredPercentIsBelievedOfTheMapfileOnly) {
  say(10, claim("imager_success", {{"msg", "100% rescued"}}));
  say(11, claim("health_update", {{"rescued_pct", "97.20"}, {"health", "ok"}}));
  EXPECT_EQ(history.fold().health, "incomplete");
  say(12, claim("health_update", {{"rescued_pct", "19.99"}}));
  EXPECT_EQ(history.fold().health, "failed");
  say(13, claim("health_update", {{"rescued_pct", "100.00"}}));
  EXPECT_EQ(history.fold().health, "ok");
  say(14, claim("health_update", {{"health", "failed"}}));
  for (const char* nonsense : {"", ".", ".5", "x", "101", "1000.00", "1.234", "-1", "9 "}) {
    say(14, claim("health_update", {{"rescued_pct", nonsense}}));
    EXPECT_EQ(history.fold().health, "ok") << nonsense;
  }
  events::MapfileObserved mapfile;
  mapfile.total_bytes = mapfile.rescued_bytes = 512;
  history.add(mapfile, 20);
  EXPECT_EQ(history.fold().health, "ok");
}

TEST_F(LegacyFold, WhatAnOldLogCallsAMediumHoldsUntilSomethingNewerSaysOtherwise) {
  say(10,
      claim("identify", {{"medium_human", "ST3_X1"}, {"message", "Diary"}, {"image", "/a.img"}}));
  MediumState state = history.fold();
  EXPECT_EQ(state.medium_human, "ST3_X1");
  EXPECT_EQ(state.message, "Diary");
  EXPECT_EQ(state.source_kind, "image");
  EXPECT_EQ(state.source_path, "/a.img");
  history.add(events::MediumLabelled{"Diary 1994"}, 20);
  say(5, claim("identify", {{"message", "older"}}));
  EXPECT_EQ(history.fold().message, "Diary 1994");
}

TEST_F(LegacyFold, NoClaimReplacesWhatThisProgramSawHoweverLateItIs) {
  events::MapfileObserved mapfile;
  mapfile.total_bytes = 512;
  mapfile.rescued_bytes = 256;
  history.add(mapfile, 20);
  events::MediumIdentified identified;
  identified.medium_human = "ST3_X1";
  identified.source = {"image", {"/a.img"}};
  history.add(identified, 21);
  const MediumState before = history.fold();
  say(30, claim("health_update", {{"rescued_pct", "100.00"}}));
  say(31, claim("identify", {{"medium_human", "other"}, {"path", "/old"}}));
  say(32, claim("mount_success", {{"image_path", "/old.img"}}));
  const MediumState after = history.fold();
  EXPECT_EQ(after.health, before.health);
  EXPECT_EQ(after.medium_human, "ST3_X1");
  EXPECT_EQ(after.source_kind, "image");
  EXPECT_EQ(after.source_path, "/a.img");
  EXPECT_EQ(after.image_path, "/a.img");
}

TEST_F(LegacyFold, SeveralLogsThatTellOfOneAttemptAreOneClaim) {
  say(10, claim("load_start", {}));
  say(20, claim("loader_spawn", {}));
  say(30, claim("load_success"));
  EXPECT_EQ(claimed("load"), List{"success"});
  say(40, claim("enum_spawn"));
  say(50, claim("enum_complete", {}, "out"));
  say(60, claim("enum_success"));
  EXPECT_EQ(claimed("enum"), List{"success"});
}

TEST_F(LegacyFold, SuccessSaidTwiceIsTwoClaims) {
  say(10, claim("copy_start"));
  say(20, claim("copy_success"));
  say(30, claim("copy_success"));
  EXPECT_EQ(claimed("copy"), (List{"success", "success"}));
}

TEST_F(LegacyFold, AStartWithoutAnEndIsAnAttemptWithoutOne) {
  say(10, claim("copy_start"));
  say(20, claim("copy_start"));
  say(30, claim("copy_incomplete", {{"remaining", "3"}}));
  EXPECT_EQ(claimed("copy"), (List{"", "error"}));
  EXPECT_EQ(history.fold().claims.back().message, "3 remaining");
}

TEST_F(LegacyFold, ALineThatNamesNoMediumItselfIsNotBelievedAboutAStage) {
  say(10, claim("load_success", {{"medium_human", "other"}}, "start"));
  EXPECT_TRUE(history.fold().claims.empty());
  EXPECT_EQ(history.fold().medium_human, "");
}

TEST_F(LegacyFold, LinesOfOneSecondAreTakenInTheOrderOfAPipelineHoweverTheyCame) {
  say(10, claim("copy_success"));
  say(10, claim("load_success"));
  say(10, claim("copy_start"));
  say(10, claim("load_start"));
  const MediumState state = history.fold();
  ASSERT_EQ(state.claims.size(), 2U);
  EXPECT_EQ(state.claims[0].stage, "load");
  EXPECT_EQ(state.claims[0].outcome, "success");
  EXPECT_EQ(state.claims[1].stage, "copy");
  EXPECT_EQ(state.claims[1].outcome, "success");
}

TEST_F(LegacyFold, ARetractedClaimIsGone) {
  say(10, claim("load_success"));
  history.retract({1}, 20);
  EXPECT_TRUE(history.fold().claims.empty());
}

}  // namespace
}  // namespace ntt::tests
