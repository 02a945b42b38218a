// DirectoryListing holds the names in one directory, sorted by their bytes.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ntt::stages {

// One name as the directory itself gives it, before the entry behind it is examined.
struct ListedName {
  std::uint64_t inode = 0;
  std::uint32_t offset = 0;  // of the NUL-terminated name in the listing's text
  std::uint16_t length = 0;
  unsigned char type = 0;  // DT_* of dirent.h; DT_UNKNOWN where the filesystem does not say
};

// Reusable: read() forgets the names before. Not thread-safe.
class DirectoryListing {
 public:
  // Reads all names but "." and "..". Returns 0, or the errno value with which the reading broke
  // off; the names read until then are kept.
  int read(int directory);

  [[nodiscard]] const std::vector<ListedName>& names() const { return names_; }
  [[nodiscard]] const char* text(const ListedName& name) const {
    return text_.data() + name.offset;
  }
  void release();  // gives back the memory of a large listing

 private:
  void add(const char* name, std::uint64_t inode, unsigned char type);
  std::string text_;
  std::vector<ListedName> names_;
};

}  // namespace ntt::stages
