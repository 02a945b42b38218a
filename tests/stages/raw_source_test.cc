// Legacy record files, written by find itself and by hand.

#include <gtest/gtest.h>

#include <filesystem>

#include "stages/raw_record.h"
#include "tests/stages/log_bench.h"
#include "tests/support/command.h"

namespace ntt::tests {

namespace {

namespace fs = std::filesystem;
using events::EntryType;
using stages::Entry;

constexpr const char* kHash = "236d5e0d0123456789abcdef01234567";

std::string record(const std::string& path, const std::string& first = "f",
                   const std::string& time = "1700000000", const std::string& inode = "12") {
  return first + "\x1c" + "2049" + "\x1c" + inode + "\x1c" + "1" + "\x1c" + "34" + "\x1c" + time +
         "\x1c" + path + std::string(1, '\0');
}

CollectingSink walk_bytes(const std::string& bytes) {
  const TempDir directory;
  write_file(directory / "test.raw", bytes);
  auto source = stages::open_raw_source((directory / "test.raw").string());
  CollectingSink sink;
  EXPECT_TRUE(source.has_value()) << source.error().message;
  if (!source) return sink;
  auto walked = (*source)->walk(sink);
  EXPECT_TRUE(walked.has_value()) << walked.error().message;
  EXPECT_FALSE((*source)->has_content());
  return sink;
}

std::vector<std::string> places(const CollectingSink& sink) {
  std::vector<std::string> out;
  for (const auto& [volume, entry] : sink.found) {
    out.push_back(std::to_string(volume) + ":" + entry.path);
  }
  return out;
}

class RawSourceOfFind : public testing::TestWithParam<const char*> {};

TEST_P(RawSourceOfFind, GivesWhatTheDirectoryItselfGives) {
  const TempDir tree;
  fs::create_directories(tree / "a/b");
  write_file(tree / "a/file", "content");
  write_file(tree / "a/b/with \x1c two \x1c separators", "x");
  write_file(tree / "a/new\nline\\", "");
  fs::create_hard_link(tree / "a/file", tree / "a/b/link");
  fs::create_symlink("target", tree / "link");
  output_of({"touch", "-d", "1969-12-31 23:59:57.25 UTC", (tree / "a/file").string()});
  const std::string bytes =
      output_of({"find", tree.path().string(), "-xdev", "-printf", GetParam()});
  const bool has_type = GetParam()[1] == 'y';
  const bool has_fraction = std::string(GetParam()).find("%T@") != std::string::npos;

  const CollectingSink sink = walk_bytes(bytes);
  auto directory = stages::open_directory_source({tree.path().string(), false});
  CollectingSink expected;
  ASSERT_TRUE((*directory)->walk(expected).has_value());
  ASSERT_EQ(sink.found.size(), expected.found.size());
  for (const auto& [volume, entry] : sink.found) {
    const Entry want = expected.at(entry.path);
    EXPECT_EQ(volume, 0U);
    EXPECT_EQ(entry.type, has_type ? want.type : EntryType::unknown);
    EXPECT_EQ(entry.mode, has_type ? 0 : want.mode);
    EXPECT_EQ(entry.device, want.device);
    EXPECT_EQ(entry.inode, want.inode);
    EXPECT_EQ(entry.link_count, want.link_count);
    EXPECT_EQ(entry.size, want.size);
    const events::Nanos second = 1'000'000'000;
    events::Nanos want_time = *want.modify_time;
    if (!has_fraction) want_time -= ((want_time % second) + second) % second;
    EXPECT_EQ(entry.modify_time, want_time) << entry.path;
    EXPECT_EQ(entry.error_number, 0U);
  }
  EXPECT_EQ(sink.volumes.at(0).outcome, "enumerated");
}

INSTANTIATE_TEST_SUITE_P(Variants, RawSourceOfFind,
                         testing::Values("%y\\034%D\\034%i\\034%n\\034%s\\034%Ts\\034%p\\0",
                                         "%m\\034%D\\034%i\\034%n\\034%s\\034%Ts\\034%p\\0",
                                         "%m\\034%D\\034%i\\034%n\\034%s\\034%T@\\034%p\\0"));

TEST(RawSource, CutsTheMountPointOffPaths) {
  const std::string mount = std::string("/mnt/ntt/") + kHash;
  EXPECT_EQ(places(walk_bytes(record(mount, "d") + record(mount + "/p1", "d") +
                              record(mount + "/p1/x") + record(mount + "/a//b"))),
            (std::vector<std::string>{"0:", "0:p1", "0:p1/x", "0:a//b"}));
}

TEST(RawSource, MakesAVolumeOfEachPartition) {
  const std::string mount = std::string("/mnt/ntt/") + kHash;
  const CollectingSink sink =
      walk_bytes(record(mount + "/p1", "d") + record(mount + "/p1/p2") +
                 record(mount + "/p5", "d") + record(mount + "/p5/dir/file"));
  EXPECT_EQ(places(sink), (std::vector<std::string>{"1:", "1:p2", "5:", "5:dir/file"}));
  ASSERT_EQ(sink.volumes.size(), 2U);
  EXPECT_EQ(sink.volumes[0].volume, 1U);
  EXPECT_EQ(sink.volumes[1].volume, 5U);
  EXPECT_EQ(sink.volumes[1].entries, 2U);
  EXPECT_EQ(sink.volumes[1].bytes, 34U);
}

TEST(RawSource, TakesCarvedFilesAndDirectoriesOfTheHost) {
  EXPECT_EQ(places(walk_bytes(record("carved_sda_20251013/recup_dir.1/f1.jpg") +
                              record("carved_sda_20251013/recup_dir.2/f2.jpg"))),
            (std::vector<std::string>{"0:recup_dir.1/f1.jpg", "0:recup_dir.2/f2.jpg"}));
  EXPECT_EQ(places(walk_bytes(record("/data/staging/tree", "d") + record("/data/staging/tree/a") +
                              record("/data/staging/treetop"))),
            (std::vector<std::string>{"0:", "0:a", "0:data/staging/treetop"}));
}

TEST(RawSource, ReportsEveryMalformedRecordWithNumberAndOffset) {
  const std::string good = record("/t", "d");
  const std::string split_name = std::string("second half\0", 12);
  const CollectingSink sink = walk_bytes(good + split_name + record("/t/x", "f", "soon") +
                                         record("/t/y", "Q") + good.substr(0, 7));
  ASSERT_EQ(sink.found.size(), 5U);
  const auto error = [&sink](std::size_t i) { return sink.found[i].second.error_message; };
  EXPECT_EQ(error(0), "");
  EXPECT_EQ(error(1), "record 2 at byte " + std::to_string(good.size()) + ": it has 1 of 7 fields");
  EXPECT_EQ(sink.found[1].second.path, "second half");
  EXPECT_NE(error(2).find("record 3 at byte " + std::to_string(good.size() + 12)),
            std::string::npos);
  EXPECT_NE(error(3).find("type"), std::string::npos);
  EXPECT_NE(error(4).find("the file ends within it"), std::string::npos);
  EXPECT_EQ(sink.volumes.at(0).unreadable, 4U);
  EXPECT_EQ(sink.volumes.at(0).outcome, "enumerated");
}

TEST(RawSource, ReadsRecordsAcrossItsBuffersBorders) {
  std::string bytes = record("/t", "d");
  std::vector<std::string> expected = {"0:"};
  for (int i = 0; i < 2000; ++i) {
    const std::string name(static_cast<std::size_t>(i * 7 % 3001) + 1,
                           static_cast<char>('a' + i % 26));
    bytes += record("/t/" + name);
    expected.push_back("0:" + name);
  }
  const std::string huge(3U << 20U, 'h');  // beyond any path
  bytes += record("/t/" + huge) + record("/t/last");
  const CollectingSink sink = walk_bytes(bytes);
  std::vector<std::string> got = places(sink);
  ASSERT_EQ(got.size(), expected.size() + 2);
  EXPECT_EQ(got.back(), "0:last");
  EXPECT_NE(sink.found[sink.found.size() - 2].second.error_message.find("bytes long"),
            std::string::npos);
  got.resize(expected.size());
  EXPECT_TRUE(got == expected);
}

TEST(RawSource, RefusesWhatIsNoRecordFile) {
  const TempDir directory;
  write_file(directory / "empty.raw", "");
  write_file(directory / "image.raw", some_bytes(100000, 7));
  const auto code = [&directory](const char* name) {
    return stages::open_raw_source((directory / name).string()).error().code;
  };
  EXPECT_EQ(code("empty.raw"), events::Errc::invalid);
  EXPECT_EQ(code("image.raw"), events::Errc::invalid);
  EXPECT_EQ(code("absent.raw"), events::Errc::not_found);
}

TEST(RawRecord, TruncatedAnywhereIsAnErrorOrAShorterPath) {
  const std::string whole = record("/path");
  for (std::size_t length = 0; length < whole.size() - 1; ++length) {
    auto parsed = stages::parse_raw_record(std::string_view(whole).substr(0, length));
    if (!parsed) continue;
    EXPECT_TRUE(std::string("/path").starts_with(parsed->path)) << length;
  }
}

}  // namespace

}  // namespace ntt::tests
