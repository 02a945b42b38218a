// A fold goes as far as the events can be read, and no event of before is lost.

#include "projector/partial_fold.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "projector/as_of.h"
#include "projector/correction.h"
#include "tests/projector/history.h"

namespace ntt::tests {
namespace {

using events::Event;
using projector::fold_partly;
using projector::why_not_retractable;

class PartialFoldTest : public testing::Test {
 protected:
  events::Sequence spoilt(events::Sequence seq) {
    history_.events_[seq.value - 1].data = R"({"label":5,"retracts":"x"})";
    return seq;
  }
  History history_;
};

TEST_F(PartialFoldTest, AMediumIsWhatItWasBeforeTheEventThatStopsIt) {
  history_.add(events::MediumLabelled{"box 1"}, 1);
  const auto bad = spoilt(history_.add(events::MediumLabelled{"box 2"}, 2));
  history_.add(events::MediumLabelled{"box 3"}, 3);
  const auto fold = fold_partly(history_.events_);
  EXPECT_EQ(fold.state.message, "box 1");
  ASSERT_TRUE(fold.stop);
  EXPECT_EQ(fold.stop->at, bad);
  EXPECT_NE(fold.stop->reason.find("event 2 (medium_labelled)"), std::string::npos);
}

TEST_F(PartialFoldTest, TheFirstOfSeveralStops) {
  const auto first = spoilt(history_.add(events::MediumLabelled{"box 1"}, 1));
  spoilt(history_.add(events::MediumLabelled{"box 2"}, 2));
  spoilt(history_.retract(first, 3));
  EXPECT_EQ(fold_partly(history_.events_).stop->at, first);
}

TEST_F(PartialFoldTest, WhatIsRetractedStopsNothing) {
  history_.add(events::MediumLabelled{"box 1"}, 1);
  const auto bad = spoilt(history_.add(events::MediumLabelled{"box 2"}, 2));
  const auto retraction = history_.retract(bad, 3);
  auto fold = fold_partly(history_.events_);
  EXPECT_FALSE(fold.stop) << fold.stop->reason;
  EXPECT_EQ(fold.state.message, "box 1");
  history_.retract(retraction, 4);
  EXPECT_EQ(fold_partly(history_.events_).stop->at, bad);
}

TEST_F(PartialFoldTest, ARetractionThatCannotBeReadStopsUnlessItIsRetracted) {
  const auto label = history_.add(events::MediumLabelled{"box 1"}, 1);
  const auto bad = spoilt(history_.retract(label, 2));
  EXPECT_EQ(fold_partly(history_.events_).stop->at, bad);
  EXPECT_EQ(fold_partly(history_.events_).state.message, "box 1");
  history_.retract(bad, 3);
  EXPECT_FALSE(fold_partly(history_.events_).stop);
}

TEST_F(PartialFoldTest, AManifestWithTwoOutcomesForAVolumeContradictsItself) {
  const auto start = history_.add(events::EnumStart{}, 1);
  events::EnumSuccess manifest;
  manifest.manifest = start.value;
  manifest.volumes.resize(2);
  const auto bad = history_.add(manifest, 2, start);
  events::LoadSuccess load;
  load.manifest = start.value;
  history_.add(load, 3);
  EXPECT_EQ(fold_partly(history_.events_).stop->at, bad);
}

TEST_F(PartialFoldTest, WhatCannotBeReadMayBeRetractedWhateverItIs) {
  for (const auto seq : {history_.add(events::CopyStart{}, 1), history_.load(2)}) {
    history_.events_[seq.value - 1].data = "[]";
    const Event& event = history_.events_[seq.value - 1];
    EXPECT_EQ(why_not_retractable(event, history_.events_), "") << event.type;
    history_.retract(seq, 3);
    EXPECT_NE(why_not_retractable(history_.events_[seq.value - 1], history_.events_), "");
  }
}

RC_GTEST_PROP(PartialFold, IsTheWholeFoldOfWhatCanBeFolded, ()) {
  const auto events = any_mixed_history();
  const auto fold = fold_partly(events);
  RC_ASSERT(!fold.stop);
  if (!events.empty()) RC_ASSERT(fold.state == History::fold_of(events));
}

// `ntt state --at` before the event says the same.
RC_GTEST_PROP(PartialFold, StandsAsOfTheEventBefore, ()) {
  auto events = any_mixed_history();
  RC_PRE(!events.empty());
  const auto at = *rc::gen::inRange<std::size_t>(0, events.size());
  events[at].data = "[]";
  const auto fold = fold_partly(events);
  if (!fold.stop) return;
  RC_ASSERT(fold.stop->at == events[at].seq);
  std::erase_if(events, [&](const Event& event) { return event.seq == fold.stop->at; });
  const auto before = projector::events_as_of(
      events, {.at = events::Sequence{fold.stop->at.value - 1}, .known_at = {}});
  RC_ASSERT(before.has_value());
  auto state = History::fold_of(*before);
  state.medium = fold.state.medium;
  // A state of nothing has no retraction to depend on.
  if (before->empty()) state.last_seq = fold.state.last_seq;
  RC_ASSERT(fold.state == state);
}

}  // namespace
}  // namespace ntt::tests
