// image and mapfiles, with ddrescue and ddrescuelog as judges.

#include "stages/image.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "stages/child_process.h"
#include "stages/mapfile.h"
#include "tests/stages/log_bench.h"
#include "tests/support/command.h"

namespace ntt::tests {

namespace {

namespace fs = std::filesystem;
using stages::parse_mapfile;
using stages::StageOutcome;
using stages::StageReport;

constexpr const char* kMapfile =
    "# Mapfile. Created by GNU ddrescue version 1.27\n"
    "# current_pos  current_status  current_pass\n"
    "0x00001000     /               3\n"
    "#      pos        size  status\n"
    "0x00000000  0x00001000  +\n"
    "0x00001000  0x00000200  -\n"
    "0x00001200  0x00000400  /\n"
    "0x00001600  0x00000800  *\n"
    "0x00001E00  0x00000200  -\n"
    "0x00002000  0x00100000  ?\n";

TEST(Mapfile, CountsBytesByStatus) {
  auto map = parse_mapfile(kMapfile);
  ASSERT_TRUE(map.has_value()) << map.error().message;
  EXPECT_EQ(map->total_bytes, 0x102000U);
  EXPECT_EQ(map->rescued_bytes, 0x1000U);
  EXPECT_EQ(map->bad_bytes, 0x400U);
  EXPECT_EQ(map->non_scraped_bytes, 0x400U);
  EXPECT_EQ(map->non_trimmed_bytes, 0x800U);
  EXPECT_EQ(map->non_tried_bytes, 0x100000U);
  EXPECT_EQ(map->bad_regions, 2U);
  ASSERT_EQ(map->regions.size(), 5U);
  EXPECT_EQ(map->regions[0], (events::Region{0x1000, 0x200, "-"}));
}

TEST(Mapfile, IsAsDdrescuelogCountsIt) {
  const TempDir directory;
  write_file(directory / "m", kMapfile);
  const std::string log = output_of({"ddrescuelog", "-t", (directory / "m").string()});
  EXPECT_NE(log.find("bad-sector:     1024 B"), std::string::npos) << log;
  EXPECT_NE(log.find("rescued:     4096 B"), std::string::npos) << log;
}

TEST(Mapfile, KeepsTheFirstThousandRegionsOnly) {
  std::string text = "0 ? 1\n";
  for (int i = 0; i < 5000; ++i) {
    text += std::to_string(i * 10) + " 10 " + (i % 2 == 0 ? "-" : "+") + "\n";
  }
  auto map = parse_mapfile(text);
  ASSERT_TRUE(map.has_value());
  EXPECT_EQ(map->bad_regions, 2500U);
  EXPECT_EQ(map->regions.size(), 1000U);
}

TEST(Mapfile, RefusesWhatDdrescueDoesNotWriteAndNamesTheLine) {
  const std::string status = "0x0 + 1\n";
  for (const std::string& bad :
       {status + "0x0 0x10 x\n", status + "0x0 0x10\n", status + "0x0 0x10 + +\n",
        status + "zero 0x10 +\n", status + "0x0 0x0 +\n", status + "0xFFFFFFFFFFFFFFFF 0x10 +\n",
        status + "0x0 0x1FFFFFFFFFFFFFFFF +\n", std::string("0x0 0x10 +\n0x0 0x10 +\n")}) {
    auto map = parse_mapfile(bad);
    ASSERT_FALSE(map.has_value()) << bad;
    EXPECT_NE(map.error().message.find("line "), std::string::npos) << map.error().message;
  }
  for (const char* gap : {"0x0 0x10 +\n0x11 0x10 +\n", "0x0 0x10 +\n0x8 0x10 +\n"}) {
    auto map = parse_mapfile(status + gap);
    ASSERT_FALSE(map.has_value());
    EXPECT_EQ(map.error().message, "line 3: the block does not begin where the last one ended");
  }
  EXPECT_FALSE(parse_mapfile("").has_value());
}

TEST(Mapfile, TruncatedOrFlippedAnywhereIsRefusedOrCountsItsOwnBlocks) {
  const std::string whole = kMapfile;
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    (void)parse_mapfile(whole.substr(0, length));
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ (1U << bit));
      auto map = parse_mapfile(flipped);
      if (!map) continue;
      EXPECT_EQ(map->total_bytes, map->rescued_bytes + map->bad_bytes + map->non_tried_bytes +
                                      map->non_trimmed_bytes + map->non_scraped_bytes);
    }
  }
}

