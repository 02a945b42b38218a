// Scanning a log by a filter: the same events as reading everything, and no other event read.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "events/emitter.h"
#include "events/rocks_log.h"
#include "events/rocks_store.h"
#include "tests/support/temp_dir.h"

namespace ntt::events {
namespace {

// Time that now and then goes back, as clocks do.
class JumpingClock final : public Clock {
 public:
  Timestamp now() override {
    calls_ += 1;
    return {1'700'000'000'000'000 + calls_ * 3 - (calls_ % 11 == 0 ? 20 : 0)};
  }

 private:
  std::int64_t calls_ = 0;
};

constexpr const char* kTypes[] = {"load_start", "load_success", "enum_batch", "copy_batch", "note"};
constexpr const char* kMedia[] = {"aa", "aab", "b"};

class ScanTest : public testing::Test {
 protected:
  void open() {
    log_.reset();
    auto log = open_rocks_log({temp_ / "log"}, clock_);
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
  }

  void append(const std::string& type, const std::string& medium, const RunId& run,
              Origin origin = Origin::native) {
    ASSERT_TRUE(log_->append_one(make(type, medium, run, origin)));
  }

  NewEvent make(const std::string& type, const std::string& medium, const RunId& run,
                Origin origin) {
    NewEvent event;
    event.id = new_event_id(clock_);
    event.type = type;
    event.medium = {medium};
    event.occurred_at = clock_.now();
    event.origin = origin;
    event.run = run;
    return event;
  }

  // Overwrites the events with bytes that cannot be read, so that reading one of them fails.
  void spoil(const std::vector<std::uint64_t>& numbers) {
    log_.reset();
    auto store = RocksStore::open_for_writing(temp_ / "log/db");
    ASSERT_TRUE(store);
    rocksdb::WriteBatch batch;
    for (const std::uint64_t seq : numbers) {
      (*store)->put(batch, Family::events, sequence_key({seq}), "spoilt");
    }
    ASSERT_TRUE((*store)->write_synced(batch));
    store->reset();
    auto log = open_rocks_log_for_reading(temp_ / "log");
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
  }

  std::vector<std::uint64_t> scan(const Filter& filter) {
    std::vector<std::uint64_t> found;
    auto scanned = log_->scan(filter, [&found](const Event& event) {
      found.push_back(event.seq.value);
      return true;
    });
    EXPECT_TRUE(scanned) << scanned.error().message;
    return found;
  }

