// One event that cannot be folded stops its own medium; every other row is written.

#include <gtest/gtest.h>

#include "tests/projector/tables_fixture.h"

namespace ntt::tests {
namespace {

const std::string kOther = "f" + kMedium.substr(1);

class UnfoldedTest : public TablesTest {
 protected:
  // Any event, whatever its type's schema says.
  events::Sequence append(const std::string& medium, const std::string& type,
                          const std::string& data, const std::string& attachment = "") {
    events::NewEvent event;
    event.id = events::new_event_id(clock_);
    event.type = type;
    event.medium = {medium};
    event.data = data;
    event.attachment = attachment;
    event.occurred_at = clock_.now();
    auto seq = log_->append_one(event);
    EXPECT_TRUE(seq) << seq.error().message;
    return seq ? *seq : events::Sequence{};
  }
  void retract(const std::string& medium, events::Sequence seq) {
    story(medium).emit(events::Retraction{seq.value, "nobody can read it"});
  }
  Story loaded(const std::string& medium) {
    Story story = this->story(medium);
    story.identify();
    story.enumerate({{file_entry("a", 1), file_entry("b", 2)}});
    story.load();
    story.copy_begin();
    story.copy_some({Story::stored(0)});
    return story;
  }
  // Catches up, and checks that tables made anew are the same.
  std::string unfolded() {
    project();
    const std::string live = dump();
    drop_tables();
    project();
    EXPECT_EQ(dump(), live);
    return ask("SELECT seq, lacking, medium_hash FROM unfolded_event ORDER BY seq, lacking");
  }
  static std::string stop(events::Sequence seq, const std::string& medium = kMedium) {
    return std::to_string(seq.value) + "|medium|" + medium + "\n";
  }
};

TEST_F(UnfoldedTest, APayloadThatCannotBeReadStopsItsMediumOnly) {
  story().identify();
  const auto bad = append(kMedium, "medium_labelled", R"({"label":5})");
  story().emit(events::MediumLabelled{"after it"});
  loaded(kOther);
  EXPECT_EQ(unfolded(), stop(bad));
  EXPECT_EQ(ask("SELECT message IS NULL FROM medium WHERE medium_hash = '" + kMedium + "'"), "t\n");
  EXPECT_EQ(ask("SELECT count(*) FROM path WHERE medium_hash = '" + kOther + "'"), "2\n");
  EXPECT_EQ(ask("SELECT seq = (SELECT max(seq) FROM event) FROM projection_checkpoint"), "t\n");
  EXPECT_NE(ask("SELECT reason FROM unfolded_event").find("event 2 (medium_labelled)"),
            std::string::npos);
  retract(kMedium, bad);
  EXPECT_EQ(unfolded(), "");
  EXPECT_EQ(ask("SELECT message FROM medium WHERE medium_hash = '" + kMedium + "'"), "after it\n");
}

TEST_F(UnfoldedTest, AFirstEventThatCannotBeReadLeavesAMediumOfWhichNothingIsKnown) {
  const auto bad = append(kMedium, "medium_identified", "{}");
  EXPECT_EQ(unfolded(), stop(bad));
  EXPECT_EQ(ask("SELECT medium_hash, added_at IS NULL FROM medium"), kMedium + "|t\n");
}

TEST_F(UnfoldedTest, AStoppedMediumIsTriedAgainWithoutAnyNewEvent) {
  story().identify();
  story().emit(events::MediumLabelled{"box 1"});
  project();
  // As a program would have left them that could not read event 2.
  ask_as(cluster_.owner_url(),
         "UPDATE medium SET message = NULL; INSERT INTO unfolded_event VALUES (2, 'medium', '" +
             kMedium + "', 'event 2')");
  project();
  EXPECT_EQ(ask("SELECT message FROM medium"), "box 1\n");
  EXPECT_EQ(ask("SELECT count(*) FROM unfolded_event"), "0\n");
}

TEST_F(UnfoldedTest, ALoadOfWhatIsNotThereLeavesTheGenerationBefore) {
  loaded(kMedium).copy_end();
  project();
  events::LoadSuccess load;
  load.generation = 2;
  load.path_count = load.inode_count = 7;
  load.manifest = 1;
  const auto bad = story().emit(load);
  loaded(kOther);
  EXPECT_EQ(unfolded(), stop(bad));
  EXPECT_EQ(ask("SELECT generation, copy_done IS NOT NULL FROM medium WHERE medium_hash = '" +
                kMedium + "'"),
            "1|t\n");
  EXPECT_EQ(ask("SELECT count(*) FROM path WHERE medium_hash = '" + kMedium + "'"), "2\n");
  EXPECT_EQ(unfolded(), stop(bad)) << "and again";
  retract(kMedium, bad);
  EXPECT_EQ(unfolded(), "");
}

TEST_F(UnfoldedTest, OutcomesThatCannotBeReadStopBeforeThem) {
  Story story = loaded(kMedium);
  const auto bad = append(kMedium, "copy_batch", "{}", "no batch");
  story.copy_some({Story::stored(1)});
  loaded(kOther);
  EXPECT_EQ(unfolded(), std::to_string(bad.value) + "|blobs|" + kMedium + "\n" + stop(bad));
  EXPECT_EQ(ask("SELECT disposition FROM path WHERE medium_hash = '" + kMedium + "' ORDER BY path"),
            "stored\npending\n");
  EXPECT_EQ(ask("SELECT count(*) FROM blobs"), "2\n") << "those of the batches before and after";
  retract(kMedium, bad);
  EXPECT_EQ(unfolded(), std::to_string(bad.value) + "|blobs|" + kMedium + "\n");
  EXPECT_EQ(ask("SELECT disposition FROM path WHERE medium_hash = '" + kMedium + "' ORDER BY path"),
            "stored\nstored\n");
}

TEST_F(UnfoldedTest, ARetractionThatCannotBeReadStopsALoadedMediumToo) {
  Story story = loaded(kMedium);
  const auto bad = append(kMedium, "retraction", R"({"retracts":"x"})");
  story.copy_some({Story::stored(1)});
  loaded(kOther);
  EXPECT_EQ(unfolded(), stop(bad));
  EXPECT_EQ(ask("SELECT disposition FROM path WHERE medium_hash = '" + kMedium + "' ORDER BY path"),
            "stored\npending\n");
  retract(kMedium, bad);
  EXPECT_EQ(unfolded(), "");
}

TEST_F(UnfoldedTest, BatchesOfNoUseToTheFoldStopNothing) {
  loaded(kMedium);
  const auto bad = append(kMedium, "verify_batch", "{}");
  EXPECT_EQ(unfolded(), std::to_string(bad.value) + "|blobs|" + kMedium + "\n");
}

TEST_F(UnfoldedTest, ABatchThatANewerProgramCanReadGivesItsBlobs) {
  loaded(kMedium);
  project();
  const std::string before = dump();
  ask_as(cluster_.owner_url(),
         "DELETE FROM blobs; INSERT INTO unfolded_event SELECT seq, 'blobs', medium_hash, 'event' "
         "FROM event WHERE type = 'copy_batch'");
  project();
  EXPECT_EQ(dump(), before);
}

TEST_F(UnfoldedTest, WhatIsNoJsonIsKeptAsItsBytes) {
  const auto note = append(kMedium, "note", "{\"text\":\"\xff\"}");
  const auto run = append("", "pipeline_start", "no json");
  story(kOther).identify();
  EXPECT_EQ(unfolded(), std::to_string(run.value) + "|nothing|\n");
  EXPECT_EQ(ask("SELECT data #>> '{}' FROM event WHERE seq = " + std::to_string(run.value)),
            "no json\n");
  EXPECT_EQ(ask("SELECT data #>> '{}' FROM event WHERE seq = " + std::to_string(note.value)),
            "{\"text\":\"\\xff\"}\n");
  EXPECT_EQ(ask("SELECT count(*) FROM medium WHERE medium_hash = '" + kOther + "'"), "1\n");
}

TEST_F(UnfoldedTest, RetractedEventsAreListedWithWhatRetractsThem) {
  story().identify();
  const auto label = story().emit(events::MediumLabelled{"box 1"});
  const auto first = story().emit(events::Retraction{label.value, "a mistake"});
  project();
  EXPECT_EQ(ask("SELECT * FROM retracted_event"), "2|" + kMedium + "|3\n");
  const auto second = story().emit(events::Retraction{first.value, "it was right"});
  EXPECT_EQ(unfolded(), "");
  EXPECT_EQ(ask("SELECT * FROM retracted_event"), "3|" + kMedium + "|4\n");
  story(kOther).emit(events::Retraction{second.value, "of another medium: does nothing"});
  story().emit(events::Retraction{second.value, "it was wrong after all"});
  EXPECT_EQ(unfolded(), "");
  EXPECT_EQ(ask("SELECT * FROM retracted_event ORDER BY seq"),
            "2|" + kMedium + "|3\n4|" + kMedium + "|6\n");
}

}  // namespace
}  // namespace ntt::tests
