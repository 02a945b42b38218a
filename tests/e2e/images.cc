// Making images and trees, and asking b3sum and find what is in them.

#include "tests/e2e/images.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "events/bytes.h"
#include "events/check.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::tests {

namespace fs = std::filesystem;

namespace {

void make_whole(const fs::path& image, std::uint64_t bytes) {
  if (!fs::exists(image)) write_file(image, "");
  if (fs::file_size(image) < bytes) fs::resize_file(image, bytes);
}

// Programs that make file systems are not in every user's PATH.
CommandOptions with_sbin() {
  const char* path = std::getenv("PATH");
  return {{{"PATH", std::string(path != nullptr ? path : "") + ":/usr/sbin:/sbin"},
           {"MTOOLS_SKIP_CHECK", "1"}},
          "",
          ""};
}

}  // namespace

std::string hex_of(const std::string& bytes) {
  return events::to_hex(bytes);
}

void expect_same_lines(std::vector<std::string> actual, std::vector<std::string> expected) {
  std::sort(actual.begin(), actual.end());
  std::sort(expected.begin(), expected.end());
  std::vector<std::string> more;
  std::vector<std::string> missing;
  std::set_difference(actual.begin(), actual.end(), expected.begin(), expected.end(),
                      std::back_inserter(more));
  std::set_difference(expected.begin(), expected.end(), actual.begin(), actual.end(),
                      std::back_inserter(missing));
  EXPECT_TRUE(more.empty() && missing.empty()) << "more: " << testing::PrintToString(more)
                                               << "\nmissing: " << testing::PrintToString(missing);
}

void make_disk(const fs::path& image, std::uint64_t bytes,
               const std::vector<Partition>& partitions) {
  make_whole(image, bytes);
  CommandOptions options = with_sbin();
  options.input = "label: dos\n";
  for (const auto& partition : partitions) {
    options.input += "start=" + std::to_string(partition.start) +
                     ",size=" + std::to_string(partition.sectors) + ",type=" + partition.type +
                     "\n";
  }
  output_of({"sfdisk", "-q", image.string()}, options);
}

void make_ext4(const fs::path& image, const fs::path& tree, std::uint64_t offset,
               std::uint64_t bytes) {
  make_whole(image, offset + bytes);
  output_of({"mkfs.ext4", "-q", "-F", "-d", tree.string(), "-E",
             "offset=" + std::to_string(offset) + ",root_owner=0:0", image.string(),
             std::to_string(bytes / 1024) + "k"},
            with_sbin());
}

void make_fat(const fs::path& image, const fs::path& tree, std::uint64_t offset,
              std::uint64_t bytes) {
  make_whole(image, offset + bytes);
  output_of({"mkfs.fat", "-F", "16", "-n", "CAMERA", "--offset", std::to_string(offset / 512),
             image.string(), std::to_string(bytes / 1024)},
            with_sbin());
  std::vector<std::string> copy = {"mcopy", "-s", "-i",
                                   image.string() + "@@" + std::to_string(offset)};
  for (const auto& item : fs::directory_iterator(tree)) copy.push_back(item.path().string());
  copy.emplace_back("::");
  output_of(copy, with_sbin());
}

void make_awkward_tree(const fs::path& tree) {
  make_plain_tree(tree);
  fs::create_directories(tree / "links");
  fs::create_hard_link(tree / "photos/beach.jpg", tree / "links/hard link 1");
  fs::create_hard_link(tree / "photos/beach.jpg", tree / "links/hard link 2");
  fs::create_symlink("../photos/beach.jpg", tree / "links/symlink");
  fs::create_symlink("/no/such/\xff place", tree / "links/dangling");
  write_file(tree / "sparse", "begin");
  fs::resize_file(tree / "sparse", 3 << 20);
  for (int byte = 1; byte < 256; ++byte) {
    if (byte == '/' || byte == '.') continue;
    write_file(tree / (std::string("byte ") + static_cast<char>(byte)), std::to_string(byte));
  }
  write_file(tree / std::string(255, 'n'), "the longest name");
  fs::path deep = tree;
  for (int level = 0; level < 60; ++level) deep /= "deep" + std::to_string(level);
  fs::create_directories(deep);
  write_file(deep / "bottom", "at the bottom");
}

void make_plain_tree(const fs::path& tree) {
  fs::create_directories(tree / "photos");
  fs::create_directories(tree / "letters/1998");
  write_file(tree / "photos/beach.jpg", some_bytes(300'000, 7));
  write_file(tree / "photos/copy of beach.jpg", some_bytes(300'000, 7));
  write_file(tree / "empty.txt", "");
  write_file(tree / "empty2.txt", "");
  for (int i = 0; i < 50; ++i) {
    write_file(tree / "letters/1998" / ("letter " + std::to_string(i) + ".txt"),
               some_bytes(static_cast<std::size_t>(i) * 37, static_cast<std::uint64_t>(i)));
  }
}

std::vector<std::string> oracle_files(const fs::path& tree) {
  // b3sum itself escapes names; with one file on its standard input there is no name to escape.
  const std::string script =
      "cd \"$0\" && find . -xdev -type f -printf '%P\\0' | while IFS= read -r -d '' f; do "
      "printf '%s\\0%s\\0' \"$f\" \"$(b3sum --no-names < \"./$f\")\"; done";
  // In other locales bash takes a NUL after half a character for a part of it.
  const CommandOptions in_c{{{"LC_ALL", "C"}}, "", ""};
  const auto fields = [&] {
    std::vector<std::string> out;
    std::string field;
    for (const char c : output_of({"bash", "-c", script, tree.string()}, in_c)) {
      if (c != '\0') {
        field += c;
        continue;
      }
      out.push_back(field);
      field.clear();
    }
    return out;
  }();
  std::vector<std::string> lines;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    lines.push_back(hex_of(fields[i]) + "|" + fields[i + 1]);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace ntt::tests
