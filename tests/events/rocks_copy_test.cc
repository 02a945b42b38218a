// A log that is carried elsewhere record by record is the same log, or is refused.

#include "events/rocks_copy.h"

#include <gtest/gtest.h>

#include "events/emitter.h"
#include "events/rocks_log.h"
#include "tests/support/temp_dir.h"

namespace ntt::events {
namespace {

namespace fs = std::filesystem;

class RocksCopyTest : public testing::Test {
 protected:
  void SetUp() override {
    auto log = open_rocks_log({from_}, clock_).value();
    for (int i = 1; i <= 5; ++i) {
      NewEvent event;
      event.id = new_event_id(clock_);
      event.type = "note";
      event.data = "{\"n\":" + std::to_string(i) + "}";
      if (i % 2 == 0) event.attachment = std::string(1000, 'x');
      ASSERT_TRUE(log->append_one(event));
    }
    head_ = log->head().value();
    log.reset();
    reader_ = open_record_reader(from_).value();
    id_ = reader_->log_id().value();
  }

  std::unique_ptr<LogRestore> begin() { return begin_log_restore(to_, id_).value(); }
  WholeRecord record(std::uint64_t seq) { return reader_->read({seq}).value(); }
  Status add_all(LogRestore& restore) {
    for (std::uint64_t seq = 1; seq <= head_.seq.value; ++seq) {
      if (auto added = restore.add(record(seq)); !added) return added;
    }
    return {};
  }
  // Everything beside the log's directory and in it, so that nothing is left behind.
  std::vector<std::string> names() {
    std::vector<std::string> out;
    for (const auto& item : fs::directory_iterator(temp_.path())) {
      out.push_back(item.path().filename());
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  tests::TempDir temp_;
  SystemClock clock_;
  fs::path from_ = temp_ / "from";
  fs::path to_ = temp_ / "to";
  std::unique_ptr<RecordReader> reader_;
  std::string id_;
  Head head_;
};

TEST_F(RocksCopyTest, RestoredLogHasTheSameRootAndIsWhole) {
  auto restore = begin();
  ASSERT_TRUE(add_all(*restore));
  ASSERT_TRUE(restore->finish(head_));
  restore.reset();
  auto log = open_rocks_log({to_}, clock_).value();
  EXPECT_EQ(log->head().value(), head_);
  const auto report = log->verify({}).value();
  EXPECT_EQ(report.problem, "");
  EXPECT_TRUE(report.witnessed);
  EXPECT_EQ(open_record_reader(to_).value()->log_id().value(), id_);
  EXPECT_EQ(names(), (std::vector<std::string>{"from", "to"}));
}

TEST_F(RocksCopyTest, RestoredLogIsAppendedToWhereItStopped) {
  {
    auto restore = begin();
    ASSERT_TRUE(add_all(*restore));
    ASSERT_TRUE(restore->finish(head_));
  }
  auto log = open_rocks_log({to_}, clock_).value();
  NewEvent event;
  event.id = record(2).envelope.id;
  event.type = "note";
  EXPECT_EQ(log->append_one(event).value(), Sequence{2}) << "the id is known";
  event.id = new_event_id(clock_);
  EXPECT_EQ(log->append_one(event).value(), Sequence{6});
}

TEST_F(RocksCopyTest, UntilItIsFinishedThereIsNoLog) {
  auto restore = begin();
  ASSERT_TRUE(add_all(*restore));
  EXPECT_FALSE(fs::exists(to_));
  restore.reset();
  EXPECT_EQ(names(), std::vector<std::string>{"from"});
}

TEST_F(RocksCopyTest, WhatAKilledRestoreLeftIsClearedAndOneAtWorkIsNot) {
  const fs::path left = to_.string() + ".restoring";
  fs::create_directories(left / "db");
  tests::write_file(left / "db/CURRENT", "MANIFEST-000001\n");
  tests::write_file(left / "head", "half a line");
  auto restore = begin();
  EXPECT_EQ(begin_log_restore(to_, id_).error().code, Errc::unavailable);
  ASSERT_TRUE(add_all(*restore));
  ASSERT_TRUE(restore->finish(head_));
  restore.reset();
  EXPECT_EQ(names(), (std::vector<std::string>{"from", "to"}));
}

TEST_F(RocksCopyTest, WhatNoRestoreMadeIsNotCleared) {
  fs::create_directories(to_.string() + ".restoring/photos");
  EXPECT_EQ(begin_log_restore(to_, id_).error().code, Errc::conflict);
  EXPECT_TRUE(fs::exists(to_.string() + ".restoring/photos"));
}

TEST_F(RocksCopyTest, ARestoredLogMayBeReadByWhoeverMayReadANewOne) {
  auto restore = begin();
  ASSERT_TRUE(add_all(*restore));
  ASSERT_TRUE(restore->finish(head_));
  for (const char* part : {"", "db"}) {
    EXPECT_EQ(fs::status(to_ / part).permissions(), fs::status(from_ / part).permissions()) << part;
  }
}

TEST_F(RocksCopyTest, RecordsThatDoNotFollowAreRefused) {
  auto restore = begin();
  EXPECT_EQ(restore->add(record(2)).error().code, Errc::invalid) << "not the first";
  ASSERT_TRUE(restore->add(record(1)));
  EXPECT_FALSE(restore->add(record(1))) << "twice";
  EXPECT_FALSE(restore->add(record(3))) << "one is missing";
  WholeRecord early = record(2);
  early.envelope.recorded_at.micros = record(1).envelope.recorded_at.micros - 1;
  EXPECT_FALSE(restore->add(early));
  WholeRecord same_id = record(2);
  same_id.envelope.id = record(1).envelope.id;
  EXPECT_FALSE(restore->add(same_id));
}

TEST_F(RocksCopyTest, RecordsThatTheirDigestsDoNotFitAreRefused) {
  auto restore = begin();
  ASSERT_TRUE(restore->add(record(1)));
  const auto refused = [&](auto change) {
    WholeRecord changed = record(2);
    change(changed);
    const auto added = restore->add(changed);
    return !added && added.error().code == Errc::invalid;
  };
  EXPECT_TRUE(refused([](WholeRecord& r) { r.data += " "; }));
  EXPECT_TRUE(refused([](WholeRecord& r) { r.data_salt[3] ^= 1; }));
  EXPECT_TRUE(refused([](WholeRecord& r) { r.attachment[7] = 'y'; }));
  EXPECT_TRUE(refused([](WholeRecord& r) { r.attachment += 'x'; }));
  EXPECT_TRUE(refused([](WholeRecord& r) { r.attachment_salt[0] ^= 1; }));
  EXPECT_TRUE(refused([](WholeRecord& r) { r.envelope.attachment_digest = {}; }));
  EXPECT_TRUE(refused([](WholeRecord& r) { r.envelope.type = ""; }));
  EXPECT_TRUE(refused([](WholeRecord& r) { r.envelope.id = {}; }));
  EXPECT_TRUE(restore->add(record(2)).has_value()) << "refusing changes nothing";
}

TEST_F(RocksCopyTest, AnotherHeadIsRefusedAndLeavesNothing) {
  auto restore = begin();
  ASSERT_TRUE(restore->add(record(1)));
  WholeRecord changed = record(2);
  changed.envelope.actor.user = "somebody else";
  ASSERT_TRUE(restore->add(changed)) << "no digest covers the envelope but the tree's";
  for (std::uint64_t seq = 3; seq <= 5; ++seq) ASSERT_TRUE(restore->add(record(seq)));
  EXPECT_EQ(restore->finish(head_).error().code, Errc::corruption);
  restore.reset();
  EXPECT_EQ(names(), std::vector<std::string>{"from"});
}

TEST_F(RocksCopyTest, OnlyWhereNoEventsAreIsALogRestored) {
  EXPECT_EQ(begin_log_restore(from_, id_).error().code, Errc::conflict);
  fs::create_directories(temp_ / "photos");
  tests::write_file(temp_ / "photos/beach.jpg", "sand");
  EXPECT_EQ(begin_log_restore(temp_ / "photos", id_).error().code, Errc::conflict);
  EXPECT_EQ(begin_log_restore(to_, "not an id").error().code, Errc::invalid);
}

// Whoever began a log where one was lost would use its numbers twice.
TEST_F(RocksCopyTest, ALogThatLostItsDatabaseIsNeitherBegunAnewNorRestoredOver) {
  reader_.reset();
  const std::string head = tests::read_file(from_ / "head");
  fs::remove_all(from_ / "db");
  auto begun = open_rocks_log({from_}, clock_);
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code, Errc::corruption);
  EXPECT_FALSE(fs::exists(from_ / "db"));
  EXPECT_EQ(begin_log_restore(from_, id_).error().code, Errc::conflict);
  EXPECT_EQ(tests::read_file(from_ / "head"), head);
}

TEST_F(RocksCopyTest, ALogWithoutEventsMakesPlace) {
  { ASSERT_TRUE(open_rocks_log({to_}, clock_)); }
  auto restore = begin();
  ASSERT_TRUE(add_all(*restore));
  ASSERT_TRUE(restore->finish(head_));
  restore.reset();
  EXPECT_EQ(open_rocks_log({to_}, clock_).value()->head().value(), head_);
  EXPECT_EQ(names(), (std::vector<std::string>{"from", "to"}));
}

TEST_F(RocksCopyTest, ALogThatSomebodyBeganMeanwhileIsKept) {
  auto restore = begin();
  ASSERT_TRUE(add_all(*restore));
  { ASSERT_TRUE(open_rocks_log({to_}, clock_)); }
  EXPECT_EQ(restore->finish(head_).error().code, Errc::conflict);
}

}  // namespace
}  // namespace ntt::events
