// A generation is every entry once, joined with what load decided and what the last copy achieved.

#include "events/generation.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <random>

#include "events/emitter.h"
#include "events/rocks_log.h"

namespace ntt::events {
namespace {

struct SeenRow {
  std::uint64_t ordinal = 0;
  std::uint64_t id = 0;
  std::string path;
  std::optional<std::uint32_t> rule;
  std::optional<std::uint64_t> same_inode_as;
  std::optional<std::uint64_t> size_read;  // of the copy record, if there is one
  bool operator==(const SeenRow&) const = default;
};

class GenerationTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "generation-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    auto opened = open_rocks_log({directory_ / "log", std::chrono::milliseconds(0)}, clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    log_ = std::move(*opened);
    emitter_.emplace(*log_, clock_, MediumId{"m1"}, RunId{}, this_actor());
    ref_.medium = {"m1"};
    ref_.manifest = emit(EnumStart{});
  }
  void TearDown() override {
    emitter_.reset();
    log_.reset();
    std::filesystem::remove_all(directory_);
  }

  template <class Payload>
  Sequence emit(const Payload& payload, Sequence cause = {}, std::string attachment = {}) {
    auto seq = emitter_->emit(payload, cause, std::move(attachment));
    EXPECT_TRUE(seq) << (seq ? "" : seq.error().message);
    return seq ? *seq : Sequence{};
  }

  Sequence entries(std::uint64_t first, std::uint64_t count) {
    EntryBatch batch{{2}, {first}, {}};
    for (std::uint64_t i = 0; i < count; ++i) {
      batch.entries.emplace_back().path = "p" + std::to_string(first + i);
      batch.entries.back().type = EntryType::file;
    }
    auto encoded = encode_entry_batch(batch);
    return emit(EnumBatchData{ref_.manifest.value, 2, first, count, encoded.records_digest.hex()},
                ref_.manifest, std::move(encoded.attachment));
  }

  Sequence decisions(std::vector<LoadDecision> records) {
    auto encoded = encode_load_batch({records});
    return emit(LoadBatchData{ref_.load_start.value, records.size(), encoded.records_digest.hex()},
                ref_.load_start, std::move(encoded.attachment));
  }

  // Copy records whose size_read tells them apart.
  Sequence copies(Sequence attempt, const std::map<std::uint64_t, std::uint64_t>& sizes) {
    CopyBatch batch;
    for (const auto& [ordinal, size] : sizes) {
      batch.records.push_back({{ordinal}, CopyOutcome::failed, {}, size, {}, ""});
    }
    auto encoded = encode_copy_batch(batch);
    return emit(
        CopyBatchData{1, ref_.load_success.value, sizes.size(), 0, encoded.records_digest.hex()},
        attempt, std::move(encoded.attachment));
  }

  void start_load() { ref_.load_start = emit(LoadStart{ref_.manifest.value, ""}); }
  void finish_load() { ref_.load_success = emit(LoadSuccess{}, ref_.load_start); }

  Status read(std::vector<SeenRow>& rows) {
    return read_generation(*log_, ref_, [&](const GenerationRow& row) {
      SeenRow seen{row.ordinal.value, row.id, row.entry->path, row.rule, {}, {}};
      if (row.same_inode_as) seen.same_inode_as = row.same_inode_as->value;
      if (row.copy != nullptr) seen.size_read = row.copy->size_read;
      rows.push_back(std::move(seen));
      return Status();
    });
  }

  std::vector<SeenRow> rows() {
    std::vector<SeenRow> out;
    const Status status = read(out);
    EXPECT_TRUE(status) << (status ? "" : status.error().message);
    return out;
  }

  std::string corruption() {
    std::vector<SeenRow> out;
    const Status status = read(out);
    EXPECT_FALSE(status);
    if (status) return "";
    EXPECT_EQ(status.error().code, Errc::corruption);
    return status.error().message;
  }

