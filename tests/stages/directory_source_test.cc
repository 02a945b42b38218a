// Directories as sources: what find(1) sees, whatever the names, depth and state of the tree.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "tests/stages/log_bench.h"
#include "tests/support/command.h"

namespace ntt::tests {

namespace {

namespace fs = std::filesystem;
using events::EntryType;
using events::FileErrorType;
using stages::Entry;
using stages::Source;

std::unique_ptr<Source> open_tree(const fs::path& path, bool cross_filesystems = false) {
  auto source = stages::open_directory_source({path.string(), cross_filesystems});
  EXPECT_TRUE(source.has_value()) << source.error().message;
  return source ? std::move(*source) : nullptr;
}

CollectingSink walk(const fs::path& path) {
  CollectingSink sink;
  auto walked = open_tree(path)->walk(sink);
  EXPECT_TRUE(walked.has_value()) << walked.error().message;
  return sink;
}

// One line as find prints it with kFormat.
constexpr const char* kFormat = "%y %D %i %n %s %m %U %G %T@ %A@ %C@ %l %P\\0";

std::string find_time(const std::optional<events::Nanos>& time) {
  constexpr events::Nanos kSecond = 1'000'000'000;
  events::Nanos seconds = *time / kSecond;
  if (*time % kSecond < 0) seconds -= 1;
  char text[64];
  std::snprintf(text, sizeof text, "%lld.%09lld0", static_cast<long long>(seconds),
                static_cast<long long>(*time - seconds * kSecond));
  return text;
}

std::string as_find_prints(const Entry& entry) {
  char mode[16];
  std::snprintf(mode, sizeof mode, "%o", entry.mode);
  std::string line(1, static_cast<char>(entry.type));
  for (const std::uint64_t number :
       {entry.device, entry.inode, std::uint64_t{entry.link_count}, entry.size}) {
    line += " " + std::to_string(number);
  }
  line +=
      std::string(" ") + mode + " " + std::to_string(entry.uid) + " " + std::to_string(entry.gid);
  for (const auto& time : {entry.modify_time, entry.access_time, entry.change_time}) {
    line += " " + find_time(time);
  }
  return line + " " + entry.symlink_target + " " + entry.path;
}

// Walks the tree and expects what find says of it, the order apart. find goes twice: reading a
// symbolic link may change its access time, once.
void expect_as_find(const fs::path& tree) {
  const std::vector<std::string> find = {"find", tree.string(), "-xdev", "-printf", kFormat};
  output_of(find);
  std::vector<std::string> expected = lines_of(output_of(find), '\0');
  const CollectingSink sink = walk(tree);
  std::vector<std::string> got;
  for (const auto& [volume, entry] : sink.found) {
    EXPECT_EQ(volume, 0U);
    EXPECT_EQ(entry.error_number, 0U) << entry.path << ": " << entry.error_message;
    got.push_back(as_find_prints(entry));
  }
  std::sort(expected.begin(), expected.end());
  std::sort(got.begin(), got.end());
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], expected[i]);
}

