// Disk images for tests, made with the tools that make real ones.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ntt::tests {

// A volume to put on a disk: where it begins and how long it is, in sectors of 512 bytes.
struct Partition {
  std::uint64_t start = 0;
  std::uint64_t sectors = 0;
  std::string type;  // as sfdisk takes it: "83", "c", ...
};

// An empty disk of `bytes` with an MBR partition table.
void make_disk(const std::filesystem::path& image, std::uint64_t bytes,
               const std::vector<Partition>& partitions);

// Makes a file system at `offset` bytes of an existing file, filled with a directory's contents.
void make_ext4(const std::filesystem::path& image, const std::filesystem::path& tree,
               std::uint64_t offset, std::uint64_t bytes);
void make_fat(const std::filesystem::path& image, const std::filesystem::path& tree,
              std::uint64_t offset, std::uint64_t bytes);

// The tree of the whole-pipeline tests: hard links, duplicates, symlinks, sparse and empty files,
// deep directories, names of every byte but NUL and '/', invalid UTF-8, 255 bytes.
void make_awkward_tree(const std::filesystem::path& tree);
// Ordinary names only, which every file system takes.
void make_plain_tree(const std::filesystem::path& tree);

// What b3sum and find say of a tree: relative path (hex) -> BLAKE3 of each regular file.
std::vector<std::string> oracle_files(const std::filesystem::path& tree);

// A test failure that names the lines which only one of the two has. Order does not matter.
void expect_same_lines(std::vector<std::string> actual, std::vector<std::string> expected);

std::string hex_of(const std::string& bytes);

}  // namespace ntt::tests