class Image : public testing::Test {
 protected:
  StageReport run(const fs::path& from, bool force = false) {
    stages::ImageRequest request;
    request.source = {"image", {from.string()}};
    request.image_path = (directory / "rescued.img").string();
    request.mapfile_path = (directory / "rescued.map").string();
    request.force = force;
    auto report = stages::run_image(bench.context, request);
    EXPECT_TRUE(report.has_value()) << report.error().message;
    return report ? *report : StageReport{};
  }

  TempDir directory;
  LogBench bench;
};

TEST_F(Image, RescuesAFileWholeAndSaysWhatItDid) {
  const std::string content = some_bytes((5U << 20U) + 777, 11);
  write_file(directory / "source -x", content);
  EXPECT_EQ(run(directory / "source -x").outcome, StageOutcome::success);
  EXPECT_TRUE(read_file(directory / "rescued.img") == content);
  EXPECT_EQ(bench.types(),
            (std::vector<std::string>{"image_start", "mapfile_observed", "image_success"}));
  const auto success = bench.last<events::ImageSuccess>();
  EXPECT_EQ(success.rescued_bytes, content.size());
  EXPECT_EQ(success.total_bytes, content.size());
  EXPECT_EQ(success.exit_code, 0);
  EXPECT_EQ(success.commands.size(), 1U);
  EXPECT_EQ(bench.last<events::ImageStart>().tool.substr(0, 12), "GNU ddrescue");
  EXPECT_EQ(run(directory / "source -x").outcome, StageOutcome::skip);
  EXPECT_EQ(bench.last<events::ImageSkip>().done_by, 3U);
}

TEST_F(Image, ContinuesARescueFromItsMapfile) {
  const std::string content = some_bytes(1U << 20U, 12);
  write_file(directory / "source", content);
  // Half of it is rescued already; what ddrescue took then it does not take again.
  std::string half = content.substr(0, 1U << 19U);
  half[5] = static_cast<char>(half[5] ^ 1);
  write_file(directory / "rescued.img", half);
  write_file(directory / "rescued.map",
             "# Mapfile. Created by GNU ddrescue version 1.27\n"
             "0x00080000 ? 1\n"
             "0x00000000 0x00080000 +\n"
             "0x00080000 0x00080000 ?\n");
  EXPECT_EQ(run(directory / "source").outcome, StageOutcome::success);
  EXPECT_TRUE(read_file(directory / "rescued.img") == half + content.substr(1U << 19U));
}

TEST_F(Image, NeverTakesAnImageWithoutItsMapfile) {
  write_file(directory / "source", "content");
  write_file(directory / "rescued.img", "precious");
  EXPECT_EQ(run(directory / "source", true).outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::ImageError>().error, "conflict");
  EXPECT_EQ(read_file(directory / "rescued.img"), "precious");
  fs::rename(directory / "rescued.img", directory / "rescued.map");
  EXPECT_EQ(run(directory / "source", true).outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::ImageError>().error, "conflict");
}

TEST_F(Image, SaysWhatDdrescueSaidWhenItFails) {
  const StageReport report = run(directory / "no such device");
  EXPECT_EQ(report.outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::ImageError>().error, "ddrescue_failed");
  EXPECT_NE(report.message.find("No such file"), std::string::npos) << report.message;
}

