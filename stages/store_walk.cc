// Two levels of directories, and the names in them.

#include "stages/store_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>

#include "stages/beneath.h"
#include "stages/blob_store.h"
#include "stages/directory_listing.h"
#include "stages/store_session.h"

namespace ntt::stages {

namespace {

constexpr std::size_t kBlobNameLength = 2 * BlobId::kSize;

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// "00" to "ff".
std::optional<unsigned> byte_named(std::string_view name) {
  if (name.size() != 2 || !is_lower_hex(name)) return std::nullopt;
  const auto digit = [](char c) -> unsigned { return c <= '9' ? c - '0' : c - 'a' + 10; };
  return digit(name[0]) * 16 + digit(name[1]);
}

std::string name_of_byte(unsigned byte) {
  constexpr const char* kDigits = "0123456789abcdef";
  return {kDigits[byte / 16], kDigits[byte % 16]};
}

// As the store opens them: a directory may be a link to one on another disk.
FileDescriptor open_shelf_directory(int parent, const std::string& name) {
  return FileDescriptor(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

// The size, or why there is none.
StoredBlob examined(int directory, const char* name, unsigned char type, const BlobId& id) {
  StoredBlob blob{id, 0, 0};
  if (type != DT_REG && type != DT_UNKNOWN) {
    blob.error_number = EISDIR;
    return blob;
  }
  struct statx facts {};
  if (::statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
              STATX_TYPE | STATX_SIZE, &facts) != 0) {
    blob.error_number = errno;
  } else if (!S_ISREG(facts.stx_mode)) {
    blob.error_number = EISDIR;
  } else {
    blob.size = facts.stx_size;
  }
  return blob;
}

class ShelfReader {
 public:
  ShelfReader(int root, unsigned first_byte) : root_(root), name_(name_of_byte(first_byte)) {}

  Shelf read() {
    const FileDescriptor directory = open_shelf_directory(root_, name_);
    if (!directory.is_open()) {
      if (errno != ENOENT) unlisted_whole(errno);
      return std::move(shelf_);
    }
    if (const int error = listing_.read(directory.get()); error != 0) unlisted_whole(error);
    std::vector<unsigned> below;
    for (const ListedName& name : listing_.names()) {
      const std::string_view text(listing_.text(name), name.length);
      const auto byte = byte_named(text);
      if (byte && (below.empty() || below.back() != *byte)) {
        below.push_back(*byte);
      } else if (!byte) {
        add_stray(name_ + "/", text);
      }
    }
    for (const unsigned byte : below) read_below(directory.get(), byte);
    return std::move(shelf_);
  }

 private:
  // A file with the name of a directory is a stray: no blob can be behind it.
  void unlisted_whole(int error) {
    shelf_.strays.push_back({name_, "", error == ENOTDIR ? 0 : error});
    if (error != ENOTDIR) shelf_.unlisted.set();
  }

  void add_stray(const std::string& directory, std::string_view name) {
    Stray stray{directory + std::string(name), "", 0};
    if (name.size() == kBlobNameLength && is_lower_hex(name)) {
      stray.belongs = blob_path(*BlobId::from_hex(name));
    }
    shelf_.strays.push_back(std::move(stray));
  }

  void read_below(int parent, unsigned byte) {
    const std::string second = name_of_byte(byte);
    const std::string path = name_ + "/" + second;
    const FileDescriptor directory = open_shelf_directory(parent, second);
    if (!directory.is_open()) {
      const int error = errno;
      if (error == ENOENT) return;
      shelf_.strays.push_back({path, "", error == ENOTDIR ? 0 : error});
      if (error != ENOTDIR) shelf_.unlisted.set(byte);
      return;
    }
    if (const int error = listing_.read(directory.get()); error != 0) {
      shelf_.strays.push_back({path, "", error});
      shelf_.unlisted.set(byte);
    }
    for (const ListedName& name : listing_.names()) {
      const std::string_view text(listing_.text(name), name.length);
      const bool is_blob = text.size() == kBlobNameLength && is_lower_hex(text) &&
                           text.substr(0, 2) == name_ && text.substr(2, 2) == second;
      if (!is_blob) {
        add_stray(path + "/", text);
        continue;
      }
      const StoredBlob blob =
          examined(directory.get(), listing_.text(name), name.type, *BlobId::from_hex(text));
      if (blob.error_number == ENOENT) continue;  // gone since it was listed
      if (shelf_.blobs.empty() || shelf_.blobs.back().id != blob.id) shelf_.blobs.push_back(blob);
    }
  }

  int root_;
  std::string name_;
  DirectoryListing listing_;
  Shelf shelf_;
};

}  // namespace

Result<StoreWalk> StoreWalk::open(const std::string& root) {
  StoreWalk walk;
  walk.root_ = FileDescriptor(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!walk.root_.is_open()) {
    const int error = errno;
    auto failed = events::errno_error("blob store " + root, error);
    if (error == ENOENT) failed.code = events::Errc::not_found;
    return failed;
  }
  DirectoryListing listing;
  if (const int error = listing.read(walk.root_.get()); error != 0) {
    return events::errno_error("listing blob store " + root, error);
  }
  for (const ListedName& name : listing.names()) {
    const std::string text(listing.text(name), name.length);
    if (byte_named(text) || text == kSessionsDirectory || text == "lost+found") continue;
    const bool named_as_blob = text.size() == kBlobNameLength && is_lower_hex(text);
    walk.strays_.push_back({text, named_as_blob ? blob_path(*BlobId::from_hex(text)) : "", 0});
  }
  return walk;
}

Shelf StoreWalk::shelf(unsigned first_byte) const {
  return ShelfReader(root_.get(), first_byte).read();
}

}  // namespace ntt::stages
