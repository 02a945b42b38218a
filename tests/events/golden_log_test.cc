// Logs that released versions wrote are read, verified and appended to by this one.

#include "golden_log.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "events/emitter.h"
#include "events/rocks_log.h"
#include "events/rocks_store.h"

namespace ntt::events {
namespace {

const std::filesystem::path kGolden = NTT_GOLDEN_DIR;

class GoldenLogTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "golden-log-XXXXXX");
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    const std::string unpack =
        "zstd -dc " + (kGolden / "log-1.tar.zst").string() + " | tar -x -C " + name;
    ASSERT_EQ(std::system(unpack.c_str()), 0);  // NOLINT(cert-env33-c): names of our own making
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static std::string expected_listing() {
    std::ifstream file(kGolden / "log-1.tsv", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path directory_;
  SystemClock clock_;
};

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

}  // namespace
}  // namespace ntt::events
