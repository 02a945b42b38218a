// The views that answer questions of the log in SQL.

#include <gtest/gtest.h>

#include "tests/projector/tables_fixture.h"

namespace ntt::tests {
namespace {

class ViewsTest : public TablesTest {
 protected:
  static events::EnumStart enum_start() {
    events::EnumStart start;
    start.source = {"image", {"/images/a.img"}};
    return start;
  }
};

TEST_F(ViewsTest, AttemptsThatNeverEndedAreOpen) {
  Story story = this->story();
  story.identify();
  const auto interrupted = story.emit(enum_start());
  const auto failed = story.emit(enum_start());
  story.emit(events::EnumError{"reader_died", "signal 11", {}}, failed);
  project();
  EXPECT_EQ(ask("SELECT start_seq, stage, outcome IS NULL FROM open_attempt"),
            std::to_string(interrupted.value) + "|enum|t\n");
}

TEST_F(ViewsTest, AnAttemptWhoseEndWasRetractedIsNotOpenAndHasNoDuration) {
  Story story = this->story();
  story.identify();
  const auto start = story.emit(enum_start());
  const auto end = story.emit(events::EnumError{"reader_died", "signal 11", {}}, start);
  const auto first = story.emit(events::Retraction{end.value, "it did not die"});
  project();
  EXPECT_EQ(ask("SELECT outcome, end_seq IS NULL, last_seq FROM stage_attempt"),
            "retracted|t|" + std::to_string(first.value) + "\n");
  for (const char* view : {"open_attempt", "stage_duration", "error_by_type"}) {
    EXPECT_EQ(ask(std::string("SELECT count(*) FROM ") + view), "0\n") << view;
  }
  const auto second = story.emit(events::Retraction{first.value, "it did die"});
  project();
  EXPECT_EQ(ask("SELECT events FROM error_by_type"), "1\n");
  story.emit(events::Retraction{second.value, "no"});
  project();
  EXPECT_EQ(ask("SELECT count(*) FROM error_by_type"), "0\n");
}

TEST_F(ViewsTest, DurationsRankTheAttemptsOfAStage) {
  for (const char* medium : {"aaaa", "bbbb"}) {
    Story story = this->story(medium);
    story.identify();
    const auto start = story.emit(enum_start());
    // The clock ticks once a call: the second medium takes longer.
    for (int i = 0; i < (*medium == 'a' ? 3 : 300); ++i) clock_.now();
    events::EnumError error{"reader_died", "signal 11", {}};
    story.emit(error, start);
    story.emit(enum_start());  // has no end and no duration
  }
  project();
  EXPECT_EQ(ask("SELECT place, medium_hash, stage, outcome, duration > interval '0' "
                "FROM stage_duration ORDER BY place"),
            "1|bbbb|enum|error|t\n2|aaaa|enum|error|t\n");
  EXPECT_EQ(ask("SELECT count(*) FROM stage_duration d JOIN stage_attempt a USING (start_seq) "
                "WHERE d.duration <> a.ended_at - a.started_at"),
            "0\n");
}

TEST_F(ViewsTest, AnAdoptedSuccessWithoutAStartHasNoDuration) {
  Story story = this->story();
  story.identify();
  story.emit(events::ArchiveSuccess{});
  project();
  EXPECT_EQ(ask("SELECT stage FROM stage_attempt"), "archive\n");
  EXPECT_EQ(ask("SELECT count(*) FROM stage_duration"), "0\n");
}

TEST_F(ViewsTest, ErrorsAreCountedByTypeAndWordWithoutTheRetracted) {
  events::Sequence withdrawn;
  for (const char* medium : {"aaaa", "bbbb"}) {
    Story story = this->story(medium);
    story.identify();
    story.emit(events::EnumError{"reader_died", "signal 11", {}});
    events::CopyError full;
    full.error = "no_space";
    story.emit(full);
    withdrawn = story.emit(full);
    events::Retraction retraction;
    retraction.retracts = withdrawn.value;
    retraction.why = "the disk was not full";
    story.emit(retraction);
  }
  project();
  EXPECT_EQ(ask("SELECT type, error, events, media FROM error_by_type ORDER BY type"),
            "copy_error|no_space|2|2\nenum_error|reader_died|2|2\n");
  EXPECT_EQ(ask("SELECT last_seq = (SELECT max(seq) FROM event WHERE type = 'enum_error') "
                "FROM error_by_type WHERE type = 'enum_error'"),
            "t\n");
}

TEST_F(ViewsTest, ErrorsOfFilesAreCountedByTypeAndMedium) {
  Story story = this->story();
  story.identify();
  story.enumerate({{file_entry("a", 10), file_entry("b", 11), file_entry("c", 12)}});
  story.load();
  story.copy_begin();
  story.copy_some(
      {Story::stored(0),
       Story::failed(1, events::CopyOutcome::failed, events::FileErrorType::io_error, "EIO"),
       Story::failed(2, events::CopyOutcome::failed, events::FileErrorType::io_error, "EIO")});
  story.copy_end();
  project();
  EXPECT_EQ(ask("SELECT medium_hash, error_type, status, inodes FROM file_error_by_type"),
            kMedium + "|io_error|failed_permanent|2\n");
}

}  // namespace
}  // namespace ntt::tests
