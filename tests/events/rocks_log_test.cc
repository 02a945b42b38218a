// RocksLog keeps the promises of Log: gapless, synced, idempotent, tamper-evident.

#include "events/rocks_log.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "events/emitter.h"
#include "events/envelope.h"
#include "events/hash.h"
#include "events/head_file.h"
#include "events/merkle.h"
#include "events/posting_list.h"
#include "events/record_pack.h"
#include "events/rocks_records.h"
#include "events/rocks_store.h"

namespace ntt::events {
namespace {

class TickingClock final : public Clock {
 public:
  Timestamp now() override { return {1'700'000'000'000'000 + ticks_++}; }

 private:
  std::atomic<std::int64_t> ticks_ = 0;
};

// Opens the database under a log as a tamperer would, who knows RocksDB but not our rules.
class Tamperer {
 public:
  explicit Tamperer(const std::filesystem::path& log)
      : store_(RocksStore::open_for_writing(log / "db").value()) {}

  std::string get(Family family, const std::string& key) {
    return store_->get(family, key).value().value();
  }
  void put(Family family, const std::string& key, const std::string& value) {
    rocksdb::WriteBatch batch;
    store_->put(batch, family, key, value);
    EXPECT_TRUE(store_->write_synced(batch));
  }
  // Everything so far into sorted tables, as a long log has it.
  void write_tables() { EXPECT_TRUE(store_->write_tables()); }
  const RocksStore& store() { return *store_; }

 private:
  std::unique_ptr<RocksStore> store_;
};

class RocksLogTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "rocks-log-XXXXXX");
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override {
    log_.reset();
    std::filesystem::remove_all(directory_);
  }

  Log& open() {
    log_.reset();
    auto opened = open_rocks_log({directory_ / "log", std::chrono::milliseconds(0)}, clock_);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    log_ = std::move(*opened);
    return *log_;
  }

  NewEvent make(std::string type, std::string medium = "aa", std::string attachment = "") {
    NewEvent event;
    event.id = new_event_id(clock_);
    event.type = std::move(type);
    event.medium = {std::move(medium)};
    event.occurred_at = clock_.now();
    event.actor = {"host", "user", "test"};
    event.data = R"({"n":1})";
    event.attachment = std::move(attachment);
    return event;
  }

  // Appends `count` events, every third with an attachment.
  void fill(Log& log, int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(log.append_one(make(i % 2 == 0 ? "enum_start" : "enum_success",
                                      i % 4 < 2 ? "aa" : "ab", i % 3 == 0 ? "columns" : "")));
    }
  }

  static std::vector<std::uint64_t> scan(const Log& log, const Filter& filter) {
    std::vector<std::uint64_t> out;
    EXPECT_TRUE(log.scan(filter, [&](const Event& event) {
      out.push_back(event.seq.value);
      return true;
    }));
    return out;
  }

