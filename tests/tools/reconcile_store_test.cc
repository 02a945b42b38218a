// reconcile_store: every planted fault is told and none is invented, also beside a copy at work.

#include "tools/ntt/reconcile_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>

#include "events/batch.h"
#include "events/emitter.h"
#include "events/rocks_log.h"
#include "stages/blob_store.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::tools {
namespace {

namespace fs = std::filesystem;
using events::BlobId;
using events::Sequence;
using tests::write_file;

BlobId id_of(const std::string& content) {
  return *BlobId::from_bytes(events::Blake3::of(content).view());
}

// Calls a hook with each phase that is reported.
class HookedProgress final : public stages::Progress {
 public:
  std::function<void(std::string_view what)> hook;
  void update(std::string_view /*stage*/, std::string_view what, std::uint64_t /*items_done*/,
              std::uint64_t /*items_total*/, std::uint64_t /*bytes_done*/,
              std::uint64_t /*bytes_total*/) override {
    if (hook) hook(what);
  }
};

class ReconcileStoreTest : public testing::Test {
 protected:
  ReconcileStoreTest() {
    auto log = events::open_rocks_log({temp_ / "log"}, clock_);
    EXPECT_TRUE(log.has_value());
    log_ = std::move(*log);
    fs::create_directories(store());
  }
  [[nodiscard]] fs::path store() const { return temp_ / "by-hash"; }
  [[nodiscard]] fs::path path_of(const std::string& content) const {
    return store() / stages::blob_path(id_of(content));
  }

  void put(const std::string& content) {
    fs::create_directories(path_of(content).parent_path());
    write_file(path_of(content), content);
  }
  template <class Payload>
  Sequence append(const std::string& medium, const Payload& payload, std::string attachment = {}) {
    events::Emitter emitter(*log_, clock_, {medium}, events::new_run_id(clock_),
                            events::this_actor());
    auto seq = emitter.emit(payload, {}, std::move(attachment));
    EXPECT_TRUE(seq.has_value());
    return *seq;
  }
  Sequence name(const std::string& medium, const std::vector<std::string>& contents,
                std::uint64_t size_error = 0) {
    events::CopyBatch batch;
    for (const std::string& content : contents) {
      events::CopyRecord record;
      record.ordinal = {batch.records.size()};
      record.outcome = events::CopyOutcome::copied;
      record.blob = id_of(content);
      record.size_read = content.size() + size_error;
      batch.records.push_back(record);
    }
    // A file that could not be read names no blob.
    events::CopyRecord failed;
    failed.ordinal = {batch.records.size()};
    batch.records.push_back(failed);
    auto encoded = events::encode_copy_batch(batch);
    events::CopyBatchData data;
    data.count = batch.records.size();
    data.digest = encoded.records_digest.hex();
    return append(medium, data, std::move(encoded.attachment));
  }
  Sequence retract(const std::string& medium, Sequence seq) {
    return append(medium, events::Retraction{seq.value, "test"});
  }

