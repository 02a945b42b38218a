// archive: nothing is called archived that was not read back and found equal.

#include "stages/archive.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include "tests/stages/stage_fixture.h"

namespace ntt::stages {
namespace {

namespace fs = std::filesystem;

class ArchiveTest : public StageFixture {
 protected:
  void SetUp() override {
    std::string content;
    for (std::uint32_t i = 0; content.size() < 3'000'000; i = i * 1664525U + 1013904223U) {
      content.append(reinterpret_cast<const char*>(&i), sizeof i);
    }
    write_file(image, content + std::string(2'000'000, '\0'));
    write_file(mapfile, "# Mapfile\n0x00000000  0x4C4B40  +\n");
  }

  StageReport archive(const std::string& kind = "image") {
    ArchiveRequest request;
    request.source = {kind, {image.string()}};
    request.image_path = image.string();
    request.mapfile_path = mapfile.string();
    request.archive_root = (bench.root / "archives").string();
    auto archived = run_archive(bench.context, request);
    EXPECT_TRUE(archived.has_value()) << archived.error().message;
    return archived ? *archived : StageReport{};
  }

  static void flip_byte(const fs::path& file, std::size_t at) {
    std::string bytes = read_file(file);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    fs::permissions(file, fs::perms::owner_all);
    write_file(file, bytes);
  }

