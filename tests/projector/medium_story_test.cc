// What is asked of a medium's story: its row as of some moment, who set each column, its
// generations, and what a correction changes.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

#include "projector/as_of.h"
#include "projector/blame.h"
#include "projector/correction.h"
#include "projector/fold_order.h"
#include "projector/generation_list.h"
#include "tests/projector/history.h"

namespace ntt::projector {
namespace {

using events::Event;
using events::Origin;
using tests::any_history;
using tests::any_mixed_history;
using tests::History;

MediumState state_as_of(const History& history, const AsOf& as_of) {
  auto events = events_as_of(history.events_, as_of);
  EXPECT_TRUE(events);
  return History::fold_of(*events);
}

MediumState at(const History& history, std::int64_t micros) {
  return state_as_of(history, {Moment(Timestamp{micros}), {}});
}

MediumState known_at(const History& history, Moment moment) {
  return state_as_of(history, {{}, moment});
}

TEST(AsOf, WhatWasTrueAndWhatWasKnownDifferForAnImportedFact) {
  History history;
  history.add(events::MediumLabelled{"ours"}, 100);
  history.add(events::MediumLabelled{"from the old log"}, 50, {}, Origin::imported);
  EXPECT_EQ(at(history, 60).message, "from the old log");
  EXPECT_EQ(at(history, 100).message, "ours");
  EXPECT_EQ(known_at(history, Sequence{1}).message, "ours");
  // Known at 60, long before it was imported: nothing but what the log had then.
  auto both = events_as_of(history.events_, {Moment(Timestamp{60}), Moment(Sequence{1})});
  ASSERT_TRUE(both);
  EXPECT_TRUE(both->empty());
}

TEST(AsOf, ABackfilledCompletionIsTrueWhenItHappenedAndKnownWhenItWasInferred) {
  History history;
  history.add(events::MediumIdentified{}, 10);
  const Sequence load = history.load(20);
  history.add(events::Note{"years go by"}, 1000);
  events::CopySuccess copy;
  copy.load = load.value;
  const Sequence backfilled = history.add(copy, 30, {}, Origin::backfilled);
  EXPECT_FALSE(at(history, 29).copy_done);
  EXPECT_EQ(at(history, 30).copy_done, (Stamp{{30}, backfilled}));
  const Timestamp before{static_cast<std::int64_t>(backfilled.value) - 1};  // recorded_at is seq
  EXPECT_FALSE(known_at(history, before).copy_done);
  EXPECT_FALSE(known_at(history, Sequence{backfilled.value - 1}).copy_done);
  EXPECT_TRUE(known_at(history, Timestamp{before.micros + 1}).copy_done);
}

TEST(AsOf, ARetractionIsKnownFromWhenItWasMadeButWithdrawsForAllTimes) {
  History history;
  const Sequence load = history.load(20);
  history.retract(load, 500);
  EXPECT_FALSE(at(history, 30).enum_done);
  EXPECT_TRUE(known_at(history, load).enum_done);
  auto then = events_as_of(history.events_, {Moment(Timestamp{30}), Moment(load)});
  ASSERT_TRUE(then);
  EXPECT_TRUE(History::fold_of(*then).enum_done);
}

TEST(AsOf, AClockThatWentBackHidesNoEarlierEvent) {
  History history;
  history.add(events::MediumLabelled{"first"}, 100);
  history.add(events::MediumLabelled{"second"}, 50);  // the clock was set back
  history.add(events::MediumLabelled{"third"}, 110);
  EXPECT_TRUE(events_as_of(history.events_, {Moment(Timestamp{60}), {}})->empty());
  EXPECT_EQ(at(history, 100).message, "second");
  EXPECT_EQ(at(history, 110).message, "third");
}

TEST(AsOf, ASequenceNumberCutsTheLogButKeepsLaterRetractions) {
  History history;
  history.add(events::MediumLabelled{"right"}, 10);
  history.add(events::MediumLabelled{"wrong"}, 20);
  history.add(events::MediumLabelled{"later"}, 30);
  history.retract({2}, 40);
  EXPECT_EQ(state_as_of(history, {Moment(Sequence{2}), {}}).message, "right");
  EXPECT_EQ(known_at(history, Sequence{2}).message, "wrong");
}

RC_GTEST_PROP(AsOf, TheEndOfTimeIsThePresent, ()) {
  const auto events = any_mixed_history();
  const auto present = History::fold_of(events);
  const auto end = events_as_of(events, {Moment(Timestamp{INT64_MAX}), Moment(Sequence{1000})});
  RC_ASSERT(end);
  const bool only_retractions = std::all_of(events.begin(), events.end(), [](const Event& event) {
    return event.type == events::Retraction::kType;
  });
  if (only_retractions) {
    RC_ASSERT(end->empty());
  } else {
    RC_ASSERT(History::fold_of(*end) == present);
  }
}

RC_GTEST_PROP(AsOf, WhatWasKnownIsTheFoldOfTheLogThen, ()) {
  const auto events = any_mixed_history();
  const auto length = *rc::gen::inRange<std::size_t>(0, events.size() + 1);
  const std::vector<Event> prefix(events.begin(),
                                  events.begin() + static_cast<std::ptrdiff_t>(length));
  const auto known = events_as_of(events, {{}, Moment(Sequence{length})});
  RC_ASSERT(known);
  if (!known->empty()) RC_ASSERT(History::fold_of(*known) == History::fold_of(prefix));
}

RC_GTEST_PROP(FoldOrder, TheWholeStoryHasWhatCountsInFoldOrder, ()) {
  const auto events = any_mixed_history();
  const auto story = story_order(events);
  RC_ASSERT(story);
  std::vector<std::uint64_t> counting;
  std::vector<Event> only_counting;
  Timestamp latest{INT64_MIN};
  for (const PlacedEvent& placed : *story) {
    RC_ASSERT(latest <= placed.at);
    latest = placed.at;
    if (!placed.counts) continue;
    counting.push_back(placed.event->seq.value);
    only_counting.push_back(*placed.event);
  }
  std::sort(only_counting.begin(), only_counting.end(),
            [](const Event& a, const Event& b) { return a.seq < b.seq; });
  std::vector<std::uint64_t> expected;
  const auto order = fold_order(only_counting);
  for (const Event* event : *order) expected.push_back(event->seq.value);
  RC_ASSERT(story->size() == events.size());
  RC_ASSERT(counting == expected);
}

// -- Blame ----------------------------------------------------------------------------------------

std::map<std::string, ColumnBlame> blame_of(const std::vector<Event>& events) {
  auto blames = blame_medium(events);
  EXPECT_TRUE(blames) << blames.error().message;
  std::map<std::string, ColumnBlame> out;
  for (const ColumnBlame& blame : *blames) out.emplace(blame.column, blame);
  return out;
}

TEST(Blame, NamesTheEventOfEachColumnJudgedAtTheEndToo) {
  History history;
  events::MediumIdentified facts;
  facts.medium_human = "disk";
  facts.source = {"image", {"/a.img"}};
  history.add(facts, 10);
  events::MapfileObserved map;
  map.total_bytes = 100;
  map.rescued_bytes = 95;
  const Sequence mapfile = history.add(map, 20);
  const Sequence load = history.load(30);
  events::CopySuccess complete;
  complete.load = load.value;
  complete.failed = 2;
  const Sequence copy = history.add(complete, 40);
  history.add(events::Note{"nothing"}, 50);
  auto blame = blame_of(history.events_);
  EXPECT_EQ(blame["medium_hash"].set_by, (Sequence{1}));
  EXPECT_EQ(blame["medium_human"].set_by, (Sequence{1}));
  EXPECT_EQ(blame["health"].set_by, mapfile);
  EXPECT_EQ(blame["health"].value, RowValue("incomplete"));
  ASSERT_EQ(blame["health"].former.size(), 1U);  // ok, before anything said otherwise
  EXPECT_EQ(blame["health"].former[0].set_by, Sequence{});
  EXPECT_EQ(blame["enum_done"].set_by, load);
  EXPECT_EQ(blame["generation"].set_by, load);
  EXPECT_EQ(blame["copy_done"].set_by, copy);
  EXPECT_EQ(blame["problems"].set_by, copy);
  EXPECT_EQ(blame["last_seq"].set_by, copy);
  EXPECT_EQ(blame["message"].set_by, Sequence{});
  EXPECT_EQ(blame["message"].value, RowValue());
}

TEST(Blame, HistoryHasEveryFormerValueWithItsEvent) {
  History history;
  const Sequence first = history.load(10, 1);
  const Sequence copy = history.copy(20, first, 1);
  const Sequence second = history.load(30, 2);
  auto blame = blame_of(history.events_);
  EXPECT_EQ(blame["enum_done"].value, RowValue(Timestamp{30}));
  EXPECT_EQ(blame["enum_done"].set_by, second);
  ASSERT_EQ(blame["enum_done"].former.size(), 1U);
  EXPECT_EQ(blame["enum_done"].former[0].value, RowValue(Timestamp{10}));
  EXPECT_EQ(blame["enum_done"].former[0].set_by, first);
  // The new load took the old copy's completion away.
  EXPECT_EQ(blame["copy_done"].value, RowValue());
  EXPECT_EQ(blame["copy_done"].set_by, second);
  ASSERT_EQ(blame["copy_done"].former.size(), 1U);
  EXPECT_EQ(blame["copy_done"].former[0].set_by, copy);
}

TEST(Blame, AValueThatARetractionBroughtBackIsItsFirstEventsAndNamesTheRetraction) {
  History history;
  const Sequence right = history.add(events::MediumLabelled{"right"}, 10);
  const Sequence wrong = history.add(events::MediumLabelled{"wrong"}, 20);
  const Sequence retraction = history.retract(wrong, 30);
  auto message = blame_of(history.events_)["message"];
  EXPECT_EQ(message.value, RowValue("right"));
  EXPECT_EQ(message.set_by, right);
  EXPECT_EQ(message.retraction, retraction);
  ASSERT_EQ(message.former.size(), 2U);
  EXPECT_EQ(message.former[0].value, RowValue("right"));
  EXPECT_EQ(message.former[1].value, RowValue("wrong"));
  EXPECT_EQ(message.former[1].set_by, wrong);
}

TEST(Blame, AValueThatARetractionTookAwayIsTheRetractions) {
  History history;
  const Sequence load = history.load(10);
  const Sequence retraction = history.retract(load, 20);
  auto blame = blame_of(history.events_);
  EXPECT_EQ(blame["enum_done"].value, RowValue());
  EXPECT_EQ(blame["enum_done"].set_by, retraction);
  EXPECT_EQ(blame["enum_done"].retraction, retraction);
  const Sequence again = history.retract(retraction, 30);
  blame = blame_of(history.events_);
  EXPECT_EQ(blame["enum_done"].value, RowValue(Timestamp{10}));
  EXPECT_EQ(blame["enum_done"].set_by, load);
  EXPECT_EQ(blame["enum_done"].retraction, again);
  EXPECT_EQ(blame["enum_done"].former.size(), 2U);
  EXPECT_EQ(blame["last_seq"].set_by, again);
}

TEST(Blame, AColumnThatARetractionLeftEmptyIsTheRetractionsThoughAnEventHadEmptiedItBefore) {
  History history;
  const Sequence first = history.load(10, 1);
  history.copy(20, first, 1);
  const Sequence second = history.load(30, 2);  // empties copy_done
  const Sequence copy = history.copy(40, second, 2);
  const Sequence retraction = history.retract(copy, 50);
  auto copy_done = blame_of(history.events_)["copy_done"];
  EXPECT_EQ(copy_done.value, RowValue());
  EXPECT_EQ(copy_done.set_by, retraction);
  EXPECT_EQ(copy_done.former.size(), 3U);
}

TEST(Blame, ALateFactIsAFormerValueWhereItBelongsInTime) {
  History history;
  const Sequence ours = history.add(events::MediumLabelled{"ours"}, 100);
  const Sequence old = history.add(events::MediumLabelled{"old"}, 50, {}, Origin::imported);
  auto message = blame_of(history.events_)["message"];
  EXPECT_EQ(message.set_by, ours);
  ASSERT_EQ(message.former.size(), 1U);
  EXPECT_EQ(message.former[0].set_by, old);
}

RC_GTEST_PROP(Blame, SaysWhatTheFoldSays, ()) {
  const auto events = any_mixed_history();
  RC_PRE(!events.empty());
  const auto blames = blame_medium(events);
  RC_ASSERT(blames);
  const auto row = medium_row(History::fold_of(events));
  RC_ASSERT(blames->size() == row.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    RC_ASSERT(blames->at(i).column == row[i].name);
    RC_ASSERT(blames->at(i).value == row[i].value);
  }
}

// The slow way to the same answer: whole folds of every beginning of the log.
RC_GTEST_PROP(Blame, AgreesWithFoldsOfEveryPrefix, ()) {
  auto events = any_history(Origin::native, true);
  std::erase_if(events, [](const Event& e) { return e.type == events::Retraction::kType; });
  RC_PRE(!events.empty());
  std::vector<Sequence> set_by(medium_row({}).size());
  std::vector<std::size_t> changes(set_by.size());
  auto row = medium_row(History::fold_of({}));
  for (std::size_t length = 1; length <= events.size(); ++length) {
    const std::vector<Event> prefix(events.begin(),
                                    events.begin() + static_cast<std::ptrdiff_t>(length));
    const auto next = medium_row(History::fold_of(prefix));
    for (std::size_t i = 0; i < next.size(); ++i) {
      if (next[i].value == row[i].value) continue;
      set_by[i] = events[length - 1].seq;
      changes[i] += 1;
    }
    row = next;
  }
  const auto blames = blame_medium(events);
  RC_ASSERT(blames);
  for (std::size_t i = 0; i < set_by.size(); ++i) {
    if (blames->at(i).column == "last_seq") continue;
    RC_ASSERT(blames->at(i).set_by == set_by[i]);
    const auto& former = blames->at(i).former;
    const bool had_default = !former.empty() && !former.front().set_by;
    const std::size_t listed = set_by[i] ? former.size() + 1 - (had_default ? 1 : 0) : 0;
    RC_ASSERT(changes[i] == listed);
  }
}

// -- Generations ----------------------------------------------------------------------------------

TEST(GenerationList, HasEveryLoadWithItsSourceItsCopyAndWhetherItCounts) {
  History history;
  const auto enumerate = [&](std::uint64_t manifest, const std::string& path, std::int64_t at) {
    events::EnumSuccess done;
    done.manifest = manifest;
    done.source = {"directory", {path}};
    return history.add(done, at);
  };
  const auto load = [&](std::uint32_t generation, std::uint64_t manifest, std::int64_t at) {
    events::LoadSuccess done;
    done.generation = generation;
    done.manifest = manifest;
    done.path_count = 10 * generation;
    return history.add(done, at);
  };
  const Sequence first_enum = enumerate(501, "/old", 10);
  const Sequence first = load(1, 501, 11);
  const Sequence copy = history.copy(12, first, 1);
  enumerate(502, "/new", 20);
  const Sequence second = load(2, 502, 21);
  auto list = list_generations(history.events_);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 2U);
  EXPECT_EQ(list->at(0).enumerated->seq, first_enum);
  EXPECT_EQ(list->at(0).source.path.bytes, "/old");
  EXPECT_EQ(list->at(0).copied->seq, copy);
  EXPECT_EQ(list->at(0).facts.path_count, 10U);
  EXPECT_FALSE(list->at(0).is_current);
  EXPECT_EQ(list->at(1).load.seq, second);
  EXPECT_FALSE(list->at(1).copied);
  EXPECT_TRUE(list->at(1).is_current);
  const Sequence retraction = history.retract(second, 30);
  list = list_generations(history.events_);
  EXPECT_EQ(list->at(1).retracted_by, retraction);
  EXPECT_FALSE(list->at(1).is_current);
  EXPECT_TRUE(list->at(0).is_current);
}

// -- Correction -----------------------------------------------------------------------------------

template <class Payload>
std::string refusal_of(const Payload& payload, Origin origin = Origin::native) {
  History history;
  history.add(payload, 10, {}, origin);
  return why_not_retractable(history.events_.back(), history.events_);
}

TEST(Correction, RefusesWhatNoStateComesFromAndPartsOfAWhole) {
  EXPECT_NE(refusal_of(events::PipelineStart{}), "");
  EXPECT_NE(refusal_of(events::PipelineDone{}), "");
  EXPECT_NE(refusal_of(events::PipelineAbort{}), "");
  EXPECT_NE(refusal_of(events::CleanupDone{}), "");
  EXPECT_NE(refusal_of(events::CheckpointSigned{}), "");
  EXPECT_NE(refusal_of(events::EnumStart{}), "");
  EXPECT_NE(refusal_of(events::EnumBatchData{}), "");
  EXPECT_NE(refusal_of(events::LoadBatchData{}), "");
  EXPECT_NE(refusal_of(events::VerifyBatchData{}), "");
  EXPECT_EQ(refusal_of(events::LoadSuccess{}), "");
  EXPECT_EQ(refusal_of(events::MediumLabelled{}), "");
  EXPECT_EQ(refusal_of(events::Note{}), "");
  EXPECT_EQ(refusal_of(events::CopyBatchData{}), "");
  EXPECT_EQ(refusal_of(events::EnumStart{}, Origin::imported), "");  // a claim, not our own act
}

TEST(Correction, RefusesABatchThatACompletedCopyCounts) {
  History history;
  const Sequence load = history.load(10);
  events::CopyBatchData outcomes;
  outcomes.load = load.value;
  const Sequence batch = history.add(outcomes, 20);
  const Sequence copy = history.copy(30, load);
  const auto refusal = [&] {
    return why_not_retractable(history.events_[batch.value - 1], history.events_);
  };
  EXPECT_NE(refusal().find("event " + std::to_string(copy.value)), std::string::npos);
  history.retract(copy, 40);
  EXPECT_EQ(refusal(), "");
}

TEST(Correction, RefusesWhatIsRetractedAlreadyAndSaysByWhich) {
  History history;
  const Sequence load = history.load(10);
  const Sequence retraction = history.retract(load, 20);
  const auto refusal = [&] {
    return why_not_retractable(history.events_[load.value - 1], history.events_);
  };
  EXPECT_NE(refusal().find("by event " + std::to_string(retraction.value)), std::string::npos);
  EXPECT_EQ(why_not_retractable(history.events_.back(), history.events_), "");
  history.retract(retraction, 30);  // it counts again, so it can be retracted again
  EXPECT_EQ(refusal(), "");
}

TEST(Correction, ShowsTheColumnsThatARetractionChanges) {
  History history;
  const Sequence load = history.load(10);
  history.copy(20, load);
  const auto before = history.events_;
  history.retract(load, 30);
  const auto effect = effect_of(before, history.events_.back());
  std::vector<std::string> names;
  for (const RowDifference& difference : effect) names.emplace_back(difference.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"enum_done", "copy_done", "generation", "enum_done_seq",
                                      "copy_done_seq", "enum_done_basis", "copy_done_basis"}));
  EXPECT_EQ(effect.front().before, RowValue(Timestamp{10}));
  EXPECT_EQ(effect.front().after, RowValue());
}

}  // namespace
}  // namespace ntt::projector
