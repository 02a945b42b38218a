// Directory listings by getdents64(2).

#include "stages/directory_listing.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ntt::stages {

namespace {
constexpr std::size_t kBufferBytes = 128U << 10U;
constexpr std::size_t kKeptBytesMax = 1U << 20U;
constexpr std::size_t kTextBytesMax = UINT32_MAX;
}  // namespace

void DirectoryListing::add(const char* name, std::uint64_t inode, unsigned char type) {
  if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'))) return;
  const std::size_t length = std::strlen(name);
  names_.push_back(
      {inode, static_cast<std::uint32_t>(text_.size()), static_cast<std::uint16_t>(length), type});
  text_.append(name, length + 1);
}

int DirectoryListing::read(int directory) {
  text_.clear();
  names_.clear();
  static thread_local std::vector<char> buffer(kBufferBytes);
  int error = 0;
  for (;;) {
    const ssize_t bytes = ::getdents64(directory, buffer.data(), buffer.size());
    if (bytes < 0) error = errno;
    if (bytes <= 0) break;
    if (text_.size() + static_cast<std::size_t>(bytes) > kTextBytesMax) {
      error = EFBIG;
      break;
    }
    for (ssize_t at = 0; at < bytes;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      add(entry->d_name, entry->d_ino, entry->d_type);
      at += entry->d_reclen;
    }
  }
  std::sort(names_.begin(), names_.end(), [this](const ListedName& a, const ListedName& b) {
    const int order = std::memcmp(text(a), text(b), std::min(a.length, b.length));
    if (order != 0) return order < 0;
    return a.length != b.length ? a.length < b.length : a.inode < b.inode;
  });
  // A directory that changes while it is read may give a name twice.
  const auto same = [this](const ListedName& a, const ListedName& b) {
    return a.inode == b.inode && a.length == b.length &&
           std::memcmp(text(a), text(b), a.length) == 0;
  };
  names_.erase(std::unique(names_.begin(), names_.end(), same), names_.end());
  return error;
}

void DirectoryListing::release() {
  if (text_.capacity() <= kKeptBytesMax) return;
  text_ = {};
  names_ = {};
}

}  // namespace ntt::stages
