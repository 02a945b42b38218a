// What people are told of a medium: where a stage stands, and what to do next.

#include "tools/ntt/media.h"

#include <gtest/gtest.h>

namespace ntt::tools {
namespace {

using events::RunId;
using events::Sequence;
using events::Timestamp;
using projector::MediumState;
using projector::StageAttempt;
using projector::Stamp;

constexpr RunId kRun{{1}};

StageAttempt attempt(const std::string& stage, const std::string& outcome) {
  StageAttempt out;
  out.stage = stage;
  out.run = kRun;
  out.outcome = outcome;
  return out;
}

MediumState finished() {
  MediumState medium;
  medium.medium.text = "0123456789abcdef0123456789abcdef";
  medium.source_kind = "image";
  medium.source_path = "/disk.img";
  medium.enum_done = medium.copy_done = medium.verify_done = Stamp{Timestamp{1}, Sequence{1}};
  medium.load = events::LoadSuccess{};
  medium.copy = events::CopySuccess{};
  return medium;
}

TEST(Media, AFinishedMediumNeedsNothing) {
  EXPECT_EQ(next_step(finished(), {}), "");
}

TEST(Media, AStartWithoutEndIsInterruptedUnlessItsRunIsAtWork) {
  MediumState medium = finished();
  medium.attempts = {attempt("enum", "success"), attempt("copy", "")};
  EXPECT_EQ(stage_standing(medium, "enum", {}), "done");
  EXPECT_EQ(stage_standing(medium, "copy", {}), "interrupted");
  EXPECT_EQ(stage_standing(medium, "copy", kRun), "running");
  EXPECT_EQ(stage_standing(medium, "verify", {}), "-");
  EXPECT_EQ(next_step(medium, {}), "ntt run --image '/disk.img' (continues copy)");
  EXPECT_EQ(next_step(medium, kRun), "");
}

TEST(Media, OnlyTheLastAttemptOfAStageCounts) {
  MediumState medium = finished();
  medium.attempts = {attempt("copy", ""), attempt("copy", "error"), attempt("copy", "success")};
  EXPECT_EQ(stage_standing(medium, "copy", {}), "done");
}

TEST(Media, CopyAndVerifyOfAnEarlierGenerationAreNotDone) {
  MediumState medium = finished();
  medium.attempts = {attempt("copy", "success"), attempt("verify", "error")};
  for (auto& earlier : medium.attempts) earlier.start_seq = {5};
  medium.load_seq = {9};
  EXPECT_EQ(stage_standing(medium, "copy", {}), "-");
  EXPECT_EQ(stage_standing(medium, "verify", {}), "-");
  medium.load_seq = {3};
  EXPECT_EQ(stage_standing(medium, "copy", {}), "done");
  medium.copy_done.reset();
  medium.copy.reset();
  EXPECT_EQ(stage_standing(medium, "copy", {}), "-") << "its success was retracted";
}

TEST(Media, FilesThatCouldNotBeCopiedCanBeTriedAgain) {
  MediumState medium = finished();
  medium.copy->failed = 2;
  medium.copy->partial = 1;
  EXPECT_EQ(next_step(medium, {}),
            "ntt run --image '/disk.img' --retry-failed (3 files are not stored)");
  medium.copy->failed = 0;
  EXPECT_EQ(next_step(medium, {}),
            "ntt run --image '/disk.img' --retry-failed (1 file is not stored)");
}

TEST(Media, ADirectoryIsRunAgainWithItsOwnFlag) {
  MediumState medium = finished();
  medium.source_kind = "directory";
  medium.source_path = "/srv/share";
  medium.enum_done.reset();
  medium.load.reset();
  EXPECT_EQ(next_step(medium, {}), "ntt run --dir '/srv/share'");
}

TEST(Media, AMediumWhoseSourceIsNotKnownIsTakenInFromItsImageOrDevice) {
  EXPECT_EQ(next_step(MediumState{}, {}), "take its image or device in with `ntt run`");
}

TEST(Media, AListingAsksForTheContentsThatItDoesNotHave) {
  MediumState medium = finished();
  medium.source_kind = "raw";
  medium.copy_done.reset();
  medium.copy.reset();
  medium.attempts = {attempt("load", "success")};
  EXPECT_EQ(next_step(medium, {}),
            "take its image or device in with `ntt run`: a listing has names and no contents");
}

TEST(Media, ACompletionThatNobodyDatedIsDoneAllTheSame) {
  MediumState medium = finished();
  medium.attempts = {attempt("load", "success"), attempt("copy", "success")};
  medium.enum_done.reset();
  medium.copy_done.reset();
  EXPECT_EQ(stage_standing(medium, "load", {}), "done");
  EXPECT_EQ(stage_standing(medium, "copy", {}), "done");
}

}  // namespace
}  // namespace ntt::tools
