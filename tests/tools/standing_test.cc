// One word for a medium: each word, and what it takes to get it.

#include "tools/ntt/standing.h"

#include <gtest/gtest.h>

#include "tools/ntt/media.h"

namespace ntt::tools {
namespace {

using events::Origin;
using events::RunId;
using events::Sequence;
using events::Timestamp;
using projector::MediumState;
using projector::StageAttempt;
using projector::Stamp;

constexpr RunId kRun{{1}};

// Attempts of a medium, one after another: each begins at an even microsecond and ends at the next.
struct Attempts {
  MediumState medium;

  Attempts& add(const std::string& stage, const std::string& outcome,
                Origin origin = Origin::native) {
    StageAttempt& attempt = medium.attempts.emplace_back();
    const auto number = static_cast<std::int64_t>(medium.attempts.size());
    attempt.stage = stage;
    attempt.start_seq = {static_cast<std::uint64_t>(number) * 2};
    attempt.started_at = {number * 2};
    attempt.run = kRun;
    attempt.outcome = outcome;
    attempt.origin = origin;
    if (!outcome.empty()) attempt.end = Stamp{{number * 2 + 1}, attempt.start_seq.next()};
    if (outcome == "error") attempt.error = "no_space", attempt.message = "the disk is full";
    if (outcome == "success" && stage == "load") {
      medium.load = events::LoadSuccess{};
      medium.enum_done = attempt.end;
      medium.load_seq = attempt.end->seq;
      medium.load_origin = origin;
    }
    if (outcome == "success" && stage == "copy") {
      medium.copy = events::CopySuccess{};
      medium.copy_done = attempt.end;
      medium.copy_origin = origin;
    }
    return *this;
  }
};

Attempts copied() {
  return Attempts().add("enum", "success").add("load", "success").add("copy", "success");
}

Standing standing(const MediumState& medium) {
  return standing_of(medium, {});
}

TEST(Standing, WhatIsOnlyKnownWasNeverTried) {
  EXPECT_EQ(standing({}), (Standing{"never tried", "", {}, ""}));
}

TEST(Standing, LoadedAndCopiedIsCompleteAlsoBeforeItIsArchivedAndVerified) {
  EXPECT_EQ(standing(copied().medium), (Standing{"complete", "copy", Timestamp{7}, ""}));
  Attempts all = copied().add("archive", "success").add("verify", "success");
  EXPECT_EQ(standing(all.medium).word, "complete");
}

TEST(Standing, FilesThatCouldNotBeCopiedAreSaidOfACompleteMedium) {
  MediumState medium = copied().medium;
  medium.copy->failed = 2;
  medium.copy->partial = 1;
  EXPECT_EQ(standing(medium).word, "complete");
  EXPECT_EQ(standing(medium).why, "3 files are not stored");
}

TEST(Standing, ACompletionThatNttDidNotSeeIsAdopted) {
  for (const Origin load : {Origin::native, Origin::backfilled}) {
    Attempts attempts;
    attempts.add("load", "success", load).add("copy", "success", Origin::backfilled);
    EXPECT_EQ(standing(attempts.medium),
              (Standing{"complete (adopted)", "copy", Timestamp{5}, ""}));
  }
  Attempts attempts;
  attempts.add("load", "success", Origin::backfilled).add("copy", "success");
  EXPECT_EQ(standing(attempts.medium).word, "complete (adopted)");
}

TEST(Standing, ACompletionWithoutOneOfItsTimesHasNoDate) {
  Attempts attempts;
  attempts.add("load", "success", Origin::backfilled).add("copy", "success", Origin::backfilled);
  MediumState undated = attempts.medium;
  undated.copy_done.reset();
  EXPECT_EQ(standing(undated), (Standing{"complete (date unknown)", "copy", {}, ""}));
  undated = attempts.medium;
  undated.enum_done.reset();
  EXPECT_EQ(standing(undated).word, "complete (date unknown)");
}

TEST(Standing, AnAttemptWithoutEndIsInterruptedUnlessItsRunIsAtWork) {
  Attempts attempts;
  attempts.add("enum", "success").add("load", "");
  EXPECT_EQ(standing(attempts.medium), (Standing{"interrupted", "load", Timestamp{4}, ""}));
  EXPECT_EQ(standing_of(attempts.medium, kRun), (Standing{"running", "load", Timestamp{4}, ""}));
  EXPECT_EQ(standing_of(attempts.medium, RunId{{2}}).word, "interrupted");
}

TEST(Standing, WhatRunsCountsBeforeWhatFailed) {
  Attempts attempts;
  attempts.add("enum", "error").add("archive", "");
  EXPECT_EQ(standing_of(attempts.medium, kRun).word, "running");
  EXPECT_EQ(standing(attempts.medium).stage, "enum");
}

TEST(Standing, AnErrorFailsTheMediumUntilTheStageSucceeds) {
  Attempts attempts;
  attempts.add("enum", "error");
  EXPECT_EQ(standing(attempts.medium),
            (Standing{"failed", "enum", Timestamp{3}, "no_space: the disk is full"}));
  attempts.add("enum", "success").add("load", "success").add("copy", "success");
  EXPECT_EQ(standing(attempts.medium).word, "complete");
}

TEST(Standing, AMediumWhoseArchiveOrVerifyFailedOrStoppedIsNotComplete) {
  for (const char* stage : {"archive", "verify"}) {
    EXPECT_EQ(standing(copied().add(stage, "error").medium).word, "failed") << stage;
    EXPECT_EQ(standing(copied().add(stage, "error").medium).stage, stage);
    EXPECT_EQ(standing(copied().add(stage, "").medium).word, "interrupted") << stage;
  }
}

TEST(Standing, AnImageMadeByOtherMeansOvertakesTheImagingThatFailed) {
  Attempts attempts;
  attempts.add("image", "error").add("enum", "success").add("load", "success");
  attempts.add("copy", "success");
  EXPECT_EQ(standing(attempts.medium).word, "complete");
  // An archive says nothing of the files.
  EXPECT_EQ(standing(Attempts().add("enum", "error").add("archive", "success").medium).word,
            "failed");
}

TEST(Standing, DamageThatVerifyFoundIsAFailure) {
  Attempts attempts = copied().add("verify", "success");
  attempts.medium.verify_done = Stamp{{9}, {9}};
  attempts.medium.is_damaged = true;
  EXPECT_EQ(standing(attempts.medium),
            (Standing{"failed", "verify", Timestamp{9}, "what it read is not what was written"}));
}

TEST(Standing, WhatStoppedOnRequestIsAttemptedButNotCompleted) {
  EXPECT_EQ(standing(Attempts().add("enum", "success").medium),
            (Standing{"attempted but not completed", "enum", Timestamp{3}, "nothing is loaded"}));
  EXPECT_EQ(
      standing(Attempts().add("enum", "success").add("load", "success").medium),
      (Standing{"attempted but not completed", "load", Timestamp{5}, "its files are not copied"}));
}

TEST(Standing, AListingIsNeverComplete) {
  Attempts attempts = Attempts().add("enum", "success").add("load", "success");
  attempts.medium.source_kind = "raw";
  EXPECT_EQ(standing(attempts.medium).word, "attempted but not completed");
  EXPECT_EQ(standing(attempts.medium).why, "a listing has names and no contents");
}

TEST(Standing, AnAdoptedAttemptThatFailedOrHasNoEndIsAttemptedButNotCompleted) {
  for (const Origin origin : {Origin::backfilled, Origin::imported}) {
    Attempts attempts;
    attempts.add("load", "success", origin).add("copy", "error", origin);
    EXPECT_EQ(standing(attempts.medium), (Standing{"attempted but not completed", "copy",
                                                   Timestamp{5}, "no_space: the disk is full"}));
    attempts = Attempts().add("load", "success", origin).add("copy", "", origin);
    EXPECT_EQ(standing(attempts.medium), (Standing{"attempted but not completed", "copy",
                                                   Timestamp{4}, "its end is not known"}));
    // A native attempt that failed after it is a failure; one that succeeded a completion.
    EXPECT_EQ(standing(attempts.add("copy", "error").medium).word, "failed");
    EXPECT_EQ(standing(attempts.add("copy", "success").medium).word, "complete (adopted)");
  }
}

TEST(Standing, AnEndThatWasRetractedLeavesAnAttempt) {
  Attempts attempts = copied();
  attempts.medium.attempts[1].outcome = "retracted";
  attempts.medium.attempts[1].message = "event 5 (load_success) was retracted by event 9";
  attempts.medium.load.reset();
  attempts.medium.copy.reset();
  attempts.medium.enum_done = attempts.medium.copy_done = {};
  EXPECT_EQ(standing(attempts.medium),
            (Standing{"attempted but not completed", "load", Timestamp{5},
                      "event 5 (load_success) was retracted by event 9"}));
}

TEST(Standing, ANewGenerationMakesACompleteMediumIncomplete) {
  Attempts attempts = copied().add("verify", "success").add("load", "success");
  attempts.medium.copy.reset();  // it names the generation before
  attempts.medium.copy_done.reset();
  EXPECT_EQ(standing(attempts.medium).word, "attempted but not completed");
  EXPECT_EQ(standing(attempts.medium).stage, "load");
}

TEST(Standing, OldLogsAloneMakeNothingComplete) {
  MediumState medium;
  StageAttempt& claim = medium.claims.emplace_back();
  claim.stage = "copy";
  claim.started_at = {4};
  EXPECT_EQ(standing(medium), (Standing{"attempted but not completed", "copy", Timestamp{4},
                                        "old logs tell of no end"}));
  claim.end = Stamp{{5}, {5}};
  claim.outcome = "success";
  EXPECT_EQ(standing(medium), (Standing{"attempted but not completed", "copy", Timestamp{5},
                                        "old logs claim that it succeeded"}));
  claim.outcome = "error";
  claim.message = "3 remaining";
  EXPECT_EQ(standing(medium).why, "old logs claim that it failed: 3 remaining");
}

TEST(Standing, WhatCouldNotBeDeletedLeavesACompleteMediumComplete) {
  for (const char* outcome : {"", "error"}) {
    Attempts attempts = copied().add("cleanup", outcome);
    EXPECT_EQ(standing(attempts.medium).word, "complete") << outcome;
    EXPECT_NE(next_step(attempts.medium, {}).find("ntt cleanup"), std::string::npos) << outcome;
  }
  EXPECT_EQ(standing_of(copied().add("cleanup", "").medium, kRun).word, "running");
}

TEST(Standing, EveryStateSaysWhatToDoNext) {
  MediumState medium;
  medium.source_kind = "image";
  medium.source_path = "/disk.img";
  EXPECT_EQ(next_step(medium, {}), "ntt run --image '/disk.img'");
  Attempts attempts{medium};
  attempts.add("enum", "success");
  EXPECT_EQ(next_step(attempts.medium, {}), "ntt run --image '/disk.img'");
  attempts.add("load", "");
  EXPECT_EQ(next_step(attempts.medium, {}), "ntt run --image '/disk.img' (continues load)");
  EXPECT_EQ(next_step(attempts.medium, kRun), "");
  attempts.add("load", "error");
  EXPECT_NE(next_step(attempts.medium, {}).find("(load failed: "), std::string::npos);
  attempts.add("load", "success").add("copy", "success");
  EXPECT_EQ(next_step(attempts.medium, {}), "ntt run --image '/disk.img' (to verify)");
}

}  // namespace
}  // namespace ntt::tools
