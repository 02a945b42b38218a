// enum: manifests, interruptions and what a rerun makes of them; and the history that stages read.

#include "stages/enumerate.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "events/generation.h"
#include "stages/history.h"
#include "tests/stages/log_bench.h"
#include "tests/support/command.h"

namespace ntt::tests {

namespace {

namespace fs = std::filesystem;
using events::Errc;
using stages::Entry;
using stages::EnumRequest;
using stages::StageOutcome;
using stages::StageReport;
using stages::VolumeOutcome;

// A source of volumes and entries that a test made up.
class ScriptedSource final : public stages::Source {
 public:
  struct Volume {
    VolumeOutcome outcome;
    std::vector<Entry> entries;
  };
  std::vector<Volume> volumes;
  stages::Status failure;  // after the volumes

  [[nodiscard]] events::SourceInfo info() const override { return {"image", {"/scripted"}}; }
  [[nodiscard]] bool has_content() const override { return false; }
  stages::Status walk(stages::EntrySink& sink) override {
    for (const Volume& volume : volumes) {
      stages::Status taken;
      const std::span<const Entry> all = volume.entries;
      for (std::size_t i = 0; i < all.size() && taken; i += 1000) {
        const std::size_t count = std::min<std::size_t>(1000, all.size() - i);
        taken = sink.entries({volume.outcome.volume}, all.subspan(i, count));
      }
      if (taken) taken = sink.volume_done(volume.outcome);
      if (!taken) return taken;
    }
    return failure;
  }
  events::Result<stages::ReadOutcome> read_file(
      stages::VolumeIndex /*volume*/, const Entry& /*file*/,
      const std::function<bool(std::string_view)>& /*chunk*/) override {
    return stages::ReadOutcome{};
  }
  [[nodiscard]] events::Result<std::unique_ptr<Source>> clone() const override {
    return events::Error{Errc::invalid, "scripted"};
  }

  void add(std::uint32_t number, const std::string& outcome, std::size_t entries) {
    Volume volume;
    volume.outcome.volume = number;
    volume.outcome.outcome = outcome;
    for (std::size_t i = 0; i < entries; ++i) {
      Entry entry;
      entry.type = events::EntryType::file;
      entry.path = "f" + std::to_string(i);
      entry.inode = i + 10;
      entry.size = 2;
      volume.entries.push_back(std::move(entry));
    }
    volumes.push_back(std::move(volume));
  }
};

class Enumerate : public testing::Test {
 protected:
  StageReport run(stages::Source& from, bool force = false) {
    EnumRequest request;
    request.force = force;
    auto report = stages::run_enum(bench.context, from, request);
    EXPECT_TRUE(report.has_value()) << report.error().message;
    return report ? *report : StageReport{};
  }

  // Cancels as soon as `entries` entries are under way.
  StageReport run_cancelled_after(stages::Source& from, std::uint64_t entries, bool force = false) {
    bench.progress.hook = [this, entries](std::uint64_t done) {
      if (done >= entries) bench.cancelled = true;
    };
    const StageReport report = run(from, force);
    bench.progress.hook = nullptr;
    bench.cancelled = false;
    return report;
  }

  std::vector<std::string> paths_of_manifest(std::uint64_t manifest) {
    events::GenerationRef ref;
    ref.medium = bench.emitter.medium();
    ref.manifest = {manifest};
    std::vector<std::string> paths;
    auto read = events::read_generation(*bench.log, ref, [&paths](const auto& row) {
      paths.push_back(std::to_string(row.volume.value) + ":" + row.entry->path);
      return events::Status{};
    });
    EXPECT_TRUE(read.has_value()) << read.error().message;
    return paths;
  }

  stages::History history() {
    auto read = stages::read_history(*bench.log, bench.emitter.medium());
    EXPECT_TRUE(read.has_value());
    return read ? *read : stages::History{};
  }

