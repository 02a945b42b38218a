// When an earlier system did what it did: which evidence decides, and what is told of the rest.

#include "stages/dating.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace ntt::tests {
namespace {

using stages::ClaimedTime;
using stages::date;
using stages::Dated;
using stages::TableTime;
using stages::TimesFound;
using stages::Timestamp;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::int64_t kNoon = 1'759'665'600 * kSecond;  // 2025-10-05T12:00:00Z

Timestamp at(std::int64_t after_noon) {
  return {kNoon + after_noon};
}
ClaimedTime claim(std::int64_t after_noon) {
  return {at(after_noon), kSecond};
}
std::string verdict(const Dated& dated, const std::string& source) {
  for (const auto& time : dated.times) {
    if (time.source == source) return time.verdict;
  }
  return "";
}

TEST(Dating, WithoutEvidenceThereIsNoTime) {
  const auto [load, copy] = date({});
  EXPECT_FALSE(load.at);
  EXPECT_FALSE(copy.at);
  EXPECT_EQ(load.time_is, "unknown");
  EXPECT_EQ(copy.dated_by, "");
}

TEST(Dating, TheOldLogDecidesFirst) {
  TimesFound found;
  found.load_claims = {claim(-kHour)};
  found.copy_claims = {claim(kHour)};
  found.first_processed = at(0);
  found.last_processed = at(kHour / 2);
  found.archive_written = at(9 * kHour);
  const auto [load, copy] = date(found);
  EXPECT_EQ(load.at, at(-kHour));
  EXPECT_EQ(copy.at, at(kHour));
  EXPECT_EQ(copy.dated_by, "legacy_log");
  EXPECT_EQ(copy.time_is, "exact");
  EXPECT_EQ(verdict(copy, "processed_at"), "unused");
  EXPECT_EQ(verdict(copy, "archive_file"), "bound");
  EXPECT_TRUE(copy.conflicts.empty());
}

TEST(Dating, WithoutALogTheLastFileDatesTheCopyAndTheFirstOneBoundsTheLoad) {
  TimesFound found;
  found.first_processed = at(0);
  found.last_processed = at(kHour);
  const auto [load, copy] = date(found);
  EXPECT_EQ(copy.at, at(kHour));
  EXPECT_EQ(copy.dated_by, "processed_at");
  EXPECT_EQ(copy.time_is, "exact");
  EXPECT_EQ(load.at, at(0));
  EXPECT_EQ(load.time_is, "upper_bound");
}

TEST(Dating, TheTablesOwnTimeStandsWhereBetterEvidenceConfirmsIt) {
  TimesFound found;
  found.load_claims = {claim(-kHour)};
  found.copy_claims = {claim(kHour)};
  found.first_processed = at(0);
  found.last_processed = at(kHour - 5 * kSecond);
  found.table_load = TableTime{at(-kHour + 123'456)};
  found.table_copy = TableTime{at(kHour + 987'654)};
  auto pair = date(found);
  EXPECT_EQ(pair.load.at, found.table_load->at);
  EXPECT_EQ(pair.copy.at, found.table_copy->at);
  EXPECT_EQ(verdict(pair.copy, "legacy_log"), "confirms");
  EXPECT_TRUE(pair.copy.conflicts.empty() && pair.load.conflicts.empty());
  found.load_claims.clear();
  found.copy_claims.clear();
  pair = date(found);
  EXPECT_EQ(pair.copy.at, found.table_copy->at) << "confirmed by the last file";
  EXPECT_EQ(pair.load.at, found.table_load->at) << "before the first file";
}

TEST(Dating, ATableTimeThatTheRowsContradictIsRefusedVisibly) {
  TimesFound found;
  found.first_processed = at(0);
  found.last_processed = at(kHour);
  found.table_load = TableTime{at(kHour / 2)};
  found.table_copy = TableTime{at(kHour / 2)};  // half an hour before the last file
  const auto [load, copy] = date(found);
  EXPECT_EQ(copy.at, at(kHour));
  EXPECT_TRUE(copy.table_is_wrong);
  ASSERT_EQ(copy.conflicts.size(), 1U);
  EXPECT_EQ(copy.conflicts[0],
            "copy_done of the table is 30 min earlier than what dates it, processed_at");
  EXPECT_EQ(load.at, at(0));
  EXPECT_EQ(verdict(load, "table"), "refused");
  EXPECT_EQ(load.conflicts.size(), 1U);
}

TEST(Dating, ATimeThatSeveralMediaShareIsABoundAndTheLastResort) {
  TimesFound found;
  found.table_copy = TableTime{at(50 * kHour), 32};
  auto pair = date(found);
  EXPECT_EQ(pair.copy.at, at(50 * kHour));
  EXPECT_EQ(pair.copy.time_is, "upper_bound");
  EXPECT_EQ(pair.copy.dated_by, "table_batch");
  EXPECT_EQ(pair.load.at, at(50 * kHour));
  EXPECT_EQ(pair.load.dated_by, "copy");
  found.archive_written = at(40 * kHour);
  pair = date(found);
  EXPECT_EQ(pair.copy.dated_by, "archive_file");
  EXPECT_EQ(pair.copy.time_is, "upper_bound");
  found.last_processed = at(kHour);
  pair = date(found);
  EXPECT_EQ(pair.copy.dated_by, "processed_at");
  ASSERT_EQ(pair.copy.conflicts.size(), 1U);
  EXPECT_NE(pair.copy.conflicts[0].find("2 d 1 h later"), std::string::npos);
  EXPECT_NE(pair.copy.conflicts[0].find("one of 32 identical ones"), std::string::npos);
}

TEST(Dating, ASuccessThatWasSaidBeforeTheLastFileIsNone) {
  TimesFound found;
  found.first_processed = at(0);
  found.last_processed = at(kHour);
  found.copy_claims = {claim(kHour / 2), claim(2 * kHour), claim(3 * kHour)};
  const auto copy = date(found).copy;
  EXPECT_EQ(copy.at, at(2 * kHour)) << "the first that can be true";
  EXPECT_EQ(copy.conflicts.size(), 1U);
  found.copy_claims = {claim(kHour / 2)};
  EXPECT_EQ(date(found).copy.dated_by, "processed_at");
}

TEST(Dating, AClaimOfWholeSecondsMayMeanAnyMomentOfItsSecond) {
  TimesFound found;
  found.first_processed = found.last_processed = at(999'999);
  found.copy_claims = {claim(0)};
  EXPECT_EQ(date(found).copy.dated_by, "legacy_log");
  found.last_processed = at(kSecond);
  EXPECT_EQ(date(found).copy.dated_by, "processed_at");
}

TEST(Dating, OfSeveralLoadsTheLastBeforeTheFirstFileCounts) {
  TimesFound found;
  found.first_processed = at(0);
  found.last_processed = at(kHour);
  found.load_claims = {claim(-3 * kHour), claim(-kHour), claim(2 * kHour)};
  const auto load = date(found).load;
  EXPECT_EQ(load.at, at(-kHour));
  EXPECT_EQ(load.conflicts.size(), 1U);
}

TEST(Dating, WithoutFilesTheLastLoadAndTheFirstCopyAfterItAreAPair) {
  TimesFound found;
  found.load_claims = {claim(0), claim(4 * kHour)};
  found.copy_claims = {claim(kHour), claim(5 * kHour), claim(6 * kHour)};
  const auto [load, copy] = date(found);
  EXPECT_EQ(load.at, at(4 * kHour));
  EXPECT_EQ(copy.at, at(5 * kHour));
}

TEST(Dating, AWeakerTimeNeverOverrulesABetterOne) {
  TimesFound found;
  found.load_claims = {claim(0)};
  found.table_copy = TableTime{at(-kHour), 2};
  found.archive_written = at(-2 * kHour);
  auto pair = date(found);
  EXPECT_EQ(pair.load.at, at(0));
  EXPECT_EQ(pair.load.dated_by, "legacy_log");
  EXPECT_FALSE(pair.copy.at) << "both bounds are before the load";
  EXPECT_EQ(pair.copy.conflicts.size(), 2U);
  found.table_load = TableTime{at(9 * kHour)};
  found.load_claims.clear();
  found.copy_claims = {claim(kHour)};
  found.archive_written.reset();
  pair = date(found);
  EXPECT_EQ(pair.copy.at, at(kHour));
  EXPECT_EQ(pair.load.at, at(kHour)) << "bounded by the copy";
  EXPECT_EQ(pair.load.conflicts.size(), 1U);
}

TEST(Dating, AnArchiveOlderThanTheLastFileIsToldOf) {
  TimesFound found;
  found.first_processed = at(0);
  found.last_processed = at(kHour);
  found.archive_written = at(-kHour);
  const auto copy = date(found).copy;
  EXPECT_EQ(verdict(copy, "archive_file"), "refused");
  EXPECT_EQ(copy.conflicts.size(), 1U);
}

TEST(Dating, AnArchiveIsDatedByTheLogOrBoundedByItsFile) {
  EXPECT_EQ(stages::date_archive({claim(0)}, at(0)).at, at(0));
  EXPECT_EQ(stages::date_archive({claim(0)}, at(kHour)).at, at(kHour)) << "written again";
  EXPECT_FALSE(stages::date_archive({}, std::nullopt).at);
  const Dated by_file = stages::date_archive({}, at(kHour));
  EXPECT_EQ(by_file.at, at(kHour));
  EXPECT_EQ(by_file.time_is, "upper_bound");
}

// Whatever was written down: a load is never later than its copy, a time that is given was written
// down by somebody, and every time that was found is listed once.
TEST(Dating, HoldsForAnyTimes) {
  EXPECT_TRUE(rc::check([] {
    const auto some = [] { return at(*rc::gen::inRange<std::int64_t>(-9, 9) * kSecond / 2); };
    const auto claims = [&] {
      std::vector<ClaimedTime> out(*rc::gen::inRange<std::size_t>(0, 3));
      for (auto& each : out) each = {some(), kSecond};
      return out;
    };
    const auto table = [&]() -> std::optional<TableTime> {
      if (*rc::gen::arbitrary<bool>()) return std::nullopt;
      return TableTime{some(), *rc::gen::inRange<std::size_t>(1, 3)};
    };
    TimesFound found{claims(), claims(), table(), table(), {}, {}, {}};
    if (*rc::gen::arbitrary<bool>()) {
      const Timestamp a = some();
      const Timestamp b = some();
      found.first_processed = std::min(a, b);
      found.last_processed = std::max(a, b);
    }
    if (*rc::gen::arbitrary<bool>()) found.archive_written = some();
    const auto [load, copy] = date(found);
    if (copy.at) RC_ASSERT(load.at.has_value());
    if (load.at && copy.at) RC_ASSERT(*load.at <= *copy.at);
    for (const Dated* dated : {&load, &copy}) {
      RC_ASSERT(dated->at.has_value() == (dated->time_is != "unknown"));
      std::size_t chosen = 0;
      for (const auto& time : dated->times) {
        if (time.verdict != "chosen") continue;
        chosen += 1;
        RC_ASSERT(time.at == events::to_rfc3339(*dated->at));
        RC_ASSERT(time.source == dated->dated_by);
      }
      RC_ASSERT(chosen == (dated->at ? 1U : 0U));
      const bool is_by_hand = dated->dated_by == "table_batch" || dated->dated_by == "archive_file";
      RC_ASSERT(!is_by_hand || dated->time_is == "upper_bound");
    }
    const auto listed = static_cast<std::size_t>(
        std::count_if(copy.times.begin(), copy.times.end(),
                      [](const auto& time) { return time.source == "legacy_log"; }));
    RC_ASSERT(listed >= found.copy_claims.size());
  }));
}

}  // namespace
}  // namespace ntt::tests