  TickingClock clock_;
  std::filesystem::path directory_;
  std::unique_ptr<Log> log_;
};

TEST_F(RocksLogTest, NewLogIsEmptyWithTheEmptyTreesRoot) {
  const auto head = open().head();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->seq, Sequence{0});
  EXPECT_EQ(head->root.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_F(RocksLogTest, SequenceNumbersAreGaplessFromOneAndSurviveReopening) {
  fill(open(), 5);
  const Head before = log_->head().value();
  fill(open(), 3);
  EXPECT_EQ(scan(*log_, {}), (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(log_->root_at(5).value(), before.root);
}

TEST_F(RocksLogTest, EventComesBackAsItWasAppended) {
  Log& log = open();
  NewEvent event = make("load_success", "carved_sda_20251013", std::string("a\0b", 3));
  event.version = 3;
  event.origin = Origin::imported;
  event.occurred_at = {-62135596800000000};
  event.run = new_run_id(clock_);
  event.cause = {7};
  ASSERT_TRUE(log.append_one(event));
  const Event stored = log.read({1}).value();
  EXPECT_EQ(stored.id, event.id);
  EXPECT_EQ(stored.type, event.type);
  EXPECT_EQ(stored.version, event.version);
  EXPECT_EQ(stored.medium, event.medium);
  EXPECT_EQ(stored.occurred_at, event.occurred_at);
  EXPECT_EQ(stored.origin, event.origin);
  EXPECT_EQ(stored.run, event.run);
  EXPECT_EQ(stored.cause, event.cause);
  EXPECT_EQ(stored.actor, event.actor);
  EXPECT_EQ(stored.data, event.data);
  EXPECT_EQ(log.attachment({1}).value(), event.attachment);
}

TEST_F(RocksLogTest, AppendingTwiceIsAppendingOnce) {
  Log& log = open();
  const NewEvent event = make("note");
  const std::vector<NewEvent> twice{event, make("note"), event};
  EXPECT_EQ(log.append(twice, {}).value(), (std::vector<Sequence>{{1}, {2}, {1}}));
  EXPECT_EQ(log.append_one(event).value(), Sequence{1});
  EXPECT_EQ(log.head().value().seq, Sequence{2});
}

TEST_F(RocksLogTest, AppendOfSeveralIsAllOrNothing) {
  Log& log = open();
  std::vector<NewEvent> events{make("note"), make("note")};
  events[1].type = std::string(256, 'x');
  const auto refused = log.append(events, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid);
  EXPECT_EQ(log.head().value().seq, Sequence{0});
  EXPECT_TRUE(log.append_one(make("note"))) << "a refused append must not poison the log";
}

TEST_F(RocksLogTest, ARepeatedAppendGetsItsFirstNumbersThoughTheStreamHasMovedOn) {
  Log& log = open();
  const std::vector<NewEvent> events = {make("enum_start"), make("enum_success")};
  const AppendOptions at_beginning{MediumId{"aa"}, Sequence{0}};
  const auto first = log.append(events, at_beginning);
  ASSERT_TRUE(first);
  EXPECT_EQ(log.append(events, at_beginning).value(), *first);
  const std::vector<NewEvent> more = {events[1], make("load_start")};
  EXPECT_EQ(log.append(more, at_beginning).error().code, Errc::conflict);
}

TEST_F(RocksLogTest, ExpectedPositionGuardsTheStream) {
  Log& log = open();
  AppendOptions empty{MediumId{"aa"}, {0}};
  EXPECT_TRUE(log.append_one(make("note", "aa"), empty));
  EXPECT_TRUE(log.append_one(make("note", "aab"))) << "a longer id is another stream";
  EXPECT_EQ(log.append_one(make("note", "aa"), empty).error().code, Errc::conflict);
  EXPECT_TRUE(log.append_one(make("note", "aa"), {MediumId{"aa"}, {1}}));
}

TEST_F(RocksLogTest, RecordedAtNeverDecreasesThoughTheClockJumpsBack) {
  class BackwardClock final : public Clock {
   public:
    Timestamp now() override { return {1'000'000 - 1000 * ticks_++}; }

   private:
    int ticks_ = 0;
  } backward;
  auto log = open_rocks_log({directory_ / "back", std::chrono::milliseconds(0)}, backward).value();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log->append_one(make("note")));
  EXPECT_LE(log->read({1}).value().recorded_at, log->read({2}).value().recorded_at);
  EXPECT_LE(log->read({2}).value().recorded_at, log->read({3}).value().recorded_at);
}

TEST_F(RocksLogTest, FiltersAgreeWithReadingEverything) {
  Log& log = open();
  const RunId run = new_run_id(clock_);
  for (int i = 0; i < 60; ++i) {
    NewEvent event = make(i % 3 == 0 ? "load_start" : "load_success", i % 2 == 0 ? "aa" : "b");
    if (i % 5 == 0) event.run = run;
    if (i % 7 == 0) event.origin = Origin::imported;
    ASSERT_TRUE(log.append_one(event));
  }
  const Timestamp middle = log.read({30}).value().occurred_at;
  std::vector<Filter> filters(9);
  filters[1].medium = MediumId{"aa"};
  filters[2].type_glob = "load_start";
  filters[3].type_glob = "*_s*s";
  filters[4].run = run;
  filters[5].occurred_from = middle;
  filters[6].occurred_until = middle;
  filters[6].medium = MediumId{"b"};
  filters[7].first = {10};
  filters[7].last = {20};
  filters[7].type_glob = "load_*";
  filters[8].origin = Origin::imported;
  for (const Filter& filter : filters) {
    std::vector<std::uint64_t> expected;
    for (std::uint64_t seq = 1; seq <= 60; ++seq) {
      const Event event = log.read({seq}).value();
      const bool glob = filter.type_glob.empty() || filter.type_glob == event.type ||
                        (filter.type_glob == "*_s*s" && event.type == "load_success") ||
                        filter.type_glob == "load_*";
      if (event.seq >= filter.first && event.seq <= filter.last && glob &&
          (!filter.medium || *filter.medium == event.medium) &&
          (!filter.run || *filter.run == event.run) &&
          (!filter.origin || *filter.origin == event.origin) &&
          (!filter.occurred_from || event.occurred_at >= *filter.occurred_from) &&
          (!filter.occurred_until || event.occurred_at < *filter.occurred_until)) {
        expected.push_back(seq);
      }
    }
    EXPECT_FALSE(expected.empty());
    EXPECT_EQ(scan(log, filter), expected);
  }
}

TEST_F(RocksLogTest, MediaAreListedByThePrefixOfTheirIds) {
  Log& log = open();
  for (const char* medium : {"b", "abc", "", "ab", "abc", "ab", "ab.1", "zz"}) {
    ASSERT_TRUE(log.append_one(make("note", medium)));
  }
  const auto media = [&log](const std::string& prefix) {
    const auto found = log.media(prefix).value();
    std::string names;
    for (const MediumId& medium : found) names += medium.text + " ";
    return names;
  };
  EXPECT_EQ(media(""), "ab ab.1 abc b zz ");
  EXPECT_EQ(media("ab"), "ab ab.1 abc ");
  EXPECT_EQ(media("abc"), "abc ");
  EXPECT_EQ(media("abcd"), "");
}

TEST_F(RocksLogTest, BatchesCanBeLeftOutWhicheverIndexServes) {
  Log& log = open();
  for (const char* type : {"enum_start", "enum_batch", "note", "copy_batch"}) {
    ASSERT_TRUE(log.append_one(make(type, "aa", "records")));
  }
  Filter of_medium;
  of_medium.medium = MediumId{"aa"};
  Filter of_type;
  of_type.type_glob = "enum_*";
  for (Filter filter : {Filter{}, of_medium, of_type}) {
    filter.batches = false;
    ASSERT_TRUE(log.scan(filter, [](const Event& event) {
      EXPECT_FALSE(event.type.ends_with("_batch"));
      return true;
    }));
  }
}

TEST_F(RocksLogTest, ConcurrentAppendersLoseNothingAndShareTheOrder) {
  Log& log = open();
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([this, &log, t] {
        for (int i = 0; i < kEach; ++i) {
          EXPECT_TRUE(log.append_one(make("note", "m" + std::to_string(t))));
        }
      });
    }
  }
  EXPECT_EQ(log.head().value().seq, Sequence{kThreads * kEach});
  const VerifyReport report = log.verify({}).value();
  EXPECT_FALSE(report.first_bad) << report.problem;
  EXPECT_EQ(report.checked, kThreads * kEach);
}

TEST_F(RocksLogTest, SecondWriterIsToldWhoHoldsTheLog) {
  open();
  const auto second = open_rocks_log({directory_ / "log", std::chrono::milliseconds(0)}, clock_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
  EXPECT_NE(second.error().message.find("process " + std::to_string(getpid())), std::string::npos)
      << second.error().message;
}

TEST_F(RocksLogTest, ReaderNeedsNoLockAndFollowsTheWriter) {
  Log& log = open();
  fill(log, 10);
  auto reader = open_rocks_log_for_reading(directory_ / "log").value();
  EXPECT_EQ(reader->head().value(), log.head().value());
  EXPECT_EQ(reader->attachment({1}).value(), "columns");
  fill(log, 10);
  EXPECT_EQ(reader->wait_past({10}, std::chrono::seconds(10)).value(), Sequence{20});
  EXPECT_EQ(scan(*reader, {}).size(), 20U);
  EXPECT_FALSE(reader->append_one(make("note")));
  EXPECT_FALSE(reader->verify({}).value().first_bad);
}

TEST_F(RocksLogTest, ReaderSeesAttachmentsAfterTheWriterHasFlushedAndGone) {
  for (int round = 0; round < 5; ++round) {
    Log& log = open();
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(log.append_one(make("enum_batch", "aa", std::string(5000, 'a' + char(round)))));
    }
  }
  log_.reset();
  Tamperer(directory_ / "log").write_tables();
  auto reader = open_rocks_log_for_reading(directory_ / "log").value();
  EXPECT_EQ(reader->attachment({100}).value(), std::string(5000, 'e'));
  EXPECT_FALSE(reader->verify({}).value().first_bad);
}

TEST_F(RocksLogTest, ReaderThatAsksForTheHeadIsToldWhatWasAppendedSinceItOpened) {
  Log& log = open();
  fill(log, 3);
  auto reader = open_rocks_log_for_reading(directory_ / "log").value();
  fill(log, 2);
  EXPECT_EQ(reader->root_at(5).value(), log.root_at(5).value());
  EXPECT_EQ(reader->head().value().seq, Sequence{5});
  fill(log, 1);
  EXPECT_EQ(reader->head().value().root, log.head().value().root);
  EXPECT_EQ(reader->read({6}).value().seq, Sequence{6});
}

TEST_F(RocksLogTest, ALogOfFormat1IsReadAndHasFormat2FromTheNextWriterOn) {
  fill(open(), 3);
  log_.reset();
  const auto path = directory_ / "log";
  Tamperer(path).put(Family::meta, "format", "1");
  EXPECT_EQ(scan(*open_rocks_log_for_reading(path).value(), {}).size(), 3U);
  EXPECT_EQ(Tamperer(path).get(Family::meta, "format"), "1");
  open();
  log_.reset();
  EXPECT_EQ(Tamperer(path).get(Family::meta, "format"), "2");
}

TEST_F(RocksLogTest, ALogOfAFormatToComeIsRefused) {
  fill(open(), 1);
  log_.reset();
  Tamperer(directory_ / "log").put(Family::meta, "format", "3");
  EXPECT_EQ(open_rocks_log_for_reading(directory_ / "log").error().code, Errc::invalid);
  const auto refused = open_rocks_log({directory_ / "log", std::chrono::milliseconds(0)}, clock_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid);
}

TEST_F(RocksLogTest, MissingLogIsNotFoundByReaders) {
  EXPECT_EQ(open_rocks_log_for_reading(directory_ / "none").error().code, Errc::not_found);
}

TEST_F(RocksLogTest, RootIsThatOfAnIndependentRfc6962Tree) {
  Log& log = open();
  fill(log, 23);
  log_.reset();
  auto store = RocksStore::open_for_reading(directory_ / "log" / "db").value();
  std::vector<Sha256Digest> leaves;
  for (std::uint64_t seq = 1; seq <= 23; ++seq) {
    leaves.push_back(merkle_leaf_hash(StoredRecords(*store).record({seq}).value().envelope));
  }
  // MTH of the RFC, by its own recursion.
  const std::function<Sha256Digest(std::size_t, std::size_t)> mth = [&](std::size_t from,
                                                                        std::size_t count) {
    if (count == 1) return leaves[from];
    std::size_t k = 1;
    while (k * 2 < count) k *= 2;
    return merkle_node_hash(mth(from, k), mth(from + k, count - k));
  };
  store.reset();
  Log& again = open();
  for (std::size_t size = 1; size <= 23; ++size)
    EXPECT_EQ(again.root_at(size).value(), mth(0, size));
  EXPECT_EQ(again.root_at(24).error().code, Errc::not_found);
}

TEST_F(RocksLogTest, VerifyNamesTheEventOfEveryChangedByte) {
  fill(open(), 9);
  log_.reset();
  for (std::uint64_t seq = 1; seq <= 9; ++seq) {
    const std::string key = sequence_key({seq});
    const std::string original = Tamperer(directory_ / "log").get(Family::events, key);
    for (std::size_t at = 0; at < original.size(); at += seq == 4 ? 1 : 37) {
      std::string changed = original;
      changed[at] = static_cast<char>(changed[at] ^ 0x20);
      Tamperer(directory_ / "log").put(Family::events, key, changed);
      auto reader = open_rocks_log_for_reading(directory_ / "log").value();
      const VerifyReport report = reader->verify({}).value();
      ASSERT_TRUE(report.first_bad) << "event " << seq << " byte " << at;
      EXPECT_EQ(report.first_bad->value, seq) << "byte " << at << ": " << report.problem;
    }
    Tamperer(directory_ / "log").put(Family::events, key, original);
  }
}

// Appends as an import does: so many that they share keys in every family.
std::vector<NewEvent> many(std::size_t count, Clock& clock) {
  std::vector<NewEvent> events(count);
  for (std::size_t i = 0; i < count; ++i) {
    events[i].id = new_event_id(clock);
    events[i].type = i % 50 == 0 ? "legacy_line" : "legacy_claim";
    events[i].medium = {"m" + std::to_string(i / 10)};
    events[i].occurred_at = clock.now();
    events[i].data = R"({"line":)" + std::to_string(i) + "}";
    if (i % 70 == 0) events[i].attachment = "columns";
  }
  return events;
}

TEST_F(RocksLogTest, AnAppendOfManyIsReadAsManyAppendsAre) {
  Log& log = open();
  fill(log, 2);
  const auto events = many(3000, clock_);
  const auto numbers = log.append(events, {}).value();
  for (std::size_t i = 0; i < events.size(); ++i) {
    ASSERT_EQ(numbers[i].value, i + 3);
    const Event event = log.read(numbers[i]).value();
    EXPECT_EQ(event.id, events[i].id);
    EXPECT_EQ(event.data, events[i].data);
    if (event.has_attachment()) {
      EXPECT_EQ(log.attachment(event.seq).value(), "columns");
    }
  }
  EXPECT_EQ(log.append(events, {}).value(), numbers) << "appended once";
  EXPECT_FALSE(log.verify({}).value().first_bad);
  std::vector<Sha256Digest> leaves;
  for (std::uint64_t seq = 1; seq <= 3002; ++seq) {
    leaves.push_back(merkle_leaf_hash(log.record({seq}).value().envelope));
    EXPECT_EQ(log.tree_node(0, seq - 1).value(), leaves.back());
  }
  MerkleFrontier frontier;
  for (const Sha256Digest& leaf : leaves) frontier.append(leaf, [](const MerkleNode&) {});
  EXPECT_EQ(log.head().value().root, frontier.root());
}

TEST_F(RocksLogTest, AnIdThatIsTwiceInAnAppendIsAddedOnce) {
  Log& log = open();
  auto events = many(300, clock_);
  events[299].id = events[17].id;
  events[18].id = events[17].id;
  const auto numbers = log.append(events, {}).value();
  EXPECT_EQ(numbers[17], Sequence{18});
  EXPECT_EQ(numbers[18], Sequence{18});
  EXPECT_EQ(numbers[299], Sequence{18});
  EXPECT_EQ(log.head().value().seq, Sequence{298});
  EXPECT_FALSE(log.verify({}).value().first_bad);
}

TEST_F(RocksLogTest, VerifyNamesAnEventOfThePackThatIsDamaged) {
  ASSERT_TRUE(open().append(many(200, clock_), {}));
  log_.reset();
  const auto path = directory_ / "log";
  const std::string key = sequence_key({65});
  const std::string original = Tamperer(path).get(Family::events, key);
  const std::size_t count = records_in_pack(original);
  ASSERT_GT(count, 30U);
  std::size_t noticed = 0;
  for (std::size_t at = 0; at < original.size(); at += 7) {
    std::string changed = original;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    Tamperer(path).put(Family::events, key, changed);
    const auto report = open_rocks_log_for_reading(path).value()->verify({}).value();
    if (!report.first_bad) {  // a byte that says nothing: the records are the same
      EXPECT_EQ(decode_pack(changed).value().size(), count) << at;
      continue;
    }
    noticed += 1;
    EXPECT_GE(report.first_bad->value, 65U) << "byte " << at;
    EXPECT_LT(report.first_bad->value, 65U + count) << "byte " << at << ": " << report.problem;
  }
  EXPECT_GT(noticed, original.size() / 7 - 3);
}

TEST_F(RocksLogTest, VerifyFindsWhatIsMissingOrTooMuchInListsAndSpans) {
  ASSERT_TRUE(open().append(many(200, clock_), {}));
  log_.reset();
  const auto path = directory_ / "log";
  const auto problem_with = [&](Family family, const std::string& key, const std::string& value) {
    const std::string before = Tamperer(path).get(family, key);
    Tamperer(path).put(family, key, value);
    const auto report = open_rocks_log_for_reading(path).value()->verify({}).value();
    Tamperer(path).put(family, key, before);
    return report.first_bad ? report.first_bad->value : 0;
  };
  const std::string medium = medium_prefix({"m3"}) + sequence_key({31});
  const std::string list = Tamperer(path).get(Family::by_medium, medium);
  EXPECT_EQ(label_of(list), "legacy_claim");
  EXPECT_EQ(problem_with(Family::by_medium, medium, list.substr(0, list.size() - 1)), 40U);
  EXPECT_EQ(problem_with(Family::by_medium, medium, list + "\2"), 201U) << "event 42 is of m4";
  EXPECT_EQ(problem_with(Family::by_medium, medium, "note" + list.substr(12)), 31U);
  const std::string type = type_prefix("legacy_claim") + sequence_key({2});
  const std::string claims = Tamperer(path).get(Family::by_type, type);
  EXPECT_EQ(problem_with(Family::by_type, type, claims.substr(0, claims.size() - 1)), 200U);
  std::string nodes = Tamperer(path).get(Family::tree, tree_key(0, 64));
  EXPECT_EQ(nodes.size(), 64U * 32U);
  nodes[32] = static_cast<char>(nodes[32] ^ 1);
  EXPECT_EQ(problem_with(Family::tree, tree_key(0, 64), nodes), 66U);
  EXPECT_EQ(problem_with(Family::tree, tree_key(0, 64), nodes.substr(0, 32)), 66U);
}

TEST_F(RocksLogTest, VerifyFindsChangedAttachmentsIndexesAndTreeNodes) {
  fill(open(), 9);
  log_.reset();
  const auto path = directory_ / "log";
  const auto first_bad = [&] {
    auto reader = open_rocks_log_for_reading(path).value();
    return reader->verify({}).value().first_bad.value_or(Sequence{0}).value;
  };
  const auto with = [&](Family family, const std::string& key, const std::string& value) {
    const auto before = Tamperer(path).store().get(family, key).value();
    Tamperer(path).put(family, key, value);
    const std::uint64_t found = first_bad();
    if (before) Tamperer(path).put(family, key, *before);
    return found;
  };
  EXPECT_EQ(first_bad(), 0U);
  EXPECT_EQ(with(Family::attachments, sequence_key({4}), "Columns"), 4U);
  EXPECT_EQ(with(Family::tree, tree_key(0, 6), std::string(32, 'x')), 7U);
  EXPECT_EQ(with(Family::tree, tree_key(2, 0), std::string(32, 'x')), 4U);
  EXPECT_EQ(first_bad(), 0U);
  const auto medium_key = medium_prefix({"ab"}) + sequence_key({3});
  EXPECT_EQ(with(Family::by_medium, medium_key, "other_type"), 3U);
  EXPECT_EQ(first_bad(), 0U);
  EXPECT_EQ(with(Family::by_type, type_prefix("note") + sequence_key({2}), ""), 10U);
}

// What a reader gets from the log in `path`: a digest of every event and attachment, "" if it is
// told that something is wrong.
std::string content_or_refusal(const std::filesystem::path& path) {
  auto reader = open_rocks_log_for_reading(path);
  if (!reader) return "";
  const auto report = (*reader)->verify({});
  if (!report || report->first_bad) return "";
  std::string all;
  const auto scanned = (*reader)->scan({}, [&](const Event& event) {
    all += encode_envelope(event).value() + event.data;
    if (event.has_attachment()) all += (*reader)->attachment(event.seq).value();
    return true;
  });
  return scanned ? Sha256::of(all).hex() : "";
}

TEST_F(RocksLogTest, FlippedByteInAnyFileIsNoticedOrChangesNothing) {
  fill(open(), 40);
  log_.reset();
  Tamperer(directory_ / "log").write_tables();
  fill(open(), 40);  // these stay in the write-ahead log
  log_.reset();
  const auto path = directory_ / "log";
  const std::string whole = content_or_refusal(path);
  ASSERT_NE(whole, "");
  int noticed = 0;
  for (const auto& file : std::filesystem::directory_iterator(path / "db")) {
    const auto size = static_cast<std::int64_t>(file.file_size());
    for (std::int64_t at = 0; at < size; at += std::max<std::int64_t>(1, size / 8)) {
      std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      const auto flip = [&] {
        bytes.seekg(at);
        const int byte = bytes.get();
        bytes.seekp(at);
        bytes.put(static_cast<char>(byte ^ 0x10));
        bytes.flush();
      };
      flip();
      const std::string content = content_or_refusal(path);
      EXPECT_TRUE(content.empty() || content == whole) << file.path() << " byte " << at;
      noticed += content.empty() ? 1 : 0;
      flip();
    }
  }
  EXPECT_GT(noticed, 20);
  EXPECT_EQ(content_or_refusal(path), whole);
}

TEST_F(RocksLogTest, WithoutItsHeadFileALogIsReadButNotAppendedToUntilToldSo) {
  fill(open(), 4);
  log_.reset();
  const auto log = directory_ / "log";
  std::filesystem::remove(log / "head");
  const auto refused = open_rocks_log({log, std::chrono::milliseconds(0)}, clock_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("no head file"), std::string::npos);
  const VerifyReport report = open_rocks_log_for_reading(log).value()->verify({}).value();
  EXPECT_FALSE(report.first_bad);
  EXPECT_FALSE(report.witnessed);
  std::ofstream(log / "head").close();
  fill(open(), 1);
  log_.reset();
  EXPECT_TRUE(open_rocks_log_for_reading(log).value()->verify({}).value().witnessed);
}

TEST_F(RocksLogTest, LogBehindItsHeadFileRefusesAppendsAndSaysSo) {
  fill(open(), 4);
  log_.reset();
  const auto log = directory_ / "log";
  const auto copy = directory_ / "copy";
  std::filesystem::copy(log, copy, std::filesystem::copy_options::recursive);
  fill(open(), 2);
  log_.reset();
  std::filesystem::remove_all(log / "db");
  std::filesystem::copy(copy / "db", log / "db", std::filesystem::copy_options::recursive);

  const auto refused = open_rocks_log({log, std::chrono::milliseconds(0)}, clock_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::corruption);
  EXPECT_NE(refused.error().message.find("event 6"), std::string::npos) << refused.error().message;
  auto reader = open_rocks_log_for_reading(log).value();
  EXPECT_EQ(reader->verify({}).value().first_bad, Sequence{5});
  EXPECT_EQ(scan(*reader, {}).size(), 4U) << "it can still be read";
}

TEST_F(RocksLogTest, LogReplacedByAnotherIsRefused) {
  fill(open(), 4);
  log_.reset();
  auto other = open_rocks_log({directory_ / "other", std::chrono::milliseconds(0)}, clock_).value();
  fill(*other, 8);
  other.reset();
  std::filesystem::remove_all(directory_ / "log" / "db");
  std::filesystem::rename(directory_ / "other" / "db", directory_ / "log" / "db");
  const auto refused = open_rocks_log({directory_ / "log", std::chrono::milliseconds(0)}, clock_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::corruption);
}

TEST_F(RocksLogTest, TornHeadFileIsNoWitness) {
  fill(open(), 4);
  log_.reset();
  const auto path = directory_ / "log" / "head";
  std::ifstream in(path, std::ios::binary);
  const std::string line{std::istreambuf_iterator<char>(in), {}};
  for (std::size_t length = 0; length < line.size(); ++length) {
    std::ofstream(path, std::ios::binary) << line.substr(0, length);
    EXPECT_FALSE(HeadFile::read(path).value().has_value()) << length;
  }
  fill(open(), 1);
  EXPECT_EQ(HeadFile::read(path).value().value().head, log_->head().value());
}

TEST_F(RocksLogTest, AppendThatReturnedSurvivesKillNine) {
  const auto path = directory_ / "log";
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto log = open_rocks_log({path, std::chrono::milliseconds(0)}, clock_).value();
    for (std::uint64_t i = 0;; ++i) {
      const Sequence seq = log->append_one(make("note")).value();
      if (write(pipe_fds[1], &seq.value, sizeof seq.value) < 0) _exit(1);
    }
  }
  close(pipe_fds[1]);
  std::uint64_t acknowledged = 0;
  while (acknowledged < 50) {
    ASSERT_EQ(read(pipe_fds[0], &acknowledged, sizeof acknowledged),
              static_cast<ssize_t>(sizeof acknowledged));
  }
  kill(child, SIGKILL);
  std::uint64_t more = 0;
  while (read(pipe_fds[0], &more, sizeof more) == sizeof more) acknowledged = more;
  close(pipe_fds[0]);
  waitpid(child, nullptr, 0);
  Log& log = open();
  EXPECT_GE(log.head().value().seq.value, acknowledged);
  EXPECT_FALSE(log.verify({}).value().first_bad);
}

TEST_F(RocksLogTest, WaiterWakesWhenAnotherThreadAppends) {
  Log& log = open();
  std::jthread appender([&] { EXPECT_TRUE(log.append_one(make("note"))); });
  EXPECT_EQ(log.wait_past({0}, std::chrono::seconds(30)).value(), Sequence{1});
}

TEST_F(RocksLogTest, OpeningTwiceAfterACrashOfTheFirstNeedsNoRepair) {
  const pid_t child = fork();
  if (child == 0) {
    auto log = open_rocks_log({directory_ / "log", std::chrono::milliseconds(0)}, clock_).value();
    _exit(log->append_one(make("note")) ? 7 : 1);  // without closing
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(open().head().value().seq, Sequence{1});
}

}  // namespace
}  // namespace ntt::events