// A chain of `depth` directories of this name, made step by step: no path is ever long.
void make_chain(const fs::path& top, const std::string& name, int depth,
                const std::string& content) {
  int at = ::open(top.c_str(), O_PATH | O_DIRECTORY);
  for (int i = 0; i < depth; ++i) {
    ASSERT_EQ(::mkdirat(at, name.c_str(), 0755), 0);
    const int next = ::openat(at, name.c_str(), O_PATH | O_DIRECTORY);
    ASSERT_GE(next, 0);
    ::close(at);
    at = next;
  }
  const int file = ::openat(at, "bottom", O_CREAT | O_WRONLY, 0644);
  ASSERT_EQ(::write(file, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  ::close(file);
  ::close(at);
}

std::string read_all(Source& source, const Entry& entry, stages::ReadOutcome& outcome) {
  std::string content;
  auto read = source.read_file({0}, entry, [&content](std::string_view chunk) {
    content += chunk;
    return true;
  });
  EXPECT_TRUE(read.has_value());
  outcome = *read;
  return content;
}

TEST(DirectorySource, GivesEveryKindOfEntryAsFindDoes) {
  const TempDir tree;
  fs::create_directories(tree / "a/b/c");
  fs::create_directories(tree / "empty");
  write_file(tree / "a/file", "content");
  write_file(tree / "a/b/empty file", "");
  fs::create_hard_link(tree / "a/file", tree / "a/b/c/link");
  fs::create_symlink("../no/such/target", tree / "a/dangling");
  fs::create_directory_symlink("b", tree / "a/to directory");
  ASSERT_EQ(::mkfifo((tree / "fifo").c_str(), 0600), 0);
  write_file(tree / "sparse", "");
  ASSERT_EQ(::truncate((tree / "sparse").c_str(), off_t{1} << 40), 0);
  output_of({"touch", "-h", "-d", "1901-12-14 01:02:03.987654321", (tree / "a/dangling").string()});
  output_of({"touch", "-d", "2201-02-03 04:05:06.000000001", (tree / "a/file").string()});
  expect_as_find(tree.path());
}

TEST(DirectorySource, KeepsNamesOfEveryByteAndLength) {
  const TempDir tree;
  for (int byte = 1; byte < 256; ++byte) {
    if (byte == '/' || byte == '.') continue;
    write_file(tree / std::string(1, static_cast<char>(byte)), "x");
    write_file(tree / ("n" + std::string(1, static_cast<char>(byte)) + "\n\\x1c\x1c"), "y");
  }
  write_file(tree / std::string(255, '\xff'), "z");
  const CollectingSink sink = walk(tree.path());
  EXPECT_EQ(sink.found.size(), 1U + 253 * 2 + 1);
  expect_as_find(tree.path());
}

TEST(DirectorySource, WalksParentsBeforeChildrenAndNamesInOrderOfBytes) {
  const TempDir tree;
  for (const char* name : {"b/x", "b/a", "a", "\xc3\xa9", "B", "b.c", "b-"}) {
    fs::create_directories((tree / name).parent_path());
    write_file(tree / name, "");
  }
  std::vector<std::string> order;
  for (const auto& [volume, entry] : walk(tree.path()).found) order.push_back(entry.path);
  EXPECT_EQ(order,
            (std::vector<std::string>{"", "B", "a", "b", "b/a", "b/x", "b-", "b.c", "\xc3\xa9"}));
}

TEST(DirectorySource, HasNoLimitOfDepthAndKeepsFewDirectoriesOpen) {
  const TempDir tree;
  constexpr int kDepth = 600;
  make_chain(tree.path(), std::string(20, 'd'), kDepth, "at the bottom");
  make_chain(tree / std::string(20, 'd'), "second", kDepth, "x");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 128;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  auto source = open_tree(tree.path());
  CollectingSink sink;
  ASSERT_TRUE(source->walk(sink).has_value());
  const Entry& bottom = sink.found[kDepth + 1].second;
  stages::ReadOutcome outcome;
  EXPECT_EQ(read_all(*source, bottom, outcome), "at the bottom");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);

  EXPECT_EQ(bottom.path.size(), kDepth * 21U + 6);
  ASSERT_EQ(sink.found.size(), 1U + kDepth * 2 + 2);
  const auto found = lines_of(output_of({"find", tree.path().string(), "-printf", "%i\\n"}));
  EXPECT_EQ(found.size(), sink.found.size());
  for (const auto& [volume, entry] : sink.found) EXPECT_EQ(entry.error_number, 0U);
}

TEST(DirectorySource, ReturnsToWideDirectoriesFromDeepOnes) {
  const TempDir tree;
  make_chain(tree.path(), "d", 200, "x");
  fs::path at = tree.path();
  for (int i = 0; i < 200; ++i) {
    write_file(at / "after", "");  // sorts before "d", so also one that sorts after it
    write_file(at / "e", "");
    at /= "d";
  }
  expect_as_find(tree.path());
}

TEST(DirectorySource, RecordsWhatAnOrdinaryUserMayNotRead) {
  const TempDir tree;
  fs::create_directories(tree / "closed/inside");
  fs::create_directories(tree / "names only");
  write_file(tree / "names only/file", "secret");
  write_file(tree / "unreadable", "secret");
  write_file(tree / "open", "public");
  ASSERT_EQ(::chmod((tree / "unreadable").c_str(), 0), 0);
  ASSERT_EQ(::chmod((tree / "names only").c_str(), 0444), 0);
  ASSERT_EQ(::chmod((tree / "closed").c_str(), 0), 0);

  const std::string said = as_ordinary_user([&tree](std::string& out) {
    auto source = open_tree(tree.path());
    CollectingSink sink;
    if (!source->walk(sink)) out += "walk failed\n";
    for (const auto& [volume, entry] : sink.found) {
      out += entry.path + ":" + static_cast<char>(entry.type) + std::to_string(entry.error_number);
      stages::ReadOutcome outcome;
      if (entry.type == EntryType::file) {
        read_all(*source, entry, outcome);
        out += ":" + std::string(to_string(outcome.error_type));
      }
      out += "\n";
    }
    out += std::to_string(sink.volumes.at(0).unreadable) + " " + sink.volumes.at(0).outcome;
  });
  EXPECT_EQ(said,
            ":d0\n"
            "closed:d13\n"
            "names only:d0\n"
            "names only/file:f13:permission_error\n"
            "open:f0:none\n"
            "unreadable:f0:permission_error\n"
            "2 enumerated");
  ::chmod((tree / "closed").c_str(), 0755);
  ::chmod((tree / "names only").c_str(), 0755);
}

TEST(DirectorySource, RecordsEntriesThatVanishDuringTheWalk) {
  const TempDir tree;
  for (int i = 0; i < 3000; ++i) write_file(tree / ("f" + std::to_string(10000 + i)), "");
  fs::create_directories(tree / "z/inner");
  CollectingSink sink;
  sink.on_entries = [&tree] {
    fs::remove(tree / "f12999");
    fs::remove_all(tree / "z");
  };
  ASSERT_TRUE(open_tree(tree.path())->walk(sink).has_value());
  EXPECT_EQ(sink.at("f12999").error_number, static_cast<std::uint32_t>(ENOENT));
  EXPECT_EQ(sink.at("f12999").type, EntryType::file);
  EXPECT_EQ(sink.at("z").error_number, static_cast<std::uint32_t>(ENOENT));
  EXPECT_EQ(sink.found.size(), 3002U);
  EXPECT_EQ(sink.volumes.at(0).unreadable, 2U);
}

TEST(DirectorySource, NamesMountPointsWithoutEnteringThem) {
  const TempDir tree;
  fs::create_directories(tree / "mounted");
  if (::geteuid() != 0 || ::mount("none", (tree / "mounted").c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "mounting is not allowed here";
  }
  write_file(tree / "mounted/inside", "x");
  const CollectingSink outside = walk(tree.path());
  CollectingSink crossing;
  EXPECT_TRUE(open_tree(tree.path(), true)->walk(crossing).has_value());
  EXPECT_EQ(::umount((tree / "mounted").c_str()), 0);
  EXPECT_EQ(outside.found.size(), 2U);
  EXPECT_EQ(outside.at("mounted").error_number, static_cast<std::uint32_t>(EXDEV));
  EXPECT_NE(outside.at("mounted").device, outside.at("").device);
  EXPECT_EQ(crossing.at("mounted").error_number, 0U);
  EXPECT_EQ(crossing.at("mounted/inside").size, 1U);
}

TEST(DirectorySource, DoesNotLoopThroughABindMountOfAnAncestor) {
  const TempDir tree;
  fs::create_directories(tree / "a/b");
  if (::geteuid() != 0 ||
      ::mount(tree.path().c_str(), (tree / "a/b").c_str(), nullptr, MS_BIND, nullptr) != 0) {
    GTEST_SKIP() << "mounting is not allowed here";
  }
  const CollectingSink sink = walk(tree.path());
  EXPECT_EQ(::umount((tree / "a/b").c_str()), 0);
  EXPECT_EQ(sink.found.size(), 3U);
  EXPECT_EQ(sink.at("a/b").error_number, static_cast<std::uint32_t>(ELOOP));
}

TEST(DirectorySource, ReadsFilesOfEverySizeWhole) {
  const TempDir tree;
  for (const std::size_t size :
       {0U, 1U, 4096U, (1U << 20U) - 1, 1U << 20U, (1U << 20U) + 1, (3U << 20U) + 5}) {
    write_file(tree / std::to_string(size), some_bytes(size, size));
  }
  auto source = open_tree(tree.path());
  auto other = source->clone();
  ASSERT_TRUE(other.has_value());
  CollectingSink sink;
  ASSERT_TRUE(source->walk(sink).has_value());
  for (const auto& [volume, entry] : sink.found) {
    if (entry.type != EntryType::file) continue;
    stages::ReadOutcome outcome;
    EXPECT_TRUE(read_all(*source, entry, outcome) == some_bytes(entry.size, entry.size));
    EXPECT_TRUE(read_all(**other, entry, outcome) == some_bytes(entry.size, entry.size));
    EXPECT_EQ(outcome.bytes_read, entry.size);
    EXPECT_EQ(outcome.error_type, FileErrorType::none);
    EXPECT_EQ(outcome.error_message, "");
  }
}

TEST(DirectorySource, SaysWhenAFileIsNotWhatWasEnumerated) {
  const TempDir tree;
  for (const char* name : {"grown", "gone", "now a link", "now a fifo", "now a directory"}) {
    write_file(tree / name, "old");
  }
  write_file(tree / "elsewhere", "not this");
  auto source = open_tree(tree.path());
  CollectingSink sink;
  ASSERT_TRUE(source->walk(sink).has_value());
  for (const char* name : {"gone", "now a link", "now a fifo", "now a directory"}) {
    fs::remove(tree / name);
  }
  write_file(tree / "grown", "new content");
  fs::create_symlink("elsewhere", tree / "now a link");
  ASSERT_EQ(::mkfifo((tree / "now a fifo").c_str(), 0600), 0);
  fs::create_directory(tree / "now a directory");

  stages::ReadOutcome outcome;
  EXPECT_EQ(read_all(*source, sink.at("grown"), outcome), "new content");
  EXPECT_EQ(outcome.error_type, FileErrorType::none);
  EXPECT_EQ(outcome.error_message, "changed since it was enumerated: its size was 3 bytes, now 11");
  for (const char* name : {"gone", "now a link", "now a fifo", "now a directory"}) {
    EXPECT_EQ(read_all(*source, sink.at(name), outcome), "") << name;
    EXPECT_EQ(outcome.error_type, FileErrorType::path_error) << name;
    EXPECT_EQ(outcome.bytes_read, 0U) << name;
  }
}

TEST(DirectorySource, NeverLeavesItsRoot) {
  const TempDir outside;
  const TempDir tree;
  write_file(outside / "secret", "secret");
  fs::create_directory_symlink(outside.path(), tree / "way out");
  auto source = open_tree(tree.path());
  for (const std::string& path :
       {std::string("way out/secret"), "../" + outside.path().filename().string() + "/secret",
        (outside / "secret").string()}) {
    Entry entry;
    entry.type = EntryType::file;
    entry.path = path;
    stages::ReadOutcome outcome;
    EXPECT_EQ(read_all(*source, entry, outcome), "") << path;
    EXPECT_EQ(outcome.error_type, FileErrorType::path_error) << path;
  }
}

TEST(DirectorySource, RefusesWhatIsNoDirectory) {
  const TempDir tree;
  write_file(tree / "file", "");
  EXPECT_EQ(stages::open_directory_source({(tree / "none").string(), false}).error().code,
            events::Errc::not_found);
  EXPECT_EQ(stages::open_directory_source({(tree / "file").string(), false}).error().code,
            events::Errc::invalid);
}

}  // namespace

}  // namespace ntt::tests