  LogBench bench;
  ScriptedSource source;
};

TEST_F(Enumerate, RecordsATreeInBatchesThatReadBackAsItIs) {
  const TempDir tree;
  fs::create_directories(tree / "d");
  for (int i = 0; i < 9000; ++i) write_file(tree / ("d/f" + std::to_string(i)), "12");
  auto directory = stages::open_directory_source({tree.path().string(), false});
  EXPECT_EQ(run(**directory).outcome, StageOutcome::success);
  EXPECT_EQ(bench.types(),
            (std::vector<std::string>{"enum_start", "enum_batch", "enum_batch", "enum_success"}));
  const auto success = bench.last<events::EnumSuccess>();
  EXPECT_EQ(success.entries, 9002U);
  EXPECT_EQ(success.bytes, 18000U);
  EXPECT_EQ(success.batches, 2U);
  EXPECT_EQ(success.unreadable_entries, 0U);
  EXPECT_EQ(success.source.kind, "directory");
  EXPECT_EQ(success.volumes.at(0).entries, 9002U);
  std::vector<std::string> expected =
      lines_of(output_of({"find", tree.path().string(), "-printf", "0:%P\\n"}));
  std::vector<std::string> got = paths_of_manifest(success.manifest);
  std::sort(expected.begin(), expected.end());
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, expected);
}

TEST_F(Enumerate, ABatchNeverSpansVolumes) {
  source.add(1, "enumerated", 3);
  source.add(2, "enumerated", 8193);
  run(source);
  const auto batches = bench.events("enum_batch");
  ASSERT_EQ(batches.size(), 3U);
  std::vector<std::array<std::uint64_t, 3>> got;
  for (const auto& event : batches) {
    auto data = events::payload_of<events::EnumBatchData>(event);
    got.push_back({data->volume, data->first_ordinal, data->count});
  }
  EXPECT_EQ(got,
            (std::vector<std::array<std::uint64_t, 3>>{{1, 0, 3}, {2, 3, 8192}, {2, 8195, 1}}));
}

TEST_F(Enumerate, OneFailedVolumeIsAnOutcomeAndAllFailedAreAnError) {
  source.add(1, "encrypted", 0);
  source.add(2, "reader_died", 5);
  EXPECT_EQ(run(source).outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::EnumSuccess>().volumes.at(1).outcome, "reader_died");

  source.volumes.clear();
  source.add(1, "encrypted", 0);
  EXPECT_EQ(run(source, true).outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::EnumError>().error, "encrypted");
  EXPECT_EQ(bench.last<events::EnumError>().volumes.size(), 1U);
  source.add(2, "empty", 0);
  EXPECT_EQ(run(source, true).outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::EnumError>().error, "all_volumes_failed");
  source.volumes.clear();
  EXPECT_EQ(run(source, true).outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::EnumError>().error, "nothing_found");
  source.failure = events::Error{Errc::io, "the cable came off"};
  const StageReport report = run(source, true);
  EXPECT_EQ(report.outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::EnumError>().error, "source_failed");
  EXPECT_EQ(report.message, "the cable came off");
  EXPECT_TRUE(history().enum_ended);
}

TEST_F(Enumerate, SkipsWhatIsDoneUnlessForced) {
  source.add(1, "enumerated", 3);
  run(source);
  const auto done = history().enumerated->seq;
  EXPECT_EQ(run(source).outcome, StageOutcome::skip);
  EXPECT_EQ(bench.last<events::EnumSkip>().done_by, done.value);
  EXPECT_EQ(bench.types().back(), "enum_skip");
  EXPECT_EQ(bench.events("enum_start").size(), 1U);
  EXPECT_EQ(run(source, true).outcome, StageOutcome::success);
  EXPECT_NE(history().enumerated->payload.manifest, 1U);

  EnumRequest other;
  other.deleted_entries = true;
  auto report = stages::run_enum(bench.context, source, other);
  EXPECT_EQ(report->outcome, StageOutcome::success);
}

TEST_F(Enumerate, ContinuesAfterAnInterruptionAsIfThereHadBeenNone) {
  source.add(1, "enumerated", 8192);
  source.add(2, "enumerated", 20000);
  LogBench uninterrupted(bench.emitter.medium().text);
  ASSERT_TRUE(stages::run_enum(uninterrupted.context, source, {}).has_value());

  // A batch may be on its way into the log when the next one is cancelled.
  std::uint64_t recorded = 0;
  for (const std::uint64_t border : {1U, 9000U, 20000U}) {
    EXPECT_EQ(run_cancelled_after(source, border).outcome, StageOutcome::interrupted);
    EXPECT_EQ(history().open_manifest.value, 1U);
    EXPECT_FALSE(history().enum_ended);
    EXPECT_GE(history().open_manifest_entries, std::max<std::uint64_t>(recorded, 8192));
    recorded = history().open_manifest_entries;
  }
  EXPECT_EQ(recorded % 8192, 0U);
  EXPECT_EQ(run(source).outcome, StageOutcome::success);
  EXPECT_EQ(history().open_manifest.value, 0U);
  auto success = bench.last<events::EnumSuccess>();
  EXPECT_EQ(success, uninterrupted.last<events::EnumSuccess>());
  EXPECT_EQ(bench.last<events::EnumStart>().manifest, 1U);
  EXPECT_EQ(bench.last<events::EnumStart>().resumed_entries, recorded);
  EXPECT_EQ(bench.events("enum_batch").size(), success.batches);
  EXPECT_EQ(paths_of_manifest(1).size(), 28192U);
}

TEST_F(Enumerate, ForcedAndInterruptedIsContinuedThoughAnOlderManifestIsWhole) {
  source.add(1, "enumerated", 20000);
  run(source);
  run_cancelled_after(source, 1, true);
  EXPECT_EQ(run(source).outcome, StageOutcome::success);
  EXPECT_EQ(bench.events("enum_success").size(), 2U);
  EXPECT_EQ(run(source).outcome, StageOutcome::skip);
}

TEST_F(Enumerate, BeginsAnewWhenTheSourceHasChanged) {
  source.add(1, "enumerated", 20000);
  run_cancelled_after(source, 9000);
  source.volumes[0].entries[8000].size = 3;
  EXPECT_EQ(run(source).outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::EnumError>().error, "source_changed");
  const auto success = bench.last<events::EnumSuccess>();
  EXPECT_NE(success.manifest, 1U);
  EXPECT_EQ(success.entries, 20000U);
  EXPECT_EQ(paths_of_manifest(success.manifest).size(), 20000U);
}

TEST_F(Enumerate, BeginsAnewWhenTheSourceHasShrunk) {
  source.add(1, "enumerated", 20000);
  run_cancelled_after(source, 17000);
  source.volumes[0].entries.resize(8192);
  EXPECT_EQ(run(source).outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::EnumError>().error, "source_changed");
  EXPECT_EQ(bench.last<events::EnumSuccess>().entries, 8192U);
}

TEST_F(Enumerate, AccessTimesThatTheWalkItselfChangedDoNotCount) {
  source.add(1, "enumerated", 20000);
  run_cancelled_after(source, 9000);
  for (Entry& entry : source.volumes[0].entries) entry.access_time = 5;
  EXPECT_EQ(run(source).outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::EnumSuccess>().manifest, 1U);
  EXPECT_TRUE(bench.events("enum_error").empty());
  EXPECT_EQ(paths_of_manifest(1).size(), 20000U);
}

TEST_F(Enumerate, LongPathsMakeSmallerBatches) {
  source.add(1, "enumerated", 100);
  for (Entry& entry : source.volumes[0].entries) entry.path.insert(0, 500000, 'p');
  EXPECT_EQ(run(source).outcome, StageOutcome::success);
  EXPECT_GT(bench.events("enum_batch").size(), 2U);
  EXPECT_EQ(paths_of_manifest(1).size(), 100U);
}

// -- History --------------------------------------------------------------------------------------

TEST_F(Enumerate, HistoryOfAMediumWithoutEventsIsEmpty) {
  const stages::History empty = history();
  EXPECT_FALSE(empty.enumerated || empty.loaded || empty.copied || empty.identified);
  EXPECT_TRUE(empty.enum_ended);
  EXPECT_EQ(empty.generations, 0U);
}

events::LoadSuccess load_of(std::uint32_t generation) {
  events::LoadSuccess load;
  load.generation = generation;
  return load;
}

events::CopySuccess copy_of(std::uint32_t generation) {
  events::CopySuccess copy;
  copy.generation = generation;
  return copy;
}

TEST_F(Enumerate, HistoryCountsACopyForItsOwnGenerationOnly) {
  bench.emit(load_of(1));
  bench.emit(copy_of(1));
  EXPECT_TRUE(history().copied.has_value());
  const auto second = bench.emit(load_of(2));
  EXPECT_FALSE(history().copied.has_value());
  EXPECT_EQ(history().generations, 2U);
  bench.emit(events::Retraction{second.value, "loaded by mistake"});
  EXPECT_EQ(history().loaded->payload.generation, 1U);
  EXPECT_TRUE(history().copied.has_value());
  EXPECT_EQ(history().generations, 2U);  // a number is never given twice
}

TEST_F(Enumerate, HistoryPutsImportedEventsWhereTheyHappened) {
  bench.emit(load_of(1));
  events::NewEvent old;
  old.id = events::new_event_id(bench.clock);
  old.type = events::LoadSuccess::kType;
  old.medium = bench.emitter.medium();
  old.occurred_at = {1'600'000'000'000'000};
  old.origin = events::Origin::imported;
  old.actor = events::this_actor();
  old.data = events::to_data(load_of(0));
  ASSERT_TRUE(bench.log->append_one(old).has_value());
  EXPECT_EQ(history().loaded->payload.generation, 1U);
  EXPECT_EQ(history().generations, 2U);
}

}  // namespace

}  // namespace ntt::tests