  SystemClock clock_;
  std::filesystem::path directory_;
  std::unique_ptr<Log> log_;
  std::optional<Emitter> emitter_;
  GenerationRef ref_;
};

TEST_F(GenerationTest, AnEmptyManifestHasNoRows) {
  EXPECT_TRUE(rows().empty());
}

TEST_F(GenerationTest, EntriesComeInOrderAndAreNamedByTheirBatch) {
  const Sequence first = entries(0, 3);
  emit(Note{"between"});
  const Sequence second = entries(3, 1);
  const auto seen = rows();
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[2], (SeenRow{2, first.value * 8192 + 2, "p2", {}, {}, {}}));
  EXPECT_EQ(seen[3], (SeenRow{3, second.value * 8192, "p3", {}, {}, {}}));
}

TEST_F(GenerationTest, DecisionsAndOutcomesAreJoined) {
  entries(0, 2);
  entries(2, 2);
  start_load();
  decisions({{{1}, 7U, {}}});
  decisions({{{3}, {}, Ordinal{0}}});
  finish_load();
  copies(emit(CopyStart{}), {{0, 100}, {2, 102}});
  const auto seen = rows();
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[0].size_read, 100U);
  EXPECT_EQ(seen[1].rule, 7U);
  EXPECT_EQ(seen[2].size_read, 102U);
  EXPECT_EQ(seen[3].same_inode_as, 0U);
}

TEST_F(GenerationTest, TheLastAttemptsOutcomeCounts) {
  entries(0, 4);
  start_load();
  finish_load();
  const Sequence first = emit(CopyStart{});
  copies(first, {{0, 10}, {1, 11}});
  const Sequence second = emit(CopyStart{});
  copies(second, {{1, 21}, {2, 22}});
  copies(first, {{3, 13}});  // of the first attempt, though appended later
  const auto seen = rows();
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[0].size_read, 10U);
  EXPECT_EQ(seen[1].size_read, 21U);
  EXPECT_EQ(seen[2].size_read, 22U);
  EXPECT_EQ(seen[3].size_read, 13U);
}

TEST_F(GenerationTest, OtherLoadsGenerationsAndMediaDoNotCount) {
  entries(0, 2);
  start_load();
  decisions({{{0}, 1U, {}}});
  finish_load();
  copies(emit(CopyStart{}), {{1, 1}});
  start_load();  // again, with other rules
  decisions({{{1}, 2U, {}}});
  finish_load();
  const auto seen = rows();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_FALSE(seen[0].rule);
  EXPECT_EQ(seen[1].rule, 2U);
  EXPECT_FALSE(seen[1].size_read);
  ref_.medium = {"m2"};
  EXPECT_TRUE(rows().empty());
}

TEST_F(GenerationTest, WithoutALoadOnlyEntriesAreGiven) {
  entries(0, 1);
  start_load();
  decisions({{{0}, 1U, {}}});
  finish_load();
  copies(emit(CopyStart{}), {{0, 1}});
  ref_.load_start = {};
  ref_.load_success = {};
  EXPECT_EQ(rows().size(), 1U);
  EXPECT_FALSE(rows()[0].rule);
  EXPECT_FALSE(rows()[0].size_read);
}

TEST_F(GenerationTest, ARetractedOutcomeIsAbsentUntilTheRetractionIsRetracted) {
  entries(0, 1);
  start_load();
  finish_load();
  const Sequence batch = copies(emit(CopyStart{}), {{0, 5}});
  const Sequence retraction = emit(Retraction{batch.value, "a bad cable"});
  EXPECT_FALSE(rows()[0].size_read);
  ref_.last = batch;
  EXPECT_TRUE(rows()[0].size_read);
  ref_.last = Sequence{UINT64_MAX};
  emit(Retraction{retraction.value, "it was another medium's"});
  EXPECT_TRUE(rows()[0].size_read);
}

TEST_F(GenerationTest, AMissingBatchIsCorruption) {
  entries(0, 2);
  const Sequence middle = entries(2, 2);
  entries(4, 2);
  emit(Retraction{middle.value, "test"});
  EXPECT_NE(corruption().find("begins at entry 4 where entry 2 should follow"), std::string::npos);
}

