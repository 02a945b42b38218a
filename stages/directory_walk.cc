// The walk of a directory tree by getdents64 and statx.

#include "stages/directory_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "events/limits.h"
#include "stages/beneath.h"
#include "stages/file_error.h"

namespace ntt::stages {

namespace {

using events::EntryType;
using events::Nanos;

constexpr std::size_t kOpenDirectoriesMax = 64;
constexpr std::size_t kPendingMax = 1024;  // entries handed to the sink at once
constexpr std::size_t kNameBytesMax = 255;
constexpr int kStatFlags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
constexpr unsigned kStatMask = STATX_BASIC_STATS | STATX_BTIME;
constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NONBLOCK;

EntryType type_of_mode(unsigned mode) {
  switch (mode & static_cast<unsigned>(S_IFMT)) {
    case S_IFREG:
      return EntryType::file;
    case S_IFDIR:
      return EntryType::directory;
    case S_IFLNK:
      return EntryType::symlink;
    case S_IFBLK:
      return EntryType::block_device;
    case S_IFCHR:
      return EntryType::char_device;
    case S_IFIFO:
      return EntryType::fifo;
    case S_IFSOCK:
      return EntryType::socket;
    default:
      return EntryType::unknown;
  }
}

EntryType type_of_listing(unsigned char type) {
  return type_of_mode(DTTOIF(static_cast<unsigned>(type)));
}

// A time outside of what 64 bits of nanoseconds hold (the years 1677 to 2262) is left out.
std::optional<Nanos> nanos(const statx_timestamp& time) {
  Nanos out = 0;
  if (__builtin_mul_overflow(Nanos{time.tv_sec}, Nanos{1'000'000'000}, &out) ||
      __builtin_add_overflow(out, Nanos{time.tv_nsec}, &out)) {
    return std::nullopt;
  }
  return out;
}

std::uint64_t device_of(const struct statx& stat) {
  return makedev(stat.stx_dev_major, stat.stx_dev_minor);
}

void set_error(Entry& entry, int number, std::string_view what) {
  entry.error_number = static_cast<std::uint32_t>(number);
  entry.error_message = error_text(what, number);
}

void fill(Entry& entry, const struct statx& stat) {
  const auto time = [&](unsigned bit, const statx_timestamp& value) {
    return (stat.stx_mask & bit) != 0 ? nanos(value) : std::nullopt;
  };
  entry.type = type_of_mode(stat.stx_mode);
  entry.device = device_of(stat);
  entry.inode = stat.stx_ino;
  entry.link_count = stat.stx_nlink;
  entry.size = stat.stx_size;
  entry.mode = stat.stx_mode & 07777U;
  entry.uid = stat.stx_uid;
  entry.gid = stat.stx_gid;
  entry.modify_time = time(STATX_MTIME, stat.stx_mtime);
  entry.access_time = time(STATX_ATIME, stat.stx_atime);
  entry.change_time = time(STATX_CTIME, stat.stx_ctime);
  entry.birth_time = time(STATX_BTIME, stat.stx_btime);
}

// What is known of a name that could not be examined.
void fill_unexamined(Entry& entry, const ListedName& listed, std::uint64_t device) {
  entry.type = type_of_listing(listed.type);
  entry.device = device;
  entry.inode = listed.inode;
  entry.link_count = 0;
  entry.size = 0;
  entry.mode = entry.uid = entry.gid = 0;
  entry.modify_time = entry.access_time = entry.change_time = entry.birth_time = std::nullopt;
}

}  // namespace

DirectoryWalk::DirectoryWalk(int root, bool cross_filesystems, EntrySink& sink)
    : root_(root), cross_filesystems_(cross_filesystems), sink_(sink), pending_(kPendingMax) {}

Status DirectoryWalk::run(WalkTotals& totals) {
  Status status = visit_root();
  while (status && depth_ > 0) status = visit_next();
  if (status) status = flush();
  totals = totals_;
  return status;
}

Entry& DirectoryWalk::next_entry() {
  Entry& entry = pending_[pending_count_];
  entry.symlink_target.clear();
  entry.error_number = 0;
  entry.error_message.clear();
  return entry;
}

Status DirectoryWalk::finish_entry(const Entry& entry) {
  totals_.entries += 1;
  if (entry.type == EntryType::file) totals_.bytes += entry.size;
  if (entry.error_number != 0) totals_.unreadable += 1;
  pending_count_ += 1;
  return pending_count_ == pending_.size() ? flush() : Status{};
}

Status DirectoryWalk::flush() {
  const std::span<const Entry> entries(pending_.data(), pending_count_);
  pending_count_ = 0;
  return entries.empty() ? Status{} : sink_.entries(VolumeIndex{0}, entries);
}

Status DirectoryWalk::visit_root() {
  Entry& entry = next_entry();
  entry.path.clear();
  struct statx stat {};
  if (::statx(root_, "", AT_EMPTY_PATH | kStatFlags, kStatMask, &stat) != 0) {
    const int error = errno;
    fill_unexamined(entry, {}, 0);
    set_error(entry, error, "examining the root");
    return finish_entry(entry);
  }
  fill(entry, stat);
  root_device_ = entry.device;
  enter(root_, ".", entry);
  return finish_entry(entry);
}

Status DirectoryWalk::visit_next() {
  Frame& frame = frames_[depth_ - 1];
  path_.resize(frame.path_length);
  if (frame.next == frame.listing.names().size()) {
    leave();
    return {};
  }
  const ListedName listed = frame.listing.names()[frame.next++];
  const char* name = frame.listing.text(listed);
  Entry& entry = next_entry();
  entry.path.assign(path_);
  if (!path_.empty()) entry.path += '/';
  entry.path.append(name, listed.length);
  if (ensure_open(frame)) {
    examine(frame.descriptor.get(), name, listed, entry);
  } else {
    const int error = errno;
    fill_unexamined(entry, listed, frame.device);
    set_error(entry, error, "opening its directory again");
  }
  return finish_entry(entry);
}

void DirectoryWalk::examine(int directory, const char* name, const ListedName& listed,
                            Entry& entry) {
  struct statx stat {};
  if (::statx(directory, name, kStatFlags, kStatMask, &stat) != 0) {
    const int error = errno;
    fill_unexamined(entry, listed, frames_[depth_ - 1].device);
    set_error(entry, error, "examining");
    return;
  }
  fill(entry, stat);
  if (entry.type == EntryType::symlink) {
    examine_link(directory, name, entry);
  } else if (entry.type == EntryType::directory) {
    enter(directory, name, entry);
  }
}

void DirectoryWalk::examine_link(int directory, const char* name, Entry& entry) {
  char target[8192];
  const ssize_t length = ::readlinkat(directory, name, target, sizeof target);
  if (length < 0) {
    set_error(entry, errno, "reading the link");
  } else if (length == static_cast<ssize_t>(sizeof target)) {
    set_error(entry, ENAMETOOLONG, "reading the link");
  } else {
    entry.symlink_target.assign(target, static_cast<std::size_t>(length));
  }
}

bool DirectoryWalk::is_open_above(const Entry& entry) const {
  for (std::size_t i = 0; i < depth_; ++i) {
    if (frames_[i].inode == entry.inode && frames_[i].device == entry.device) return true;
  }
  return false;
}

// Puts the directory on the stack, or says in its entry why what it holds is not listed.
void DirectoryWalk::enter(int directory, const char* name, Entry& entry) {
  if (entry.device != root_device_ && !cross_filesystems_) {
    return set_error(entry, EXDEV, "another filesystem is mounted here, not entered");
  }
  if (entry.path.size() + 1 + kNameBytesMax > events::kPathBytesMax) {
    return set_error(entry, ENAMETOOLONG, "not entered");
  }
  if (is_open_above(entry)) return set_error(entry, ELOOP, "the directory contains itself");

  FileDescriptor opened = open_name(directory, name, kDirectoryFlags);
  if (!opened.is_open()) return set_error(entry, errno, "opening the directory");
  struct statx stat {};
  if (::statx(opened.get(), "", AT_EMPTY_PATH | kStatFlags, STATX_INO, &stat) != 0) {
    return set_error(entry, errno, "examining the open directory");
  }
  if (stat.stx_ino != entry.inode || device_of(stat) != entry.device) {
    return set_error(entry, ESTALE, "another directory took its place during the walk");
  }

  if (depth_ == frames_.size()) frames_.emplace_back();
  Frame& frame = frames_[depth_];
  const int error = frame.listing.read(opened.get());
  if (error != 0) {
    set_error(entry, error,
              "listing broke off after " + std::to_string(frame.listing.names().size()) + " names");
  }
  if (frame.listing.names().empty()) return;
  frame.descriptor = std::move(opened);
  frame.device = entry.device;
  frame.inode = entry.inode;
  frame.path_length = entry.path.size();
  frame.next = 0;
  path_ = entry.path;
  depth_ += 1;
  if (depth_ - first_open_ > kOpenDirectoriesMax) frames_[first_open_++].descriptor.close();
}

bool DirectoryWalk::ensure_open(Frame& frame) {
  if (frame.descriptor.is_open()) return true;
  FileDescriptor opened = open_beneath(root_, path_, kDirectoryFlags);
  struct statx stat {};
  if (!opened.is_open() ||
      ::statx(opened.get(), "", AT_EMPTY_PATH | kStatFlags, STATX_INO, &stat) != 0) {
    return false;
  }
  if (stat.stx_ino != frame.inode || device_of(stat) != frame.device) {
    errno = ESTALE;
    return false;
  }
  frame.descriptor = std::move(opened);
  first_open_ = depth_ - 1;
  return true;
}

void DirectoryWalk::leave() {
  Frame& frame = frames_[--depth_];
  frame.descriptor.close();
  frame.listing.release();
  first_open_ = std::min(first_open_, depth_);
}

}  // namespace ntt::stages
