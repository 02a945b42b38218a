// The fold of a medium, case by case and as laws that hold for any history.

#include "projector/medium_fold.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tests/projector/history.h"

namespace ntt::projector {
namespace {

using events::Event;
using events::Origin;
using tests::any_history;
using tests::History;

// Everything but the numbers that a place in the log gives.
MediumState without_positions(MediumState state) {
  state.last_seq = state.load_seq = state.copy_seq = {};
  for (auto* stamp : {&state.added_at, &state.enum_done, &state.copy_done, &state.archive_done,
                      &state.verify_done}) {
    if (*stamp) (*stamp)->seq = {};
  }
  for (StageAttempt& attempt : state.attempts) {
    attempt.start_seq = {};
    if (attempt.end) attempt.end->seq = {};
  }
  for (Sequence& seq : state.unknown_events) seq = {};
  return state;
}

TEST(MediumFold, EnumDoneIsTheTimeOfTheLoadSuccess) {
  History history;
  history.add(events::MediumIdentified{}, 10);
  history.add(events::EnumSuccess{}, 20);
  EXPECT_FALSE(history.fold().enum_done);
  const Sequence load = history.load(30);
  EXPECT_EQ(history.fold().enum_done, (Stamp{{30}, load}));
  EXPECT_EQ(history.fold().added_at, (Stamp{{10}, {1}}));
}

TEST(MediumFold, CopyDoneNeedsTheCurrentGeneration) {
  History history;
  const Sequence first = history.load(10, 1);
  history.copy(20, first, 1);
  EXPECT_EQ(history.fold().copy_done->at.micros, 20);
  const Sequence second = history.load(30, 2);
  EXPECT_FALSE(history.fold().copy_done);
  EXPECT_EQ(history.fold().generation, 2U);
  history.copy(40, first, 1);
  EXPECT_FALSE(history.fold().copy_done);
  history.copy(50, second, 2);
  EXPECT_EQ(history.fold().copy_done->at.micros, 50);
}

TEST(MediumFold, ACopyDatedBeforeItsLoadDoesNotCountAndIsAProblem) {
  History history;
  const Sequence load = history.load(100);
  history.copy(99, load);
  const MediumState state = history.fold();
  EXPECT_FALSE(state.copy_done);
  ASSERT_EQ(state.problems.size(), 1U);
}

TEST(MediumFold, ACopyThatIsNotCompleteIsAProblem) {
  History history;
  const Sequence load = history.load(10);
  events::CopySuccess copy;
  copy.load = load.value;
  copy.failed = 2;
  copy.partial = 1;
  history.add(copy, 20);
  EXPECT_EQ(history.fold().problems, std::vector<std::string>{"3 files could not be copied"});
}

TEST(MediumFold, HealthIsJudgedByTheLatestMapfile) {
  const auto health = [](std::uint64_t rescued, std::uint64_t total) {
    History history;
    events::MapfileObserved worse;
    worse.total_bytes = total;
    history.add(worse, 5);
    events::MapfileObserved map;
    map.total_bytes = total;
    map.rescued_bytes = rescued;
    history.add(map, 10);
    return history.fold().health;
  };
  EXPECT_EQ(health(1000, 1000), "ok");
  EXPECT_EQ(health(999, 1000), "incomplete");
  EXPECT_EQ(health(900, 1000), "incomplete");
  EXPECT_EQ(health(899, 1000), "corrupt");
  EXPECT_EQ(health(200, 1000), "corrupt");
  EXPECT_EQ(health(199, 1000), "failed");
  EXPECT_EQ(health(0, 0), "failed");
  EXPECT_EQ(History().fold().health, "ok");
}

RC_GTEST_PROP(MediumFold, HealthThresholdsAreExactForAnySize,
              (std::uint64_t total, std::uint64_t part)) {
  RC_PRE(total > 0U);
  const std::uint64_t rescued = part % total;
  const long double share = static_cast<long double>(rescued) / static_cast<long double>(total);
  const std::string expected = share >= 0.9L ? "incomplete" : share >= 0.2L ? "corrupt" : "failed";
  const bool near = std::abs(share - 0.9L) < 1e-15L || std::abs(share - 0.2L) < 1e-15L;
  RC_ASSERT(near || judge_health(rescued, total) == expected);
}

TEST(MediumFold, AStartWithoutAnEndIsAnOpenAttempt) {
  History history;
  const Sequence start = history.add(events::EnumStart{}, 10);
  MediumState state = history.fold();
  ASSERT_EQ(state.attempts.size(), 1U);
  EXPECT_FALSE(state.attempts[0].end);
  EXPECT_EQ(state.attempts[0].outcome, "");
  const Sequence retry = history.add(events::EnumStart{}, 20);
  const Sequence end = history.add(events::EnumSuccess{}, 30, retry);
  state = history.fold();
  ASSERT_EQ(state.attempts.size(), 2U);
  EXPECT_EQ(state.attempts[0].start_seq, start);
  EXPECT_FALSE(state.attempts[0].end);
  EXPECT_EQ(state.attempts[1].end, (Stamp{{30}, end}));
  EXPECT_EQ(state.attempts[1].outcome, "success");
}

TEST(MediumFold, WhoSaidThatSomethingIsDoneIsKnownOfLoadCopyAndEveryAttempt) {
  using events::Origin;
  History history;
  const Sequence load = history.load(10);
  events::CopySuccess copy;
  copy.load = load.value;
  history.add(copy, 20, {}, Origin::backfilled);
  MediumState state = history.fold();
  EXPECT_EQ(state.load_origin, Origin::native);
  EXPECT_EQ(state.copy_origin, Origin::backfilled);
  ASSERT_EQ(state.attempts.size(), 2U);
  EXPECT_EQ(state.attempts[0].origin, Origin::native);
  EXPECT_EQ(state.attempts[1].origin, Origin::backfilled);
  // The end of an attempt says what became of it, its start only while it has none.
  history.add(events::ArchiveStart{}, 30);
  EXPECT_EQ(history.fold().attempts[2].origin, Origin::native);
  history.add(events::ArchiveError{}, 40, {}, Origin::backfilled);
  EXPECT_EQ(history.fold().attempts[2].origin, Origin::backfilled);
  history.copy(50, load);
  EXPECT_EQ(history.fold().copy_origin, Origin::native);
}

TEST(MediumFold, AnImageThatWasDeletedIsToldApartFromItsPathAndSetsNoTime) {
  History history;
  events::ImageSuccess image;
  image.image_path = {"/a.img"};
  history.add(image, 10);
  history.copy(30, history.load(20));
  const MediumState before = history.fold();
  const Sequence start = history.add(events::CleanupStart{}, 40);
  EXPECT_EQ(history.fold().attempts.back().stage, "cleanup");
  EXPECT_EQ(history.fold().attempts.back().outcome, "");
  const Sequence done = history.add(events::CleanupDone{"image", {"/a.img"}, 5, ""}, 50, start);
  const MediumState after = history.fold();
  EXPECT_EQ(after.image_deleted, (Stamp{{50}, done}));
  EXPECT_EQ(after.image_path, "/a.img");
  EXPECT_EQ(after.enum_done, before.enum_done);
  EXPECT_EQ(after.copy_done, before.copy_done);
  EXPECT_EQ(after.last_seq, before.last_seq);
  EXPECT_EQ(after.attempts.back().outcome, "success");
  history.add(image, 60);
  EXPECT_FALSE(history.fold().image_deleted) << "it was made again";
}

TEST(MediumFold, ADeletionThatNttDidNotBeginIsNoAttempt) {
  History history;
  history.add(events::CleanupDone{"image", {"/a.img"}, 5, ""}, 50, {}, events::Origin::imported);
  EXPECT_TRUE(history.fold().attempts.empty());
}

TEST(MediumFold, AFileThatCouldNotBeDeletedIsAProblemUntilItIs) {
  History history;
  const Sequence start = history.add(events::CleanupStart{}, 10);
  history.add(events::CleanupError{{"not_deleted", "read-only"}}, 20, start);
  EXPECT_EQ(history.fold().problems,
            std::vector<std::string>{"cleanup failed: not_deleted: read-only"});
  history.add(events::CleanupDone{}, 40, history.add(events::CleanupStart{}, 30));
  EXPECT_TRUE(history.fold().problems.empty());
}

TEST(MediumFold, AnErrorIsTheAttemptsAndAProblemUntilTheNextAttempt) {
  History history;
  const Sequence start = history.add(events::CopyStart{}, 10);
  events::CopyError error;
  error.error = "no_space";
  error.message = "the store is full";
  history.add(error, 20, start);
  EXPECT_EQ(history.fold().attempts[0].error, "no_space");
  EXPECT_EQ(history.fold().problems,
            std::vector<std::string>{"copy failed: no_space: the store is full"});
  const Sequence retry = history.add(events::CopyStart{}, 30);
  EXPECT_TRUE(history.fold().problems.empty());
  EXPECT_EQ(history.fold().last_seq, retry);
}

TEST(MediumFold, ASkipWithoutAStartChangesNothing) {
  History history;
  history.load(10);
  const MediumState before = history.fold();
  history.add(events::LoadSkip{}, 20);
  history.add(events::CopySkip{}, 21);
  history.add(events::PipelineStart{}, 22);
  EXPECT_EQ(history.fold(), before);
}

TEST(MediumFold, SayingTheSameAgainChangesNothing) {
  History history;
  events::MediumIdentified facts;
  facts.medium_human = "disk";
  facts.source = {"image", {"/a.img"}};
  history.add(facts, 10);
  history.add(events::MediumLabelled{"blue box"}, 11);
  const MediumState before = history.fold();
  history.add(facts, 20);
  history.add(events::MediumLabelled{"blue box"}, 21);
  EXPECT_EQ(history.fold(), before);
  EXPECT_EQ(before.image_path, "/a.img");
  EXPECT_EQ(before.message, "blue box");
}

TEST(MediumFold, ALateFactTakesItsPlaceByTime) {
  History history;
  history.add(events::MediumLabelled{"new"}, 100);
  history.add(events::MediumLabelled{"old"}, 50, {}, Origin::imported);
  EXPECT_EQ(history.fold().message, "new");
  EXPECT_EQ(history.fold().added_at->at.micros, 50);
  EXPECT_EQ(history.fold().last_seq.value, 2U);  // added_at
}

TEST(MediumFold, AClockThatWentBackDoesNotReorderNativeEvents) {
  History history;
  history.add(events::MediumLabelled{"first"}, 100);
  history.add(events::MediumLabelled{"second"}, 50);
  EXPECT_EQ(history.fold().message, "second");
}

TEST(MediumFold, LateFactsOfOneSecondAreTakenInTheOrderOfAPipeline) {
  History history;
  events::CopySuccess copy;
  copy.generation = 1;
  history.add(copy, 50, {}, Origin::imported);
  events::LoadSuccess load;
  load.generation = 1;
  history.add(load, 50, {}, Origin::imported);
  history.add(events::LoadStart{}, 50, {}, Origin::imported);
  const MediumState state = history.fold();
  ASSERT_TRUE(state.copy_done);
  ASSERT_EQ(state.attempts.size(), 2U);  // the copy's start is not known
  EXPECT_EQ(state.attempts[0].stage, "load");
  EXPECT_EQ(state.attempts[0].outcome, "success");
}

TEST(MediumFold, ARetractedRetractionHasNoEffect) {
  History history;
  history.load(10);
  const Sequence load{2};
  const Sequence retraction = history.retract(load, 20);
  EXPECT_FALSE(history.fold().enum_done);
  EXPECT_EQ(history.fold().last_seq, retraction);
  const Sequence again = history.retract(retraction, 30);
  EXPECT_TRUE(history.fold().enum_done);
  EXPECT_EQ(history.fold().last_seq, again);
}

TEST(MediumFold, AnUnknownTypeIsSkippedAndRemembered) {
  History history;
  history.load(10);
  history.add(events::Note{"hello"}, 20);
  history.events_.back().type = "quantum_scan";
  const MediumState state = history.fold();
  EXPECT_TRUE(state.enum_done);
  EXPECT_EQ(state.unknown_events, std::vector<Sequence>{{3}});
}

TEST(MediumFold, AnEventThatCannotBeReadIsNamed) {
  History history;
  history.add(events::MediumLabelled{"x"}, 10);
  history.events_.back().data = R"({"label":5})";
  auto state = fold_medium(history.events_);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code, events::Errc::corruption);
  EXPECT_NE(state.error().message.find("event 1 (medium_labelled)"), std::string::npos);
}

RC_GTEST_PROP(MediumFold, TheOrderOfImportingDoesNotMatter, ()) {
  const std::vector<Event> events = any_history(Origin::imported, false);
  std::vector<Event> shuffled = *rc::gen::exec([&] {
    std::vector<Event> rest = events;
    std::vector<Event> order;
    while (!rest.empty()) {
      const auto pick = *rc::gen::inRange<std::size_t>(0, rest.size());
      order.push_back(rest[pick]);
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(pick));
    }
    for (std::size_t i = 0; i < order.size(); ++i) order[i].seq = {i + 1};
    return order;
  });
  RC_ASSERT(without_positions(History::fold_of(events)) ==
            without_positions(History::fold_of(shuffled)));
}

