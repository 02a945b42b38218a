// The projector keeps its promises: deterministic, atomic, resumable, and the only writer.

#include "projector/projector.h"

#include <gtest/gtest.h>

#include "projector/table_dump.h"
#include "tests/projector/tables_fixture.h"

namespace ntt::tests {
namespace {

using events::Errc;

class ProjectorTest : public TablesTest {
 protected:
  // Media with volumes, links, exclusions and outcomes; `number` keeps them apart.
  void tell_medium(int number, std::uint64_t entries) {
    Story story = this->story(std::to_string(number) + kMedium.substr(1));
    story.identify();
    story.enumerate(entries, synthetic_entry);
    story.load({{{1}, 0, {}}, {{5}, {}, events::Ordinal{3}}}, {"*.tmp"});
    story.copy_begin();
    std::vector<events::CopyRecord> records;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(entries, 8192); ++i) {
      if (i % 8 != 0 && i != 1 && i != 5) records.push_back(Story::stored(i));
    }
    story.copy_some(records);
    story.copy_end();
    story.verify({{Story::stored(3).blob, events::VerifyOutcome::intact, 5, ""}});
  }
  void skips(const std::string& medium) {
    Story story = this->story(medium);
    story.emit(events::PipelineStart{});
    story.emit(events::EnumSkip{});
    story.emit(events::LoadSkip{});
    story.emit(events::CopySkip{});
    story.emit(events::PipelineDone{});
  }
};

TEST_F(ProjectorTest, CatchingUpInStepsGivesTheSameRowsAsInOne) {
  project();
  Story story = this->story("5" + kMedium.substr(1));
  story.identify();
  project();
  story.enumerate({{file_entry("a", 1), file_entry("b", 2)}});
  project();
  story.load();
  project();
  story.copy_begin();
  project();
  story.copy_some({Story::stored(0)});
  project();
  tell_medium(2, 40);
  story.copy_some({Story::stored(1)});
  project();
  story.copy_end();
  tell_medium(1, 40);
  project();
  const std::string live = dump();
  drop_tables();
  project();
  EXPECT_EQ(dump(), live);
}

TEST_F(ProjectorTest, TwoRebuildsGiveTheSameDumpByteForByte) {
  tell_medium(3, 100);
  tell_medium(1, 100);
  tell_medium(2, 100);
  project();
  const std::string first = pg_dump();
  drop_tables();
  project();
  EXPECT_EQ(pg_dump(), first);
}

TEST_F(ProjectorTest, ADumpIsOneStateOfAllTablesThoughOthersProject) {
  const auto dumped = [this](const std::function<void()>& at_begin) {
    std::string all;
    const auto status = projector::dump_tables(cluster_.reader_url(),
                                               [&](std::string_view piece) -> events::Status {
                                                 if (all.empty()) at_begin();
                                                 all += piece;
                                                 return {};
                                               });
    EXPECT_TRUE(status) << status.error().message;
    return all;
  };
  tell_medium(1, 40);
  project();
  const std::string before = dumped([] {});
  EXPECT_EQ(dumped([&] {
              tell_medium(2, 40);
              project();
            }),
            before);
  EXPECT_NE(dumped([] {}), before);
}

TEST_F(ProjectorTest, ADumpThatItsReaderGivesUpEndsAtOnce) {
  tell_medium(1, 40);
  project();
  int pieces = 0;
  const auto status =
      projector::dump_tables(cluster_.reader_url(), [&](std::string_view) -> events::Status {
        if (++pieces < 30) return {};
        return events::Error{events::Errc::io, "enough"};
      });
  ASSERT_FALSE(status);
  EXPECT_TRUE(status.error().message.ends_with("enough")) << status.error().message;
  EXPECT_EQ(pieces, 30);
}

TEST_F(ProjectorTest, CatchingUpTwiceChangesNothing) {
  tell_medium(1, 40);
  project();
  const std::string before = dump();
  auto report = projector_->catch_up(*log_, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->from, report->to);
  EXPECT_EQ(report->rows, 0U);
  EXPECT_EQ(dump(), before);
}

TEST_F(ProjectorTest, SkipsChangeNoRowOfAMedium) {
  tell_medium(1, 40);
  project();
  const std::string versions =
      "SELECT 'medium', xmin, ctid, * FROM medium; SELECT 'attempt', xmin, ctid, * FROM "
      "stage_attempt; SELECT 'volume', xmin, ctid, * FROM volume; SELECT xmin, ctid, * FROM inode; "
      "SELECT xmin, ctid, * FROM path; SELECT xmin, ctid, * FROM blobs; "
      "SELECT xmin, ctid, * FROM queue_stats";
  const std::string before = ask(versions);
  skips("1" + kMedium.substr(1));
  project();
  EXPECT_EQ(ask(versions), before);
  EXPECT_EQ(ask("SELECT seq = (SELECT max(seq) FROM event) FROM projection_checkpoint"), "t\n");
}

TEST_F(ProjectorTest, TheCheckpointIsTheLogsHead) {
  tell_medium(1, 40);
  project();
  auto head = log_->head();
  auto checkpoint = projector_->checkpoint();
  ASSERT_TRUE(head && checkpoint);
  EXPECT_EQ(*checkpoint, *head);
}

TEST_F(ProjectorTest, AnotherLogIsRefused) {
  tell_medium(1, 40);
  project();
  const std::string before = dump();
  open_log("other");
  tell_medium(1, 40);
  auto report = projector_->catch_up(*log_, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::corruption);
  EXPECT_EQ(dump(), before);
}

TEST_F(ProjectorTest, AShorterLogIsRefused) {
  tell_medium(1, 40);
  project();
  open_log("shorter");
  story().identify();
  auto report = projector_->catch_up(*log_, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::corruption);
  EXPECT_NE(report.error().message.find("shorter"), std::string::npos);
}

TEST_F(ProjectorTest, TablesOfAnotherSchemaVersionAreRefused) {
  projector_.reset();
  ask_as(cluster_.owner_url(), "UPDATE schema_version SET version = 99");
  auto connected = projector::Projector::connect(cluster_.owner_url());
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, Errc::invalid);
  EXPECT_NE(connected.error().message.find("99"), std::string::npos);
}

