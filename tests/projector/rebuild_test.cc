// Rebuild: made beside the live tables, put in their place at once, and harmless when it fails.

#include "projector/rebuild.h"

#include <gtest/gtest.h>

#include "projector/examination.h"
#include "projector/shadow.h"
#include "projector/table_dump.h"
#include "tests/projector/tables_fixture.h"

namespace ntt::tests {
namespace {

using events::Errc;
using events::VerifyOutcome;

const std::string kOther = "fedcba9876543210fedcba9876543210";

class RebuildTest : public TablesTest {
 protected:
  void SetUp() override {
    TablesTest::SetUp();
    ask_as(cluster_.owner_url(), "DROP SCHEMA IF EXISTS ntt_previous CASCADE");
  }

  // A medium from its first event to its last; contents differ by `salt`.
  void tell(const std::string& medium, std::uint64_t salt) {
    Story story = this->story(medium);
    story.identify();
    story.enumerate({{other_entry(events::EntryType::directory, "", 2), file_entry("a", 10),
                      file_entry("b", 11), file_entry("a-again", 10)}});
    story.load({{{3}, {}, events::Ordinal{1}}});
    story.copy_begin();
    std::vector<events::CopyRecord> copies = {Story::stored(1), Story::stored(2)};
    for (auto& copy : copies) copy.blob.bytes[0] = static_cast<std::uint8_t>(salt);
    story.copy_some(copies);
    story.copy_end();
    std::vector<events::VerifyRecord> checks(1);
    checks[0].blob = copies[0].blob;
    checks[0].outcome = VerifyOutcome::intact;
    story.verify(checks);
  }

  projector::RebuildReport rebuild(const projector::ProjectProgress& progress = {}) {
    auto report = projector::rebuild(cluster_.owner_url(), *log_, progress);
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : projector::RebuildReport{};
  }