  events::Result<StoreCounts> look(bool rehash) {
    told_.clear();
    const StoreRequest request{store().string(), temp_.path().string(), rehash};
    return reconcile_store(*log_, request, progress_, cancelled_,
                           [this](const Discrepancy& found) { told_.push_back(found); });
  }
  // "kind path" of what is told, sorted; paths below the store.
  std::vector<std::string> told(bool rehash = false) {
    auto counts = look(rehash);
    EXPECT_TRUE(counts.has_value()) << counts.error().message;
    if (counts) counts_ = *counts;
    std::vector<std::string> lines;
    for (const Discrepancy& found : told_) {
      lines.push_back(std::string(facts_of(found.kind).name) + " " +
                      fs::path(found.path).lexically_relative(store()).string());
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  std::string line(const std::string& kind, const std::string& content) {
    return kind + " " + stages::blob_path(id_of(content));
  }
  using Lines = std::vector<std::string>;

  tests::TempDir temp_;
  events::SystemClock clock_;
  std::unique_ptr<events::Log> log_;
  HookedProgress progress_;
  std::atomic<bool> cancelled_{false};
  std::vector<Discrepancy> told_;
  StoreCounts counts_;
};

TEST_F(ReconcileStoreTest, OfTwoMediaThatShareBlobsNothingIsTold) {
  for (const char* content : {"", "one", "two", "three"}) put(content);
  name("aaaa", {"one", "two", ""});
  name("bbbb", {"two", "three", "two"});
  EXPECT_EQ(told(true), Lines{});
  EXPECT_EQ(counts_.named, 4U);
  EXPECT_EQ(counts_.stored, 4U);
  EXPECT_EQ(counts_.stored_bytes, 11U);
  EXPECT_EQ(counts_.rehashed, 4U);
  EXPECT_EQ(counts_.last, (Sequence{2}));
}

TEST_F(ReconcileStoreTest, EveryFaultOfABlobIsToldWithTheEventThatNamesIt) {
  for (const char* content : {"right", "longer", "flipped", "link", "extra"}) put(content);
  name("aaaa", {"right", "missing"});
  const Sequence second = name("bbbb", {"missing", "longer", "flipped", "link"});
  write_file(path_of("longer"), "longer than that");
  write_file(path_of("flipped"), "flopped");
  fs::remove(path_of("link"));
  fs::create_symlink(path_of("right"), path_of("link"));
  Lines expected = {line("blob_missing", "missing"), line("blob_size", "longer"),
                    line("blob_unnamed", "extra"), line("blob_unreadable", "link")};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(told(), expected);
  for (const Discrepancy& found : told_) {
    if (found.kind == DiscrepancyKind::blob_missing) {
      EXPECT_EQ(found.event, (Sequence{1}));
    }
    if (found.kind != DiscrepancyKind::blob_size) continue;
    EXPECT_EQ(found.event, second);
    EXPECT_EQ(found.recorded_bytes, 6U);
    EXPECT_EQ(found.found_bytes, 16U);
  }
  expected.push_back(line("blob_content", "longer"));
  expected.push_back(line("blob_content", "flipped"));
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(told(true), expected);
}

TEST_F(ReconcileStoreTest, BlobsThatNoEventNamesAreReadTooWhenContentIsAskedFor) {
  put("extra");
  write_file(path_of("extra"), "other");
  EXPECT_EQ(told(true), (Lines{line("blob_content", "extra"), line("blob_unnamed", "extra")}));
}

TEST_F(ReconcileStoreTest, TwoEventsThatDisagreeOnASizeAreNotBothRight) {
  put("one");
  name("aaaa", {"one"});
  const Sequence wrong = name("bbbb", {"one"}, 7);
  EXPECT_EQ(told(), Lines{line("blob_size", "one")});
  EXPECT_EQ(told_[0].event, wrong);
}

TEST_F(ReconcileStoreTest, WhatIsNoBlobIsAStrayAndWhereItBelongsIsTold) {
  put("one");
  name("aaaa", {"one"});
  const std::string hex = id_of("one").hex();
  const fs::path shelf = store() / hex.substr(0, 2);
  const std::string wrong = hex.substr(0, 2) == "00" ? "01" : "00";
  std::string upper = hex;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  fs::create_directories(store() / wrong / "00");
  fs::create_directories(store() / "lost+found");
  write_file(store() / "notes.txt", "");
  write_file(store() / wrong / "00" / hex, "one");
  write_file(store() / wrong / "x", "");
  write_file(shelf / hex.substr(2, 2) / upper, "one");
  write_file(shelf / hex.substr(2, 2) / (hex + ".tmp"), "one");
  fs::create_directories(shelf / "directory");
  Lines expected = {"store_stray notes.txt",
                    "store_stray " + wrong + "/00/" + hex,
                    "store_stray " + wrong + "/x",
                    "store_stray " + hex.substr(0, 2) + "/" + hex.substr(2, 2) + "/" + upper,
                    "store_stray " + hex.substr(0, 2) + "/" + hex.substr(2, 2) + "/" + hex + ".tmp",
                    "store_stray " + hex.substr(0, 2) + "/directory"};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(told(), expected);
  const auto misplaced = std::find_if(told_.begin(), told_.end(), [&](const Discrepancy& found) {
    return found.path.ends_with(wrong + "/00/" + hex);
  });
  EXPECT_NE(misplaced->message.find(stages::blob_path(id_of("one"))), std::string::npos);
}

TEST_F(ReconcileStoreTest, OfADirectoryThatCannotBeListedNoBlobIsCalledMissing) {
  put("one");
  name("aaaa", {"one", "two"});
  const fs::path shelf = path_of("one").parent_path().parent_path();
  fs::remove_all(shelf);
  fs::create_symlink(shelf.filename(), shelf);  // a loop
  Lines expected = {line("blob_missing", "two"), "store_unlisted " + shelf.filename().string()};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(told(), expected);
  EXPECT_EQ(counts_.unexamined, 1U);
}

TEST_F(ReconcileStoreTest, ClaimsThatAreRetractedDoNotCount) {
  put("kept");
  put("shared");
  const Sequence batch = name("aaaa", {"kept", "gone", "shared"});
  name("bbbb", {"shared"});
  EXPECT_EQ(told(), Lines{line("blob_missing", "gone")});
  const Sequence retraction = retract("aaaa", batch);
  EXPECT_EQ(told(), Lines{line("blob_unnamed", "kept")});
  EXPECT_EQ(told_[0].event, batch);
  retract("aaaa", retraction);
  EXPECT_EQ(told(), Lines{line("blob_missing", "gone")});
  retract("bbbb", batch);  // of another medium's stream: it withdraws nothing
  EXPECT_EQ(told(), Lines{line("blob_missing", "gone")});
}

TEST_F(ReconcileStoreTest, WhatACopyAtWorkHasNotRecordedYetIsANote) {
  put("old");
  name("aaaa", {"old"});
  auto at_work = stages::BlobStore::open(store().string());
  ASSERT_TRUE(at_work.has_value());
  stages::BlobWriter writer(**at_work);
  const auto write = [&](const std::string& content) {
    writer.begin();
    ASSERT_TRUE(writer.write(content).has_value());
    ASSERT_TRUE(writer.finish().has_value());
  };
  write("published");
  const std::vector<BlobId> wanted = {id_of("published")};
  ASSERT_TRUE((*at_work)->close_group(wanted).has_value());
  auto group = (*at_work)->publish();
  ASSERT_TRUE(group.has_value());
  write(std::string(2'000'000, 'x'));  // still under a temporary name
  EXPECT_EQ(told(), Lines{line("blob_in_progress", "published")});
  EXPECT_TRUE(facts_of(told_[0].kind).is_note);
  name("aaaa", {"published"});
  EXPECT_EQ(told(), Lines{}) << "recorded in the log, and still in the list";
  ASSERT_TRUE((*at_work)->recorded(*group).has_value());
  EXPECT_EQ(told(), Lines{});
}

TEST_F(ReconcileStoreTest, WhatIsRecordedWhileTheStoreIsWalkedIsNoFinding) {
  put("old");
  name("aaaa", {"old"});
  progress_.hook = [this, once = false](std::string_view what) mutable {
    if (once || what != "shelves of the store") return;
    once = true;
    put("meanwhile");
    name("aaaa", {"meanwhile"});
  };
  // The first shelf is walked by then: a content whose blob is in a later one.
  ASSERT_NE(id_of("meanwhile").bytes[0], 0);
  EXPECT_EQ(told(), Lines{});
  EXPECT_EQ(counts_.stored, 2U);
  EXPECT_EQ(counts_.named, 2U);
}

TEST_F(ReconcileStoreTest, WhatADeadCopyLeftIsFoundAndTheNextCopyMendsIt) {
  put("old");
  name("aaaa", {"old"});
  const pid_t child = ::fork();
  if (child == 0) {  // dies between publishing and recording
    auto dying = stages::BlobStore::open(store().string());
    stages::BlobWriter writer(**dying);
    writer.begin();
    (void)writer.write("orphan");
    (void)writer.finish();
    const std::vector<BlobId> wanted = {id_of("orphan")};
    (void)(*dying)->close_group(wanted);
    (void)(*dying)->publish();
    writer.begin();
    (void)writer.write(std::string(2'000'000, 'x'));
    (void)writer.finish();
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  const fs::path session = fs::directory_iterator(store() / ".tmp")->path();
  EXPECT_EQ(told(), (Lines{line("blob_unrecorded", "orphan"),
                           "store_temporary .tmp/" + session.filename().string()}));
  EXPECT_EQ(told_.size(), 2U);
  // Looking changes nothing.
  EXPECT_TRUE(fs::exists(session));
  { ASSERT_TRUE(stages::BlobStore::open(store().string()).has_value()); }
  EXPECT_EQ(told(), Lines{line("blob_unrecorded", "orphan")}) << "taken over, still not recorded";
  name("aaaa", {"orphan"});
  EXPECT_EQ(told(), Lines{});
}

TEST_F(ReconcileStoreTest, AStoreThatIsNotThereIsNoStoreOfMissingBlobs) {
  fs::remove_all(store());
  EXPECT_EQ(told(), Lines{}) << "the log names nothing";
  name("aaaa", {"one"});
  auto counts = look(false);
  ASSERT_FALSE(counts.has_value());
  EXPECT_EQ(counts.error().code, events::Errc::not_found);
  EXPECT_NE(counts.error().message.find("--by-hash-root"), std::string::npos);
}

TEST_F(ReconcileStoreTest, ABatchThatCannotBeReadIsNamedAndTheRestIsCompared) {
  put("one");
  put("two");
  name("aaaa", {"one"});
  const Sequence bad = append("bbbb", events::CopyBatchData{}, "no batch");
  name("cccc", {"three"});
  EXPECT_EQ(told().size(), 3U);
  EXPECT_EQ(told_[0].kind, DiscrepancyKind::event_unreadable);
  EXPECT_EQ(told_[0].event, bad);
  EXPECT_EQ(told_[0].medium, "bbbb");
  retract("bbbb", bad);
  EXPECT_EQ(told(), (Lines{line("blob_missing", "three"), line("blob_unnamed", "two")}));
}

TEST_F(ReconcileStoreTest, ASignalStopsIt) {
  put("one");
  name("aaaa", {"one"});
  progress_.hook = [this](std::string_view) { cancelled_ = true; };
  auto counts = look(false);
  ASSERT_FALSE(counts.has_value());
  EXPECT_EQ(counts.error().code, events::Errc::unavailable);
}

// find and b3sum say what the store has; the test knows what it told the log.
TEST_F(ReconcileStoreTest, ARandomStoreDiffersFromARandomLogAsFindAndB3sumSay) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::set<std::string> named;
  for (int medium = 0; medium < 3; ++medium) {
    std::vector<std::string> contents;
    for (int i = 0; i < 300; ++i) {
      const std::string content = "content " + std::to_string(random() % 400);
      if (random() % 4 != 0) contents.push_back(content);
      if (random() % 4 != 0) put(content);
    }
    name("medium" + std::to_string(medium), contents);
    for (const auto& content : contents) named.insert(stages::blob_path(id_of(content)));
  }
  std::set<std::string> stored;
  const std::string listing =
      tests::output_of({"find", store().string(), "-type", "f", "-printf", "%P\\n"});
  for (const auto& path : tests::lines_of(listing)) {
    stored.insert(path);
    if (random() % 10 == 0) write_file(store() / path, "damaged " + std::to_string(random() % 99));
  }
  std::set<std::string> missing_and_unnamed;
  for (const auto& path : named) {
    if (!stored.contains(path)) missing_and_unnamed.insert("blob_missing " + path);
  }
  for (const auto& path : stored) {
    if (!named.contains(path)) missing_and_unnamed.insert("blob_unnamed " + path);
  }
  std::vector<std::string> hash = {"b3sum", "--no-names"};
  for (const auto& path : stored) hash.push_back((store() / path).string());
  const auto digests = tests::lines_of(tests::output_of(hash));
  ASSERT_EQ(digests.size(), stored.size());
  std::set<std::string> damaged;
  std::size_t i = 0;
  for (const auto& path : stored) {
    if (!path.ends_with(digests[i++])) damaged.insert("blob_content " + path);
  }
  std::set<std::string> told_missing_and_unnamed;
  std::set<std::string> told_damaged;
  for (const auto& found : told(true)) {
    if (found.starts_with("blob_content")) {
      told_damaged.insert(found);
    } else if (!found.starts_with("blob_size")) {
      told_missing_and_unnamed.insert(found);
    }
  }
  EXPECT_EQ(told_missing_and_unnamed, missing_and_unnamed);
  EXPECT_EQ(told_damaged, damaged);
}

}  // namespace
}  // namespace ntt::tools