  fs::path image = bench.root / "images" / "disk 1.img";
  fs::path mapfile = bench.root / "images" / "disk 1.map";
  fs::path path = bench.root / "archives" / "0123456789abcdef.tar.zst";
};

TEST_F(ArchiveTest, IsOpenedByTarAndZstdAndHoldsTheBytesOfTheImage) {
  ASSERT_EQ(archive().outcome, StageOutcome::success);
  EXPECT_EQ(shell("zstd -dc " + quoted(path) + " | tar t"), "disk 1.img\ndisk 1.map\n");
  const fs::path out = bench.root / "out";
  fs::create_directories(out);
  shell("zstd -dc " + quoted(path) + " | tar x -C " + quoted(out));
  EXPECT_EQ(read_file(out / "disk 1.img"), read_file(image));
  EXPECT_EQ(read_file(out / "disk 1.map"), read_file(mapfile));

  const auto success = bench.last<events::ArchiveSuccess>();
  EXPECT_EQ(success.path.bytes, path);
  EXPECT_EQ(success.bytes, fs::file_size(path));
  EXPECT_EQ(success.blake3 + "\n", shell("b3sum --no-names " + quoted(path)));
  EXPECT_EQ(success.image_bytes, fs::file_size(image));
  EXPECT_EQ(success.image_blake3 + "\n", shell("b3sum --no-names " + quoted(image)));
  EXPECT_EQ(success.image_sha256, shell("sha256sum < " + quoted(image)).substr(0, 64));
  ASSERT_EQ(success.members.size(), 2U);
  EXPECT_EQ(success.members[1].blake3 + "\n", shell("b3sum --no-names " + quoted(mapfile)));
  EXPECT_EQ(fs::status(path).permissions(), static_cast<fs::perms>(0444));
  EXPECT_EQ(shell("ls -A " + quoted(path.parent_path())), "0123456789abcdef.tar.zst\n");
}

TEST_F(ArchiveTest, KeepsNamesThatAreNotText) {
  const fs::path odd = bench.root / "images" / "d\xc3\xa9j\xe0 vu\xff.img";
  fs::rename(image, odd);
  image = odd;
  ASSERT_EQ(archive().outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::ArchiveSuccess>().members[0].name.bytes, odd.filename());
  EXPECT_EQ(shell("zstd -dc " + quoted(path) + " | tar t --quoting-style=literal | head -1"),
            odd.filename().string() + "\n");
}

TEST_F(ArchiveTest, AnImageWithoutAMapfileIsArchivedAlone) {
  fs::remove(mapfile);
  ASSERT_EQ(archive().outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::ArchiveSuccess>().members.size(), 1U);
}

TEST_F(ArchiveTest, ADirectoryHasNoImageAndIsSkipped) {
  EXPECT_EQ(archive("directory").outcome, StageOutcome::skip);
  EXPECT_EQ(bench.last<events::ArchiveSkip>().reason, "no_image");
  EXPECT_TRUE(bench.events_of("archive_start").empty());
}

TEST_F(ArchiveTest, ASecondRunSkips) {
  const StageReport first = archive();
  EXPECT_EQ(archive().outcome, StageOutcome::skip);
  EXPECT_EQ(bench.last<events::ArchiveSkip>().done_by, first.event.value);
}

TEST_F(ArchiveTest, ARecordedArchiveNeedsNoImageAnyMore) {
  archive();
  fs::remove(image);
  fs::remove(mapfile);
  EXPECT_EQ(archive().outcome, StageOutcome::skip);
}

TEST_F(ArchiveTest, AnImageThatChangedSinceIsNotPassedOffAsArchived) {
  archive();
  const std::string before = read_file(path);
  write_file(mapfile, "# Mapfile\n0x00000000  0x4C4B40  -\n");
  EXPECT_EQ(archive().outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::ArchiveError>().error, "archive_outdated");
  EXPECT_EQ(read_file(path), before);
}

TEST_F(ArchiveTest, AForeignArchiveIsNeverOverwritten) {
  write_file(path, "somebody else's");
  EXPECT_EQ(archive().outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::ArchiveError>().error, "archive_exists");
  EXPECT_EQ(read_file(path), "somebody else's");
}

TEST_F(ArchiveTest, AnArchiveThatHoldsTheSameBytesIsAdopted) {
  fs::create_directories(path.parent_path());
  shell("tar c -C " + quoted(image.parent_path()) + " " + quoted(image.filename()) + " " +
        quoted(mapfile.filename()) + " | zstd -q -o " + quoted(path));
  ASSERT_EQ(archive().outcome, StageOutcome::success);
  const auto success = bench.last<events::ArchiveSuccess>();
  EXPECT_EQ(success.blake3 + "\n", shell("b3sum --no-names " + quoted(path)));
  EXPECT_EQ(success.image_sha256, shell("sha256sum < " + quoted(image)).substr(0, 64));
  EXPECT_EQ(archive().outcome, StageOutcome::skip);
}

// One flipped byte anywhere: in the data, in a header, at the end.
TEST_F(ArchiveTest, AnArchiveWithOneFlippedByteIsNotAccepted) {
  archive();
  const std::string whole = read_file(path);
  StageBench other(bench.root / "other", "0123456789abcdef");  // a log that knows nothing of it
  for (const std::size_t at :
       {std::size_t{9}, std::size_t{200}, whole.size() / 2, whole.size() * 2 / 3}) {
    fs::permissions(path, fs::perms::owner_all);
    write_file(path, whole);
    flip_byte(path, at);
    ArchiveRequest request;
    request.source = {"image", {image.string()}};
    request.image_path = image.string();
    request.mapfile_path = mapfile.string();
    request.archive_root = path.parent_path().string();
    auto report = run_archive(other.context, request);
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(report->outcome, StageOutcome::error) << "byte " << at;
  }
  EXPECT_TRUE(other.events_of("archive_success").empty());
}

TEST_F(ArchiveTest, ACutArchiveIsNotAccepted) {
  archive();
  fs::permissions(path, fs::perms::owner_all);
  fs::resize_file(path, fs::file_size(path) - 1);
  EXPECT_EQ(archive().outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::ArchiveError>().error, "archive_differs");
}

TEST_F(ArchiveTest, AMissingImageIsAnError) {
  fs::remove(image);
  EXPECT_EQ(archive().outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::ArchiveError>().error, "no_image");
}

TEST_F(ArchiveTest, WhatADeadProcessLeftIsReplaced) {
  write_file(path.parent_path() / ".0123456789abcdef.tar.zst.tmp", std::string(9'000'000, 'j'));
  ASSERT_EQ(archive().outcome, StageOutcome::success);
  EXPECT_EQ(shell("ls -A " + quoted(path.parent_path())), "0123456789abcdef.tar.zst\n");
  EXPECT_EQ(shell("zstd -dc " + quoted(path) + " | tar t"), "disk 1.img\ndisk 1.map\n");
}

TEST_F(ArchiveTest, CancelLeavesTheAttemptOpenAndNoFile) {
  bench.progress.hook = [this](std::string_view, std::uint64_t) { bench.cancelled = true; };
  EXPECT_EQ(archive().outcome, StageOutcome::interrupted);
  EXPECT_EQ(bench.events_of("archive_start").size(), 1U);
  EXPECT_TRUE(bench.events_of("archive_error").empty());
  EXPECT_EQ(shell("ls -A " + quoted(path.parent_path())), "");
}

TEST_F(ArchiveTest, AFullDiskIsSaidAndLeavesNothing) {
  fs::create_directories(path.parent_path());
  if (::mount("tmpfs", path.parent_path().c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "needs the right to mount a tmpfs";
  }
  EXPECT_EQ(archive().outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::ArchiveError>().error, "no_space");
  EXPECT_EQ(shell("ls -A " + quoted(path.parent_path())), "");
  ASSERT_EQ(::umount2(path.parent_path().c_str(), MNT_DETACH), 0);
}

}  // namespace
}  // namespace ntt::stages