TEST_F(ProjectorTest, RowsOfAnotherProjectionVersionAreRefused) {
  tell_medium(1, 40);
  project();
  ask_as(cluster_.owner_url(), "UPDATE projection_checkpoint SET version = 99");
  auto report = projector_->catch_up(*log_, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::invalid);
}

TEST_F(ProjectorTest, ASecondProjectorIsRefusedWhileOneWorks) {
  tell_medium(1, 40);
  auto other = projector::Projector::connect(cluster_.owner_url());
  ASSERT_TRUE(other);
  bool refused = false;
  auto report = projector_->catch_up(*log_, [&](std::string_view, std::uint64_t, std::uint64_t) {
    auto second = (*other)->catch_up(*log_, {});
    refused = !second && second.error().code == Errc::conflict;
  });
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(refused);
}

TEST_F(ProjectorTest, AReaderMayNotWrite) {
  tell_medium(1, 40);
  project();
  for (const char* statement :
       {"UPDATE medium SET copy_done = now()", "DELETE FROM event", "TRUNCATE inode",
        "INSERT INTO queue_stats VALUES ('x', 1, 1, now(), 1)", "DROP TABLE medium",
        "CREATE TABLE ntt.mine (i int)",
        "SET default_transaction_read_only = off; UPDATE medium SET copy_done = now()"}) {
    EXPECT_NE(ask_as(cluster_.reader_url(), statement).exit_code, 0) << statement;
  }
  EXPECT_EQ(ask("SELECT count(*) FROM path_p_11234567"), "40\n");
}

TEST_F(ProjectorTest, ALostConnectionLeavesTheTablesAsTheyWere) {
  tell_medium(1, 40);
  project();
  const std::string before = dump();
  tell_medium(2, 9000);
  auto report =
      projector_->catch_up(*log_, [&](std::string_view what, std::uint64_t done, std::uint64_t) {
        if (what.substr(0, 5) != "paths" || done == 0) return;
        ask_as(cluster_.owner_url(),
               "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
               "WHERE pid <> pg_backend_pid() AND usename = 'ntt_projector'");
      });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::unavailable) << report.error().message;
  EXPECT_EQ(dump(), before);
  project();
  const std::string after = dump();
  drop_tables();
  project();
  EXPECT_EQ(dump(), after);
}

TEST_F(ProjectorTest, AServerStoppedInTheMiddleIsCaughtUpLater) {
  tell_medium(1, 9000);
  bool stopped = false;
  auto report =
      projector_->catch_up(*log_, [&](std::string_view what, std::uint64_t done, std::uint64_t) {
        if (what.substr(0, 5) == "inode" && done > 0) stopped = cluster_.stop().has_value();
      });
  EXPECT_TRUE(stopped);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::unavailable) << report.error().message;
  report = projector_->catch_up(*log_, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::unavailable);
  ASSERT_TRUE(cluster_.ensure_running());
  project();
  EXPECT_EQ(ask("SELECT count(*) FROM path"), "9000\n");
  EXPECT_EQ(ask("SELECT seq FROM projection_checkpoint"),
            std::to_string(log_->head()->seq.value) + "\n");
}

TEST_F(ProjectorTest, AnOpenReaderDoesNotHoldUpANewMedium) {
  tell_medium(1, 40);
  project();
  Process reader({"psql", cluster_.reader_url(), "-XAtc",
                  "BEGIN; SELECT count(*) FROM inode, path, medium; SELECT pg_sleep(60)"});
  while (ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "0\n") {
  }
  tell_medium(2, 40);
  project();
  EXPECT_EQ(ask("SELECT count(*) FROM path"), "80\n");
  std::string administrator = cluster_.owner_url();  // else the backend sleeps on
  administrator.replace(administrator.find("ntt_projector"), 13, "ntt_admin");
  ask_as(administrator,
         "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
         "WHERE usename = 'ntt_reader'");
}

TEST_F(ProjectorTest, NoServerIsUnavailable) {
  projector_.reset();
  ASSERT_TRUE(cluster_.stop());
  auto connected = projector::Projector::connect(cluster_.owner_url());
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, Errc::unavailable);
}

}  // namespace
}  // namespace ntt::tests