RC_GTEST_PROP(MediumFold, CopyDoneImpliesEnumDoneAndIsNotEarlier, ()) {
  const auto state = History::fold_of(any_history(Origin::native, true));
  if (state.copy_done) {
    RC_ASSERT(state.enum_done.has_value());
    RC_ASSERT(state.copy_done->at >= state.enum_done->at);
    RC_ASSERT(state.copy->load == state.load_seq.value ||
              state.copy->generation == state.generation);
  }
  RC_ASSERT(state.enum_done.has_value() == (state.generation > 0));
  RC_ASSERT(!state.verify_done || state.copy_done);
}

RC_GTEST_PROP(MediumFold, ARetractedEventIsAbsent, ()) {
  std::vector<Event> events = any_history(Origin::native, true);
  RC_PRE(!events.empty());
  // A retraction of the history itself would be undone by the one below: another law's subject.
  const auto is_retraction = [](const Event& event) { return event.type == "retraction"; };
  events.erase(std::remove_if(events.begin(), events.end(), is_retraction), events.end());
  RC_PRE(!events.empty());
  const auto gone = *rc::gen::inRange<std::size_t>(0, events.size());
  std::vector<Event> without = events;
  without.erase(without.begin() + static_cast<std::ptrdiff_t>(gone));
  Event retraction = events.back();
  retraction.seq = {1000};
  retraction.type = events::Retraction::kType;
  retraction.data = events::to_data(events::Retraction{events[gone].seq.value, "why"});
  events.push_back(retraction);
  auto retracted = History::fold_of(events);
  auto absent = History::fold_of(without);
  const bool same_numbers =
      retracted.last_seq == absent.last_seq || retracted.last_seq == retraction.seq;
  RC_ASSERT(same_numbers);
  retracted.last_seq = absent.last_seq = {};
  retracted.medium = absent.medium;
  // But that its attempt came to an end is told.
  for (StageAttempt& attempt : retracted.attempts) {
    if (attempt.outcome == "retracted") attempt.outcome = attempt.message = "";
    attempt.retracted_by = {};
  }
  RC_ASSERT(retracted == absent);
}

