// Logs that released versions wrote are read, verified and appended to by this one.

#include "golden_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "events/emitter.h"
#include "events/payload.h"
#include "events/rocks_log.h"
#include "events/rocks_store.h"

namespace ntt::events {
namespace {

const std::filesystem::path kGolden = NTT_GOLDEN_DIR;

class GoldenLog : public testing::Test {
 protected:
  explicit GoldenLog(std::string log) : name_(std::move(log)) {}
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "golden-log-XXXXXX");
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    const std::string unpack =
        "zstd -dc " + (kGolden / (name_ + ".tar.zst")).string() + " | tar -x -C " + name;
    ASSERT_EQ(std::system(unpack.c_str()), 0);  // NOLINT(cert-env33-c): names of our own making
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string expected_listing() const {
    std::ifstream file(kGolden / (name_ + ".tsv"), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string name_;
  std::filesystem::path directory_;
  SystemClock clock_;
};

class GoldenLogTest : public GoldenLog {
 protected:
  GoldenLogTest() : GoldenLog("log-1") {}
};

// Adopted and deleted things: evidence, claims, what an earlier system says of a copy.
class GoldenLog2Test : public GoldenLog {
 protected:
  GoldenLog2Test() : GoldenLog("log-2") {}
};

// A thousand events and more of one append.
class GoldenLog3Test : public GoldenLog {
 protected:
  GoldenLog3Test() : GoldenLog("log-3") {}
};

TEST_F(GoldenLog3Test, EveryByteReadsAsItDidWhenItWasWritten) {
  auto log = open_rocks_log_for_reading(directory_ / "log").value();
  EXPECT_EQ(listing_of(*log), expected_listing());
  const VerifyReport report = log->verify({}).value();
  EXPECT_FALSE(report.first_bad) << report.problem;
  EXPECT_EQ(report.checked, golden_events_3().size());
}

TEST_F(GoldenLog3Test, EveryIndexHasEveryEvent) {
  auto log = open_rocks_log_for_reading(directory_ / "log").value();
  const auto written = golden_events_3();
  for (std::size_t i = 0; i < written.size(); i += 13) {
    const NewEvent& event = written[i];
    for (int index = 0; index < 4; ++index) {
      Filter filter;
      filter.first = filter.last = Sequence{i + 1};
      if (index == 0) filter.medium = event.medium;
      if (index == 1) filter.types = {event.type};
      if (index == 2) filter.run = event.run;
      if (index == 3) {
        filter.occurred_from = event.occurred_at;
        filter.occurred_until = Timestamp{event.occurred_at.micros + 1};
      }
      std::size_t found = 0;
      EXPECT_TRUE(log->scan(filter, [&](const Event& read) {
        found += read.id == event.id ? 1 : 0;
        return true;
      }));
      EXPECT_EQ(found, 1U) << "event " << i + 1 << ", index " << index;
    }
  }
}

TEST_F(GoldenLog2Test, EveryByteReadsAsItDidWhenItWasWritten) {
  auto log = open_rocks_log_for_reading(directory_ / "log").value();
  EXPECT_EQ(listing_of(*log), expected_listing());
  const VerifyReport report = log->verify({}).value();
  EXPECT_FALSE(report.first_bad) << report.problem;
  EXPECT_EQ(report.checked, golden_events_2().size());
}

TEST_F(GoldenLog2Test, PayloadsAndCopiesAreWhatWasWritten) {
  auto log = open_rocks_log_for_reading(directory_ / "log").value();
  const auto written = golden_events_2();
  for (std::size_t i = 0; i < written.size(); ++i) {
    const Event event = log->read(Sequence{i + 1}).value();
    EXPECT_TRUE(check_payload(event)) << event.type;
    EXPECT_EQ(event.data, written[i].data) << "this program writes it otherwise by now";
    if (event.type != CopyBatchData::kType) continue;
    EXPECT_EQ(decode_copy_batch(log->attachment(event.seq).value()).value(), golden_copies_2());
  }
}

TEST_F(GoldenLogTest, EveryByteReadsAsItDidWhenItWasWritten) {
  auto log = open_rocks_log_for_reading(directory_ / "log").value();
  EXPECT_EQ(listing_of(*log), expected_listing());
  const VerifyReport report = log->verify({}).value();
  EXPECT_FALSE(report.first_bad) << report.problem;
  EXPECT_EQ(report.checked, golden_events().size());
}

TEST_F(GoldenLogTest, ReadsTheSameFromSortedTablesAsFromTheWriteAheadLog) {
  { ASSERT_TRUE(RocksStore::open_for_writing(directory_ / "log" / "db").value()->write_tables()); }
  auto log = open_rocks_log_for_reading(directory_ / "log").value();
  EXPECT_EQ(listing_of(*log), expected_listing());
  EXPECT_FALSE(log->verify({}).value().first_bad);
}

TEST_F(GoldenLogTest, EveryBatchDecodesToTheRecordsThatWereWritten) {
  auto log = open_rocks_log_for_reading(directory_ / "log").value();
  const auto attachment = [&](const char* type) {
    Filter filter;
    filter.type_glob = type;
    std::string out;
    EXPECT_TRUE(log->scan(filter, [&](const Event& event) {
      out = log->attachment(event.seq).value();
      return true;
    }));
    return out;
  };
  EXPECT_EQ(decode_entry_batch(attachment("enum_batch")).value(), golden_entries());
  EXPECT_EQ(decode_load_batch(attachment("load_batch")).value(), golden_decisions());
  EXPECT_EQ(decode_copy_batch(attachment("copy_batch")).value(), golden_copies());
  EXPECT_EQ(decode_verify_batch(attachment("verify_batch")).value(), golden_verifications());
}

TEST_F(GoldenLogTest, AppendingGoesOnWhereItStopped) {
  auto log = open_rocks_log({directory_ / "log", std::chrono::milliseconds(0)}, clock_).value();
  const auto count = golden_events().size();
  EXPECT_EQ(log->append_one(golden_events().front()).value(), Sequence{1}) << "the id is known";
  NewEvent event = golden_events().front();
  event.id = new_event_id(clock_);
  EXPECT_EQ(log->append_one(event).value(), Sequence{count + 1});
  EXPECT_FALSE(log->verify({}).value().first_bad);
}

// The first golden log has format 1: a key for every event, everywhere.
TEST_F(GoldenLogTest, WhatIsAppendedToALogOfFormat1IsReadWithIt) {
  const auto count = golden_events().size();
  const auto more = golden_events_3();
  {
    auto log = open_rocks_log({directory_ / "log", std::chrono::milliseconds(0)}, clock_).value();
    EXPECT_EQ(log->append(more, {}).value().front(), Sequence{count + 1});
  }
  auto log = open_rocks_log_for_reading(directory_ / "log").value();
  const VerifyReport report = log->verify({}).value();
  EXPECT_FALSE(report.first_bad) << report.problem;
  EXPECT_EQ(report.checked, count + more.size());
  const std::string listing = listing_of(*log);
  EXPECT_TRUE(listing.starts_with(expected_listing()));
  EXPECT_EQ(static_cast<std::size_t>(std::count(listing.begin(), listing.end(), '\n')),
            count + more.size());
}

}  // namespace
}  // namespace ntt::events