TEST_F(Image, StopsWhenAskedAndIsContinued) {
  write_file(directory / "source", "");
  fs::resize_file(directory / "source", std::uintmax_t{1} << 30U);
  bench.cancelled = true;
  EXPECT_EQ(run(directory / "source").outcome, StageOutcome::interrupted);
  EXPECT_EQ(bench.types().back(), "image_start");
}

TEST_F(Image, OfAnImageIsNotNeededAndItsMapfileIsObservedOnce) {
  write_file(directory / "rescued.img", "content");
  write_file(directory / "rescued.map", kMapfile);
  EXPECT_EQ(run(directory / "rescued.img").outcome, StageOutcome::skip);
  EXPECT_EQ(run(directory / "rescued.img").outcome, StageOutcome::skip);
  EXPECT_EQ(bench.events("mapfile_observed").size(), 1U);
  const auto observed = bench.last<events::MapfileObserved>();
  EXPECT_EQ(observed.bad_regions, 2U);
  EXPECT_EQ(observed.blake3 + "\n",
            output_of({"b3sum", "--no-names", (directory / "rescued.map").string()}));
}

TEST_F(Image, WhatLiesBesideAnImageAndIsNoMapfileIsNotUsed) {
  write_file(directory / "rescued.img", "content");
  EXPECT_EQ(run(directory / "rescued.img").outcome, StageOutcome::skip);
  write_file(directory / "rescued.map", "Archive member included to satisfy reference by file\n");
  EXPECT_EQ(run(directory / "rescued.img").outcome, StageOutcome::skip);
  write_file(directory / "rescued.map", std::string(kMapfile) + "0x0 garbage\n");
  const StageReport damaged = run(directory / "rescued.img");
  EXPECT_EQ(damaged.outcome, StageOutcome::skip);
  EXPECT_NE(damaged.message.find("line 11"), std::string::npos) << damaged.message;
  EXPECT_TRUE(bench.events("mapfile_observed").empty());
}

TEST_F(Image, RescuesAroundBadSectors) {
  const std::string content = some_bytes(2U << 20U, 13);
  constexpr std::size_t kBad = 1U << 20U;
  write_file(directory / "source", content);
  ::setenv("LD_PRELOAD", NTT_FAIL_READS, 1);
  ::setenv("NTT_TEST_BAD_FILE", (directory / "source").c_str(), 1);
  ::setenv("NTT_TEST_BAD_FROM", std::to_string(kBad).c_str(), 1);
  ::setenv("NTT_TEST_BAD_UNTIL", std::to_string(kBad + 4096).c_str(), 1);
  const StageReport report = run(directory / "source");
  ::unsetenv("LD_PRELOAD");
  EXPECT_EQ(report.outcome, StageOutcome::success) << report.message;
  const auto observed = bench.last<events::MapfileObserved>();
  EXPECT_EQ(observed.total_bytes, content.size());
  EXPECT_EQ(observed.bad_bytes, 4096U);
  EXPECT_EQ(observed.bad_regions, 1U);
  EXPECT_EQ(observed.rescued_bytes, content.size() - 4096);
  EXPECT_EQ(bench.last<events::ImageSuccess>().commands.size(), 3U);
  const std::string image = read_file(directory / "rescued.img");
  EXPECT_TRUE(image.substr(0, kBad) == content.substr(0, kBad));
  EXPECT_TRUE(image.substr(kBad + 4096) == content.substr(kBad + 4096));
}

TEST(ChildProcess, TellsExitCodesOutputAndAbsentPrograms) {
  stages::ChildOptions options;
  options.keep_output = true;
  auto end = stages::run_child({"sh", "-c", "echo out; echo err >&2; exit 3"}, options);
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->exit_code, 3);
  EXPECT_EQ(end->output, "out\n");
  EXPECT_EQ(end->error_output, "err\n");
  EXPECT_EQ(stages::run_child({"sh", "-c", "kill -9 $$"}, {})->exit_code, 137);
  EXPECT_EQ(stages::run_child({"no-such-program-anywhere"}, {}).error().code,
            events::Errc::not_found);
}

}  // namespace

}  // namespace ntt::tests