  JumpingClock clock_;
  tests::TempDir temp_;
  std::unique_ptr<Log> log_;
};

bool is_wanted(const Filter& filter, const Event& event) {
  const auto is_type = [&event](const std::string& type) { return type == event.type; };
  const bool is_globbed = filter.type_glob.empty() || filter.type_glob == event.type ||
                          filter.type_glob == "*" ||
                          (filter.type_glob == "load_*" && event.type.starts_with("load_")) ||
                          (filter.type_glob == "*_batch" && event.type.ends_with("_batch"));
  return event.seq >= filter.first && event.seq <= filter.last && is_globbed &&
         (filter.batches || !event.type.ends_with("_batch")) &&
         (filter.types.empty() || std::any_of(filter.types.begin(), filter.types.end(), is_type)) &&
         (!filter.id || *filter.id == event.id) &&
         (!filter.medium || *filter.medium == event.medium) &&
         (!filter.run || *filter.run == event.run) &&
         (!filter.origin || *filter.origin == event.origin) &&
         (!filter.occurred_from || event.occurred_at >= *filter.occurred_from) &&
         (!filter.occurred_until || event.occurred_at < *filter.occurred_until) &&
         (!filter.recorded_from || event.recorded_at >= *filter.recorded_from) &&
         (!filter.recorded_until || event.recorded_at < *filter.recorded_until);
}

TEST_F(ScanTest, AnyFilterGivesWhatReadingEverythingGives) {
  open();
  constexpr std::uint64_t kEvents = 1500;
  std::mt19937 random(20251010);  // the same each time
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
  const RunId runs[] = {{}, new_run_id(clock_), new_run_id(clock_)};
  // One at a time, and hundreds at once, some of them long after the others.
  constexpr std::int64_t kLong = 20'000'000'000;
  for (std::uint64_t done = 0; done < kEvents;) {
    const std::size_t many = below(3) == 0 ? 1 + below(250) : 1;
    std::vector<NewEvent> events;
    for (; events.size() < many && done < kEvents; ++done) {
      events.push_back(make(kTypes[below(5)], kMedia[below(3)], runs[below(3)],
                            below(4) == 0 ? Origin::imported : Origin::native));
      if (below(9) == 0) events.back().occurred_at.micros += kLong * below(3);
    }
    ASSERT_TRUE(log_->append(events, {}));
  }
  std::vector<Event> all;
  ASSERT_TRUE(log_->scan({}, [&all](const Event& event) {
    all.push_back(event);
    return true;
  }));
  ASSERT_EQ(all.size(), kEvents);
  const auto chosen = [&] { return all[below(kEvents)]; };
  for (int round = 0; round < 3000; ++round) {
    Filter filter;
    if (below(3) == 0) filter.medium = chosen().medium;
    if (below(3) == 0) {
      constexpr const char* kGlobs[] = {"load_*", "*_batch", "note", "*", "nothing*"};
      filter.type_glob = kGlobs[below(5)];
    }
    if (below(4) == 0) filter.types = {chosen().type, chosen().type, "unheard_of"};
    if (below(4) == 0) filter.run = runs[below(3)];
    if (below(5) == 0) filter.origin = Origin::imported;
    if (below(4) == 0) filter.occurred_from = chosen().occurred_at;
    if (below(4) == 0) filter.occurred_until = chosen().occurred_at;
    if (below(4) == 0) filter.recorded_from = chosen().recorded_at;
    if (below(4) == 0) filter.recorded_until = chosen().recorded_at;
    if (below(4) == 0) filter.first = chosen().seq;
    if (below(4) == 0) filter.last = chosen().seq;
    if (below(12) == 0) filter.id = chosen().id;
    if (below(6) == 0) filter.batches = false;
    std::vector<std::uint64_t> expected;
    for (const Event& event : all) {
      if (is_wanted(filter, event)) expected.push_back(event.seq.value);
    }
    ASSERT_EQ(scan(filter), expected) << "round " << round;
  }
}

TEST_F(ScanTest, RecordedTimesBeyondBothEndsOfTheLogAreNoError) {
  open();
  EXPECT_TRUE(scan({}).empty());
  Filter filter;
  filter.recorded_from = Timestamp{0};
  EXPECT_TRUE(scan(filter).empty());
  for (int i = 0; i < 3; ++i) append("note", "aa", {});
  EXPECT_EQ(scan(filter).size(), 3U);
  filter.recorded_from = Timestamp{2'000'000'000'000'000};
  EXPECT_TRUE(scan(filter).empty());
  filter.recorded_from.reset();
  filter.recorded_until = Timestamp{0};
  EXPECT_TRUE(scan(filter).empty());
}

// Every sixteenth event is the one sought; reading any other fails.
class SpoiltTest : public ScanTest {
 protected:
  void SetUp() override {
    open();
    const RunId other = new_run_id(clock_);
    std::vector<std::uint64_t> others;
    for (std::uint64_t seq = 1; seq <= 320; ++seq) {
      if (seq % 16 == 0) {
        append("load_success", "aa", run_);
        sought_.push_back(seq);
      } else {
        append(seq % 2 == 0 ? "load_success" : "load_start", seq % 4 < 2 ? "aa" : "b",
               seq % 4 < 2 || seq % 2 == 1 ? other : run_);
        others.push_back(seq);
      }
    }
    spoil(others);
  }
  const RunId run_ = new_run_id(clock_);
  std::vector<std::uint64_t> sought_;
};

TEST_F(SpoiltTest, OnlyWhatMediumRunAndTypeHaveInCommonIsRead) {
  Filter filter;
  filter.medium = MediumId{"aa"};
  filter.types = {"load_success", "enum_batch"};
  filter.run = run_;
  EXPECT_EQ(scan(filter), sought_);
  filter.first = {100};
  filter.last = {200};
  EXPECT_EQ(scan(filter), (std::vector<std::uint64_t>{112, 128, 144, 160, 176, 192}));
}

TEST_F(SpoiltTest, AVisitorThatHasEnoughEndsTheReading) {
  Filter filter;
  filter.type_glob = "load_s*";
  filter.first = {16};
  std::vector<std::uint64_t> found;
  ASSERT_TRUE(log_->scan(filter, [&found](const Event& event) {
    found.push_back(event.seq.value);
    return false;
  }));
  EXPECT_EQ(found, (std::vector<std::uint64_t>{16}));
}

TEST_F(ScanTest, ATypeGlobStreamsFromTheFirstNumberAskedFor) {
  open();
  for (int i = 0; i < 40; ++i) append(i % 2 == 0 ? "load_start" : "load_success", "aa", {});
  std::vector<std::uint64_t> others;
  for (std::uint64_t seq = 1; seq < 30; ++seq) others.push_back(seq);
  append("note", "aa", {});
  spoil(others);
  Filter filter;
  filter.type_glob = "load_*";
  filter.first = {30};
  EXPECT_EQ(scan(filter).size(), 11U);
}

TEST_F(ScanTest, AGlobPassesOverOtherTypesOfAMediumUnread) {
  open();
  std::vector<std::uint64_t> batches;
  for (std::uint64_t seq = 1; seq <= 40; ++seq) {
    append(seq % 10 == 0 ? "load_success" : "enum_batch", "aa", {});
    if (seq % 10 != 0) batches.push_back(seq);
  }
  spoil(batches);
  Filter filter;
  filter.medium = MediumId{"aa"};
  filter.type_glob = "*_success";
  EXPECT_EQ(scan(filter).size(), 4U);
  filter.type_glob.clear();
  filter.batches = false;
  EXPECT_EQ(scan(filter).size(), 4U);
  filter.medium.reset();
  EXPECT_EQ(scan(filter).size(), 4U);
}

TEST_F(ScanTest, ANarrowTimeIsReadAlone) {
  open();
  for (int i = 0; i < 200; ++i) append("note", "aa", {});
  const Timestamp from = log_->read({100}).value().occurred_at;
  Filter filter;
  filter.occurred_from = from;
  filter.occurred_until = Timestamp{from.micros + 1};
  const auto found = scan(filter);
  ASSERT_FALSE(found.empty());
  std::vector<std::uint64_t> others;
  for (std::uint64_t seq = 1; seq <= 200; ++seq) {
    if (std::find(found.begin(), found.end(), seq) == found.end()) others.push_back(seq);
  }
  spoil(others);
  EXPECT_EQ(scan(filter), found);
}

TEST_F(ScanTest, ARangeOfRecordedTimesReadsAsManyEventsAsHalvingTakes) {
  open();
  std::vector<Timestamp> recorded;
  for (int i = 0; i < 256; ++i) append("note", "aa", {});
  for (std::uint64_t seq = 1; seq <= 256; ++seq) {
    recorded.push_back(log_->read({seq}).value().recorded_at);
  }
  // Halving 1..256 for the end looks at 129, 193, 225, 241, 249, 253, 255 and 256 and the range.
  Filter filter;
  filter.recorded_from = recorded.back();
  const std::size_t last_ones =
      static_cast<std::size_t>(std::count(recorded.begin(), recorded.end(), recorded.back()));
  std::vector<std::uint64_t> others;
  for (std::uint64_t seq = 1; seq <= 128; ++seq) others.push_back(seq);
  spoil(others);
  EXPECT_EQ(scan(filter).size(), last_ones);
}

}  // namespace
}  // namespace ntt::events