TEST_F(GenerationTest, ARepeatedBatchIsCorruption) {
  entries(0, 2);
  entries(0, 2);
  corruption();
}

TEST_F(GenerationTest, AnOutcomeOfNoEntryIsCorruption) {
  entries(0, 2);
  start_load();
  finish_load();
  copies(emit(CopyStart{}), {{1, 1}, {2, 1}});
  EXPECT_NE(corruption().find("of no entry"), std::string::npos);
}

TEST_F(GenerationTest, OutcomesOutOfOrderAreCorruption) {
  entries(0, 3);
  start_load();
  finish_load();
  const Sequence attempt = emit(CopyStart{});
  copies(attempt, {{1, 1}});
  copies(attempt, {{0, 1}});
  EXPECT_NE(corruption().find("out of order"), std::string::npos);
}

TEST_F(GenerationTest, ABatchThatIsNotAsItsEventSaysIsCorruption) {
  const EncodedBatch encoded = encode_entry_batch({{2}, {0}, {Entry{}}});
  const std::uint64_t manifest = ref_.manifest.value;
  emit(EnumBatchData{manifest, 2, 0, 2, encoded.records_digest.hex()}, {}, encoded.attachment);
  EXPECT_NE(corruption().find("not the one that the event describes"), std::string::npos);
}

TEST_F(GenerationTest, ABatchOfAnotherDigestIsCorruption) {
  const EncodedBatch encoded = encode_entry_batch({{2}, {0}, {Entry{}}});
  emit(EnumBatchData{ref_.manifest.value, 2, 0, 1, Blake3Digest{}.hex()}, {}, encoded.attachment);
  EXPECT_NE(corruption().find("digest"), std::string::npos);
}

TEST_F(GenerationTest, WhatTheVisitorReturnsStopsTheReading) {
  entries(0, 3);
  int visits = 0;
  const Status status = read_generation(*log_, ref_, [&](const GenerationRow&) -> Status {
    visits += 1;
    return Error{Errc::io, "no more room"};
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "no more room");
  EXPECT_EQ(visits, 1);
}

// Random records in random batches, against maps that hold everything.
TEST_F(GenerationTest, AnyDivisionIntoBatchesGivesTheSameRows) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };

  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const std::uint64_t count = 1 + below(40);
    entries(total, count);
    total += count;
  }
  start_load();
  std::map<std::uint64_t, std::uint32_t> rules;
  std::vector<LoadDecision> pending;
  for (std::uint64_t i = 0; i < total; ++i) {
    if (below(3) == 0) pending.push_back({{i}, rules[i] = static_cast<std::uint32_t>(i), {}});
    if (!pending.empty() && below(20) == 0) decisions(std::exchange(pending, {}));
  }
  if (!pending.empty()) decisions(pending);
  finish_load();
  std::map<std::uint64_t, std::uint64_t> sizes;
  for (std::uint64_t attempt = 1; attempt <= 3; ++attempt) {
    const Sequence start = emit(CopyStart{});
    std::map<std::uint64_t, std::uint64_t> batch;
    for (std::uint64_t i = 0; i < total; ++i) {
      if (below(3) == 0) batch[i] = sizes[i] = attempt * 1000 + i;
      if (!batch.empty() && below(20) == 0) copies(start, std::exchange(batch, {}));
    }
    if (!batch.empty()) copies(start, batch);
  }

  const auto seen = rows();
  ASSERT_EQ(seen.size(), total);
  for (std::uint64_t i = 0; i < total; ++i) {
    EXPECT_EQ(seen[i].path, "p" + std::to_string(i));
    EXPECT_EQ(seen[i].rule.has_value(), rules.contains(i));
    EXPECT_EQ(seen[i].size_read.value_or(0), sizes.contains(i) ? sizes[i] : 0);
  }
}

}  // namespace
}  // namespace ntt::events
