// The pipeline: every stage once, in order, and on a second run no work at all.

#include "stages/pipeline.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/stages/stage_fixture.h"

namespace ntt::stages {
namespace {

namespace fs = std::filesystem;

class PipelineTest : public StageFixture {
 protected:
  Result<PipelineReport> run(const std::string& kind, const fs::path& path,
                             const std::string& until = "verify", bool force = false) {
    PipelineRequest request;
    request.source = {kind, {path.string()}};
    request.until = until;
    request.force = force;
    request.by_hash_root = bench.store.string();
    request.archive_root = (bench.root / "archives").string();
    request.image_root = (bench.root / "images").string();
    request.temporary_directory = bench.root.string();
    request.command_line = {"ntt", "run"};
    return run_pipeline(*bench.log, bench.clock, bench.progress, bench.cancelled,
                        std::move(request));
  }

  static std::map<std::string, StageOutcome> outcomes(const Result<PipelineReport>& report) {
    std::map<std::string, StageOutcome> found;
    EXPECT_TRUE(report.has_value()) << report.error().message;
    if (!report) return found;
    for (const auto& [name, stage] : report->stages) {
      found[name] = stage.outcome;
      if (stage.outcome == StageOutcome::error) RecordProperty(name, stage.message);
    }
    return found;
  }

  void make_tree() const {
    write_file(bench.tree / "a/one", "one");
    write_file(bench.tree / "a/two", "two");
    write_file(bench.tree / "again", "one");
  }