  // What a projector that begins with nothing makes of the log.
  std::string fresh_dump() {
    ask_as(cluster_.owner_url(), "DROP SCHEMA ntt CASCADE");
    connect();
    project();
    return dump();
  }
};

TEST_F(RebuildTest, AfterTheSchemaIsDroppedTheDumpIsTheSameByteForByte) {
  tell(kOther, 1);
  project();
  tell(kMedium, 2);
  project();
  const std::string before = pg_dump();
  ASSERT_NE(before.find(kOther), std::string::npos);
  ask_as(cluster_.owner_url(), "DROP SCHEMA ntt CASCADE");
  rebuild();
  EXPECT_EQ(pg_dump(), before);
  rebuild();
  EXPECT_EQ(pg_dump(), before);
}

TEST_F(RebuildTest, TablesThatGrewBitByBitHaveTheSameRows) {
  Story story = this->story();
  story.identify();
  project();
  story.enumerate({{file_entry("a", 10), file_entry("b", 11)}});
  story.load();
  project();
  story.copy_begin();
  story.copy_some({Story::stored(0)});
  project();
  story.copy_some({Story::stored(1)});
  story.copy_end();
  project();
  const std::string before = dump();
  rebuild();
  EXPECT_EQ(dump(), before);
}

TEST_F(RebuildTest, ADumpMeanwhileSaysThatTheTablesWereExchanged) {
  tell(kMedium, 1);
  project();
  std::string all;
  const auto status =
      projector::dump_tables(cluster_.reader_url(), [&](std::string_view piece) -> events::Status {
        if (all.empty()) rebuild();
        all += piece;
        return {};
      });
  ASSERT_FALSE(status) << all;
  EXPECT_EQ(status.error().code, events::Errc::conflict);
  EXPECT_NE(status.error().message.find("rebuild"), std::string::npos) << status.error().message;
}

TEST_F(RebuildTest, ReadersReadAndStagesAppendMeanwhile) {
  tell(kMedium, 1);
  project();
  bool appended = false;
  rebuild([&](std::string_view what, std::uint64_t, std::uint64_t) {
    if (appended || what.substr(0, 5) != "inode") return;
    appended = true;
    EXPECT_EQ(ask("SELECT count(*) FROM path"), "4\n");
    tell(kOther, 2);
    project();  // the live tables go on, too
    EXPECT_EQ(ask("SELECT count(*) FROM path"), "8\n");
  });
  ASSERT_TRUE(appended);
  const std::string rebuilt = dump();
  EXPECT_EQ(ask("SELECT count(*) FROM path"), "8\n");
  EXPECT_EQ(rebuilt, fresh_dump());
}

TEST_F(RebuildTest, AReaderInALongTransactionIsNotDisturbed) {
  tell(kMedium, 1);
  project();
  Process reader({"psql", cluster_.reader_url(), "-XAtc",
                  "BEGIN; SELECT count(*) FROM inode; SELECT pg_sleep(60)"});
  while (ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "0\n") {
  }
  rebuild();
  EXPECT_TRUE(reader.is_running());
  EXPECT_EQ(ask("SELECT count(*) FROM inode"), "3\n");
  std::string administrator = cluster_.owner_url();  // else the backend sleeps on
  administrator.replace(administrator.find("ntt_projector"), 13, "ntt_admin");
  ask_as(administrator,
         "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ntt_reader'");
}

TEST_F(RebuildTest, KeepsWhatWasLiveAndSwapsBack) {
  tell(kMedium, 1);
  project();
  ask_as(cluster_.owner_url(), "UPDATE ntt.medium SET message = 'by hand'");
  const auto report = rebuild();
  EXPECT_EQ(report.to, log_->head()->seq);
  ASSERT_FALSE(report.counts.empty());
  for (const auto& count : report.counts) EXPECT_EQ(count.before, count.now) << count.table;
  EXPECT_EQ(ask("SELECT message FROM medium"), "\n");
  EXPECT_EQ(ask("SELECT message FROM ntt_previous.medium"), "by hand\n");
  ASSERT_TRUE(projector::roll_back_rebuild(cluster_.owner_url()));
  EXPECT_EQ(ask("SELECT message FROM medium"), "by hand\n");
  ASSERT_TRUE(projector::roll_back_rebuild(cluster_.owner_url()));
  EXPECT_EQ(ask("SELECT message FROM medium"), "\n");
  EXPECT_TRUE(projector::drop_previous(cluster_.owner_url()).value());
  EXPECT_FALSE(projector::drop_previous(cluster_.owner_url()).value());
  EXPECT_EQ(projector::roll_back_rebuild(cluster_.owner_url()).error().code, Errc::not_found);
  tell(kOther, 2);
  project();
  EXPECT_EQ(ask("SELECT count(*) FROM medium"), "2\n");
}

TEST_F(RebuildTest, AServerThatStopsHarmsNothing) {
  tell(kMedium, 1);
  project();
  const std::string before = dump();
  bool stopped = false;
  auto report = projector::rebuild(cluster_.owner_url(), *log_,
                                   [&](std::string_view what, std::uint64_t, std::uint64_t) {
                                     if (!stopped && what.substr(0, 4) == "path")
                                       stopped = cluster_.stop().has_value();
                                   });
  ASSERT_TRUE(stopped);
  EXPECT_FALSE(report);
  ASSERT_TRUE(cluster_.ensure_running());
  EXPECT_EQ(dump(), before);
  rebuild();
  EXPECT_EQ(dump(), before);
  EXPECT_EQ(ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'ntt_next'"), "0\n");
}

TEST_F(RebuildTest, WhatAnInterruptedOneLeftIsDropped) {
  tell(kMedium, 1);
  project();
  const std::string before = dump();
  {
    auto left = projector::Shadow::open(cluster_.owner_url(), "ntt_next");
    ASSERT_TRUE(left);
    ASSERT_TRUE((*left)->build(*log_, log_->head_at({4}).value(), {}, {}));
    auto second = projector::rebuild(cluster_.owner_url(), *log_, {});
    ASSERT_FALSE(second) << "two at once";
    EXPECT_EQ(second.error().code, Errc::conflict);
  }
  rebuild();
  EXPECT_EQ(dump(), before);
}

TEST_F(RebuildTest, OneMediumIsRedoneInPlaceAndNoOther) {
  tell(kMedium, 1);
  tell(kOther, 2);
  project();
  const std::string before = dump();
  ask_as(cluster_.owner_url(),
         "UPDATE ntt.medium SET message = 'by hand', copy_done = NULL, copy_done_seq = NULL; "
         "DELETE FROM ntt.stage_attempt WHERE stage = 'copy'; UPDATE ntt.inode SET size = 77; "
         "DELETE FROM ntt.path; UPDATE ntt.event SET origin = 'imported'; DELETE FROM "
         "ntt.queue_stats");
  auto rows = projector::rebuild_medium(cluster_.owner_url(), *log_, {kMedium}, {});
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->rows, 7U);
  EXPECT_EQ(ask("SELECT DISTINCT medium_hash FROM inode WHERE size = 77"), kOther + "\n");
  EXPECT_EQ(ask("SELECT DISTINCT medium_hash FROM event WHERE origin = 'imported'"), kOther + "\n");
  ASSERT_TRUE(projector::rebuild_medium(cluster_.owner_url(), *log_, {kOther}, {}));
  EXPECT_EQ(dump(), before);
  EXPECT_EQ(projector::rebuild_medium(cluster_.owner_url(), *log_, {"absent"}, {}).error().code,
            Errc::not_found);
}

TEST_F(RebuildTest, TablesThatHaveSeenMoreThanTheLogAreNotReplaced) {
  tell(kMedium, 1);
  project();
  const std::string before = dump();
  open_log("shorter");
  story(kMedium).identify();
  auto report = projector::rebuild(cluster_.owner_url(), *log_, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::corruption);
  EXPECT_EQ(dump(), before);
}

TEST_F(RebuildTest, TablesOfAnotherVersionAreLeftAloneUntilTold) {
  tell(kMedium, 1);
  project();
  ask_as(cluster_.owner_url(),
         "UPDATE ntt.projection_checkpoint SET version = 999; UPDATE ntt.medium SET copy_done = "
         "NULL, copy_done_seq = NULL");
  const std::string before = dump();
  tell(kOther, 2);
  auto refused = projector_->catch_up(*log_, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid);
  EXPECT_NE(refused.error().message.find("ntt rebuild"), std::string::npos);
  EXPECT_EQ(dump(), before);
  {
    auto examination = projector::Examination::begin(cluster_.owner_url(), *log_, {}, {});
    ASSERT_TRUE(examination) << examination.error().message;
    EXPECT_EQ((*examination)->live_version(), 999);
    std::vector<std::string> columns;
    ASSERT_TRUE((*examination)->compare(*log_, false, [&](const projector::Difference& difference) {
      columns.push_back(difference.column);
      EXPECT_EQ(difference.medium, kMedium);
      EXPECT_EQ(log_->read(difference.event)->type, "copy_success");
      return events::Status();
    }));
    EXPECT_EQ(columns, (std::vector<std::string>{"copy_done", "copy_done_seq"}));
  }
  rebuild();
  EXPECT_EQ(ask("SELECT count(copy_done) FROM medium"), "2\n");
}

TEST_F(RebuildTest, ViewsOfOthersAreNamedAndNotLeftAtTheOldTables) {
  tell(kMedium, 1);
  project();
  ask_as(cluster_.owner_url(),
         "CREATE SCHEMA mine; CREATE VIEW mine.report AS SELECT * FROM ntt.medium");
  auto refused = projector::rebuild(cluster_.owner_url(), *log_, {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("mine.report"), std::string::npos)
      << refused.error().message;
  ask_as(cluster_.owner_url(), "DROP SCHEMA mine CASCADE");
  rebuild();
}

TEST_F(RebuildTest, ATypeThatThisProgramDoesNotKnowStopsIt) {
  tell(kMedium, 1);
  events::NewEvent event;
  event.id = events::new_event_id(clock_);
  event.type = "hologram_made";
  event.medium = {kMedium};
  ASSERT_TRUE(log_->append_one(event));
  project();
  auto refused = projector::rebuild(cluster_.owner_url(), *log_, {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("hologram_made"), std::string::npos);
  EXPECT_EQ(ask("SELECT count(*) FROM event WHERE NOT known"), "1\n");
}

TEST_F(RebuildTest, WhatIsProjectedWhileTheFoldIsMadeIsNoDifference) {
  tell(kMedium, 1);
  project();
  bool appended = false;
  auto examination = projector::Examination::begin(
      cluster_.owner_url(), *log_, {}, [&](std::string_view what, std::uint64_t, std::uint64_t) {
        if (appended || what.substr(0, 5) != "inode") return;
        appended = true;
        tell(kOther, 2);
        project();
      });
  ASSERT_TRUE(examination) << examination.error().message;
  ASSERT_TRUE(appended);
  auto rows = (*examination)->compare(*log_, true, [](const projector::Difference& difference) {
    ADD_FAILURE() << difference.table << " " << difference.key << " " << difference.column;
    return events::Status();
  });
  EXPECT_TRUE(rows);
  EXPECT_EQ((*examination)->position().seq, log_->head()->seq);
}

TEST_F(RebuildTest, TablesOfAnotherSchemaVersionAreReplacedToo) {
  tell(kMedium, 1);
  project();
  const std::string before = dump();
  ask_as(cluster_.owner_url(),
         "UPDATE ntt.schema_version SET version = 999; ALTER TABLE ntt.medium DROP COLUMN health; "
         "ALTER TABLE ntt.medium ADD COLUMN more text");
  EXPECT_EQ(projector::Projector::connect(cluster_.owner_url()).error().code, Errc::invalid);
  rebuild();
  EXPECT_EQ(dump(), before);
}

}  // namespace
}  // namespace ntt::tests
