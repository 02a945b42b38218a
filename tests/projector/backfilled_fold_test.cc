// What the fold makes of backfilled events: facts with the time that their evidence gives, as a
// bound, or with none; and the row of an earlier system's table as hearsay.

#include <gtest/gtest.h>

#include "projector/medium_row.h"
#include "tests/projector/history.h"

namespace ntt::tests {
namespace {

using events::Origin;
using events::Sequence;
using projector::copy_done_basis;
using projector::enum_done_basis;
using projector::MediumState;
using projector::Stamp;

events::Evidence dated(const std::string& by, const std::string& time_is) {
  events::Evidence evidence;
  evidence.dated_by = by;
  evidence.time_is = time_is;
  return evidence;
}

// A load and its copy with this evidence.
History adopted(const events::Evidence& load, const events::Evidence& copy, std::int64_t load_at,
                std::int64_t copy_at) {
  History history;
  events::LoadSuccess loaded;
  loaded.generation = 1;
  loaded.evidence = load;
  const Sequence seq = history.add(loaded, load_at, {}, Origin::backfilled);
  events::CopySuccess copied;
  copied.load = seq.value;
  copied.generation = 1;
  copied.evidence = copy;
  history.add(copied, copy_at, {}, Origin::backfilled);
  return history;
}

TEST(BackfilledFold, ADatedFactSetsItsTimestampAndSaysWhatDatesIt) {
  const MediumState state =
      adopted(dated("processed_at", "upper_bound"), dated("legacy_log", "exact"), 10, 20).fold();
  EXPECT_EQ(state.enum_done, (Stamp{{10}, {1}}));
  EXPECT_EQ(state.copy_done, (Stamp{{20}, {2}}));
  EXPECT_EQ(enum_done_basis(state), "not later than processed_at");
  EXPECT_EQ(copy_done_basis(state), "legacy_log");
}

TEST(BackfilledFold, AnUndatedFactIsCompleteAndHasNoTimestamp) {
  const MediumState state = adopted(dated("", "unknown"), dated("", "unknown"), 0, 0).fold();
  EXPECT_FALSE(state.enum_done || state.copy_done);
  EXPECT_TRUE(state.load && state.copy);
  EXPECT_EQ(state.generation, 1U);
  EXPECT_EQ(state.copy_seq, Sequence{2});
  EXPECT_EQ(enum_done_basis(state), "unknown");
  EXPECT_FALSE(state.added_at) << "1970 is nobody's time";
}

TEST(BackfilledFold, CopyDoneNeverStandsWithoutEnumDone) {
  const MediumState state =
      adopted(dated("", "unknown"), dated("processed_at", "exact"), 0, 20).fold();
  EXPECT_FALSE(state.copy_done);
  EXPECT_TRUE(state.copy);
}

TEST(BackfilledFold, AVerifyOfAnUndatedCopyCounts) {
  History history = adopted(dated("", "unknown"), dated("", "unknown"), 0, 0);
  events::VerifySuccess verified;
  verified.copy = 2;
  verified.missing = 1;
  history.add(verified, 50);
  EXPECT_TRUE(history.fold().verify_done);
  EXPECT_TRUE(history.fold().is_damaged);
}

TEST(BackfilledFold, TheOldTablesRowIsTakenUntilSomethingWasSeen) {
  History history;
  events::LegacyMedium row;
  row.says = {{"medium_human", "WD800"},     {"message", "Diary"},
              {"health", "incomplete"},      {"image_path", "/img/a.img"},
              {"problems", R"({"a":true})"}, {"diagnostics", "lsblk"}};
  history.add(row, 10, {}, Origin::backfilled);
  MediumState state = history.fold();
  EXPECT_EQ(state.medium_human, "WD800");
  EXPECT_EQ(state.message, "Diary");
  EXPECT_EQ(state.health, "incomplete");
  EXPECT_EQ(state.source_kind, "image");
  EXPECT_EQ(state.problems, std::vector<std::string>{R"(the earlier system says: {"a":true})"});
  EXPECT_FALSE(state.enum_done) << "a row's times are no events";
  events::MediumIdentified seen;
  seen.medium_human = "disk";
  seen.source = {"image", {"/new/a.img"}};
  history.add(seen, 20);
  events::MapfileObserved mapfile;
  mapfile.total_bytes = mapfile.rescued_bytes = 100;
  history.add(mapfile, 21);
  history.add(row, 30, {}, Origin::backfilled);
  state = history.fold();
  EXPECT_EQ(state.medium_human, "disk");
  EXPECT_EQ(state.image_path, "/new/a.img");
  EXPECT_EQ(state.health, "ok");
}

TEST(BackfilledFold, AHealthThatIsNoneOfTheFourIsNotTaken) {
  for (const char* word : {"true", "false", "NULL", ""}) {
    History history;
    events::LegacyMedium row;
    row.says = {{"health", word}};
    history.add(row, 10, {}, Origin::backfilled);
    EXPECT_EQ(history.fold().health, "ok") << word;
  }
}

}  // namespace
}  // namespace ntt::tests