  fs::path make_image() const {
    make_tree();
    const fs::path image = bench.root / "disk.img";
    shell("mkfs.ext4 -q -d " + quoted(bench.tree) + " " + quoted(image) + " 4M 2>&1");
    return image;
  }
};

TEST_F(PipelineTest, ADirectoryGoesThroughEveryStageAndHasNothingToArchive) {
  make_tree();
  const auto report = run("directory", bench.tree);
  const auto ended = outcomes(report);
  EXPECT_TRUE(report->done) << report->failed_stage;
  EXPECT_EQ(ended.at("enum"), StageOutcome::success);
  EXPECT_EQ(ended.at("load"), StageOutcome::success);
  EXPECT_EQ(ended.at("copy"), StageOutcome::success);
  EXPECT_EQ(ended.at("archive"), StageOutcome::skip);
  EXPECT_EQ(ended.at("verify"), StageOutcome::success);
  EXPECT_EQ(bench.events_of("pipeline_start").size(), 1U);
  EXPECT_EQ(bench.events_of("pipeline_done").size(), 1U);
  EXPECT_EQ(bench.last<events::PipelineDone>().outcomes.at("copy"), "success");
  EXPECT_EQ(blobs_in(bench.store).size(), 2U);
}

TEST_F(PipelineTest, AnImageGoesThroughEveryStageAndASecondRunOnlySkips) {
  const fs::path image = make_image();
  const auto report = run("image", image);
  const auto ended = outcomes(report);
  ASSERT_TRUE(report->done) << report->failed_stage;
  for (const char* stage : {"enum", "load", "copy", "archive", "verify"}) {
    EXPECT_EQ(ended.at(stage), StageOutcome::success) << stage;
  }
  EXPECT_EQ(shell("zstd -dc " + quoted(bench.last<events::ArchiveSuccess>().path.bytes) +
                  " | tar xO disk.img | sha256sum"),
            shell("sha256sum < " + quoted(image)));
  EXPECT_EQ(bench.last<events::VerifySuccess>().archive_intact, true);
  expect_sound_store(bench.store);

  const auto blobs = blobs_in(bench.store);
  const std::size_t starts = bench.events_of("*_start").size();
  const auto again = run("image", image);
  for (const char* stage : {"enum", "load", "copy", "archive", "verify"}) {
    EXPECT_EQ(outcomes(again).at(stage), StageOutcome::skip) << stage;
  }
  EXPECT_TRUE(again->done);
  EXPECT_EQ(bench.events_of("*_start").size(), starts + 1);  // pipeline_start alone
  EXPECT_EQ(blobs_in(bench.store), blobs);
}

TEST_F(PipelineTest, ForceMakesANewGenerationThatIsCopiedAndVerifiedAnew) {
  make_tree();
  ASSERT_TRUE(run("directory", bench.tree).has_value());
  const auto report = run("directory", bench.tree, "verify", true);
  EXPECT_TRUE(report->done);
  EXPECT_EQ(bench.last<events::CopySuccess>().generation, 2U);
  EXPECT_EQ(bench.last<events::VerifySuccess>().generation, 2U);
  EXPECT_EQ(blobs_in(bench.store).size(), 2U);
}

TEST_F(PipelineTest, UntilEndsAfterTheStageItNames) {
  make_tree();
  const auto report = run("directory", bench.tree, "load");
  EXPECT_TRUE(report->done);
  EXPECT_EQ(outcomes(report).count("copy"), 0U);
  EXPECT_TRUE(bench.events_of("copy_*").empty());
  EXPECT_TRUE(run("directory", bench.tree, "identify")->done);
}

TEST_F(PipelineTest, AMapfileBesideTheImageIsObservedAndArchived) {
  const fs::path image = make_image();
  write_file(bench.root / "disk.map",
             "# Mapfile. Created by GNU ddrescue version 1.27\n0x00000000     +\n"
             "0x00000000  0x00300000  +\n0x00300000  0x00100000  -\n");
  const auto report = run("image", image, "archive");
  ASSERT_TRUE(report->done) << report->failed_stage;
  EXPECT_EQ(bench.last<events::MapfileObserved>().bad_bytes, 0x100000U);
  EXPECT_EQ(bench.last<events::ArchiveSuccess>().members.size(), 2U);
}

TEST_F(PipelineTest, AMapfileThatTwoImagesMayOwnIsRefusedUntilItSaysWhose) {
  const fs::path image = make_image();
  write_file(bench.root / "disk.map",
             "# Mapfile. Created by GNU ddrescue version 1.27\n0x00000000     +\n"
             "0x00000000  0x00300000  +\n0x00300000  0x00100000  -\n");
  write_file(bench.root / "disk.iso", "another image");
  const auto refused = run("image", image, "archive");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, events::Errc::invalid);
  EXPECT_EQ(bench.log->head()->seq.value, 0U);
  fs::rename(bench.root / "disk.map", bench.root / "disk.img.map");
  ASSERT_TRUE(run("image", image, "archive"));
  EXPECT_EQ(bench.last<events::MapfileObserved>().bad_bytes, 0x100000U);
}

TEST_F(PipelineTest, AnImageWithoutAFilesystemIsArchivedAllTheSame) {
  const fs::path image = bench.root / "blank.img";
  write_file(image, std::string(2'000'000, '\0'));
  const auto report = run("image", image);
  const auto ended = outcomes(report);
  EXPECT_FALSE(report->done);
  EXPECT_EQ(report->failed_stage, "enum");
  EXPECT_EQ(ended.at("archive"), StageOutcome::success);
  EXPECT_EQ(ended.count("copy"), 0U);
  const auto abort = bench.last<events::PipelineAbort>();
  EXPECT_EQ(abort.failed_stage, "enum");
  EXPECT_NE(abort.message.find("not run: load, copy, verify"), std::string::npos) << abort.message;
  EXPECT_TRUE(bench.events_of("pipeline_done").empty());
}

TEST_F(PipelineTest, AnInterruptedRunHasNoEnd) {
  make_tree();
  bench.cancelled = true;
  const auto report = run("directory", bench.tree);
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->interrupted);
  EXPECT_FALSE(report->done);
  EXPECT_TRUE(bench.events_of("pipeline_done").empty());
  EXPECT_TRUE(bench.events_of("pipeline_abort").empty());
  bench.cancelled = false;
  EXPECT_TRUE(run("directory", bench.tree)->done);
}

TEST_F(PipelineTest, AStageThatDoesNotExistIsRefusedBeforeAnythingIsWritten) {
  make_tree();
  const auto report = run("directory", bench.tree, "polish");
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, events::Errc::invalid);
  EXPECT_EQ(bench.log->head()->seq.value, 0U);
}

}  // namespace
}  // namespace ntt::stages