RC_GTEST_PROP(MediumFold, FoldingTwiceGivesTheSame, ()) {
  const auto events = any_history(Origin::native, true);
  RC_ASSERT(History::fold_of(events) == History::fold_of(events));
}

TEST(AttemptFold, AnAttemptWhoseEndWasRetractedIsRetractedAndNotInterrupted) {
  History history;
  const auto start = history.add(events::CopyStart{}, 1);
  const auto end = history.add(events::CopySuccess{}, 2, start);
  const auto retraction = history.retract(end, 3);
  auto attempt = history.fold().attempts.at(0);
  EXPECT_EQ(attempt.outcome, "retracted");
  EXPECT_FALSE(attempt.end);
  EXPECT_EQ(attempt.message, "event 2 (copy_success) was retracted by event 3");
  history.retract(retraction, 4);
  EXPECT_EQ(history.fold().attempts.at(0).outcome, "success");
  history.retract({4}, 5);
  EXPECT_EQ(history.fold().attempts.at(0).outcome, "retracted");
  const auto other = history.add(events::CopyError{}, 6, start);
  attempt = history.fold().attempts.at(0);
  EXPECT_EQ(attempt.outcome, "error");
  EXPECT_EQ(attempt.end->seq, other);
  EXPECT_EQ(attempt.retracted_by, Sequence{});
}

TEST(MediumFold, WhatTheMapfileDoesNotCoverWasNotRescued) {
  History history;
  events::MediumIdentified facts;
  facts.size = 1000;
  history.add(facts, 1);
  events::MapfileObserved map;
  map.total_bytes = map.rescued_bytes = 500;
  history.add(map, 2);
  EXPECT_EQ(history.fold().health, "corrupt");
  map.total_bytes = map.rescued_bytes = 1000;
  history.add(map, 3);
  EXPECT_EQ(history.fold().health, "ok");
}

}  // namespace
}  // namespace ntt::projector
