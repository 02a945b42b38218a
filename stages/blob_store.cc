// The store's groups: staging, publishing, and what dead processes left.

#include "stages/blob_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "stages/file_write.h"
#include "stages/store_session.h"

namespace ntt::stages {

using events::Errc;
using events::Error;

namespace {

constexpr const char* kTakenOverList = "list-0";

// The files of a session, and its directories with theirs.
void remove_what_is_in(int session) {
  for (const std::string& name : names_in(session)) {
    if (::unlinkat(session, name.c_str(), 0) == 0) continue;
    const FileDescriptor directory(
        ::openat(session, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!directory.is_open()) continue;
    for (const std::string& file : names_in(directory.get())) {
      ::unlinkat(directory.get(), file.c_str(), 0);
    }
    ::unlinkat(session, name.c_str(), AT_REMOVEDIR);
  }
}

}  // namespace

std::string blob_path(const BlobId& id) {
  const std::string hex = id.hex();
  return hex.substr(0, 2) + "/" + hex.substr(2, 2) + "/" + hex;
}

Error BlobStore::failed(const std::string& what, int error_number) {
  const std::lock_guard lock(mutex_);
  if (failure_ == 0) failure_ = error_number;
  Error error = events::errno_error("blob store " + root_ + ": " + what, error_number);
  error.message += write_failure_advice(error_number);
  return error;
}

std::string BlobStore::failure_word() const {
  const std::lock_guard lock(mutex_);
  return write_failure_word(failure_);
}

Result<std::unique_ptr<BlobStore>> BlobStore::open(const std::string& root) {
  if (auto made = make_directories(root); !made) {
    return std::move(made).error().within("blob store");
  }
  std::unique_ptr<BlobStore> store(new BlobStore(root));
  store->root_fd_ = FileDescriptor(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!store->root_fd_.is_open()) return store->failed("open", errno);
  if (auto opened = store->open_session(); !opened) return std::move(opened).error();
  if (auto taken = store->take_over_dead_sessions(); !taken) return std::move(taken).error();
  return store;
}

Status BlobStore::open_session() {
  umask_ = 0777;  // unknown so far
  if (auto made = make_directory(kSessionsDirectory); !made) return made;
  // Another process may take a session for a dead one between its making and its locking, and
  // remove it: then the name is gone or means another directory, and a new one is made.
  for (int attempt = 0; attempt < 10; ++attempt) {
    std::uint64_t random = 0;
    CHECK(::getrandom(&random, sizeof random, 0) == ssize_t{sizeof random});
    session_ = std::string(kSessionsDirectory) + "/" + std::to_string(::getpid()) + "-" +
               std::to_string(random);
    if (::mkdirat(root_fd_.get(), session_.c_str(), 0777) != 0) {
      return failed("make " + session_, errno);
    }
    session_fd_ = FileDescriptor(
        ::openat(root_fd_.get(), session_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat mine {};
    struct stat named {};
    if (session_fd_.is_open() && ::flock(session_fd_.get(), LOCK_EX | LOCK_NB) == 0 &&
        ::fstat(session_fd_.get(), &mine) == 0 &&
        ::fstatat(root_fd_.get(), session_.c_str(), &named, 0) == 0 &&
        mine.st_ino == named.st_ino) {
      umask_ = 0777 & ~mine.st_mode;
      return {};
    }
  }
  return failed("lock a session under .tmp", EBUSY);
}

Status BlobStore::take_over_dead_sessions() {
  const FileDescriptor sessions(
      ::openat(root_fd_.get(), kSessionsDirectory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!sessions.is_open()) return failed("open .tmp", errno);
  std::vector<std::pair<std::string, FileDescriptor>> dead;
  for (const std::string& name : names_in(sessions.get())) {
    FileDescriptor session(
        ::openat(sessions.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!session.is_open() || ::flock(session.get(), LOCK_EX | LOCK_NB) != 0) continue;  // it lives
    for (const std::string& file : names_in(session.get())) {
      if (!is_blob_list(file)) continue;
      for (const BlobId& id : read_blob_list(session.get(), file)) {
        const std::string path = blob_path(id);
        if (::faccessat(root_fd_.get(), path.c_str(), F_OK, 0) == 0) taken_over_.insert(id);
      }
    }
    dead.emplace_back(name, std::move(session));
  }
  if (!taken_over_.empty()) {
    const std::vector<BlobId> ids(taken_over_.begin(), taken_over_.end());
    if (auto written = write_list(kTakenOverList, ids); !written) return written;
    if (auto synced = sync(); !synced) return synced;  // before the lists it replaces are removed
  }
  // What another user left and only he may remove stays; it does no harm.
  for (const auto& [name, session] : dead) {
    remove_what_is_in(session.get());
    ::unlinkat(sessions.get(), name.c_str(), AT_REMOVEDIR);
  }
  return {};
}

BlobStore::~BlobStore() {
  for (const auto* group : {&staged_, &closed_}) {
    for (const auto& [id, temporary] : *group) {
      ::unlinkat(session_fd_.get(), temporary.c_str(), 0);
    }
  }
  remove_temporary_directories(closed_group_.number + 1);
  // Refused while lists are left: then the next open() takes them over.
  if (session_fd_.is_open()) ::unlinkat(root_fd_.get(), session_.c_str(), AT_REMOVEDIR);
}

Status BlobStore::write_list(const std::string& name, std::span<const BlobId> ids) {
  std::string bytes;
  bytes.reserve(ids.size() * BlobId::kSize);
  for (const BlobId& id : ids) bytes += id.view();
  const std::string temporary = "new-" + name;
  const FileDescriptor file(::openat(session_fd_.get(), temporary.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.is_open()) return failed("write " + name, errno);
  if (const int error = write_all(file.get(), bytes); error != 0) {
    ::unlinkat(session_fd_.get(), temporary.c_str(), 0);
    return failed("write " + name, error);
  }
  if (::renameat(session_fd_.get(), temporary.c_str(), session_fd_.get(), name.c_str()) != 0) {
    return failed("write " + name, errno);
  }
  return {};
}

Status BlobStore::close_group(std::span<const BlobId> wanted) {
  CHECK(closed_.empty());
  const std::uint64_t number = closed_group_.number + 1;
  closed_group_ = Group{number, {}};
  std::string lost;
  {
    const std::lock_guard lock(mutex_);
    for (const BlobId& id : wanted) {
      if (const auto staged = staged_.find(id); staged != staged_.end()) {
        closed_.insert(staged_.extract(staged));
      } else if (taken_over_.erase(id) != 0) {
        closed_group_.taken_over.insert(id);
      } else {
        lost = id.hex();
      }
    }
    for (const auto& [id, temporary] : staged_) {
      ::unlinkat(session_fd_.get(), temporary.c_str(), 0);
    }
    staged_.clear();
  }
  if (!lost.empty()) return failed("blob " + lost + " was not written", EIO);
  return {};
}

Result<std::uint64_t> BlobStore::publish() {
  // Writers read closed_ meanwhile, but only this thread changes it.
  std::vector<BlobId> ids;
  for (const auto& [id, temporary] : closed_) ids.push_back(id);
  if (!ids.empty()) {
    const std::string list = kBlobListPrefix + std::to_string(closed_group_.number);
    if (auto written = write_list(list, ids); !written) return std::move(written).error();
  }
  if (auto synced = sync(); !synced) return std::move(synced).error();
  for (const auto& [id, temporary] : closed_) {
    if (auto named = give_name(id, temporary); !named) return std::move(named).error();
  }
  unrecorded_groups_.push_back({closed_group_.number, std::exchange(closed_group_.taken_over, {})});
  remove_temporary_directories(closed_group_.number);
  const std::lock_guard lock(mutex_);
  closed_.clear();
  return closed_group_.number;
}

// Those of the groups up to this one, which are empty.
void BlobStore::remove_temporary_directories(std::uint64_t last_group) {
  const std::lock_guard lock(mutex_);
  std::erase_if(temporary_directories_, [&](const auto& made) {
    return made.first <= last_group &&
           ::unlinkat(session_fd_.get(), made.second.c_str(), AT_REMOVEDIR) == 0;
  });
}

Status BlobStore::sync() {
  if (sync_failed_) return failed("an earlier sync failed", EIO);
  if (::syncfs(root_fd_.get()) != 0) {
    sync_failed_ = true;
    return failed("sync", errno);
  }
  return {};
}

Status BlobStore::recorded(std::uint64_t group) {
  const std::string list = kBlobListPrefix + std::to_string(group);
  ::unlinkat(session_fd_.get(), list.c_str(), 0);
  bool changed = false;
  std::set<BlobId> left = closed_group_.taken_over;
  {
    const std::lock_guard lock(mutex_);
    left.insert(taken_over_.begin(), taken_over_.end());
  }
  for (auto it = unrecorded_groups_.begin(); it != unrecorded_groups_.end();) {
    if (it->number == group) {
      changed = !it->taken_over.empty();
      it = unrecorded_groups_.erase(it);
    } else {
      left.insert(it->taken_over.begin(), it->taken_over.end());
      ++it;
    }
  }
  if (!changed) return {};
  if (left.empty()) {
    ::unlinkat(session_fd_.get(), kTakenOverList, 0);
    return {};
  }
  return write_list(kTakenOverList, std::vector<BlobId>(left.begin(), left.end()));
}

bool BlobStore::has_taken_over() const {
  return !taken_over_.empty();
}

void BlobStore::already_named(const BlobId& id) {
  if (taken_over_.erase(id) != 0 && taken_over_.empty()) {
    ::unlinkat(session_fd_.get(), kTakenOverList, 0);
  }
}

Status BlobStore::give_name(const BlobId& id, const std::string& temporary) {
  const std::string path = blob_path(id);
  const int error = rename_no_replace(session_fd_.get(), temporary, root_fd_.get(), path);
  if (error == EEXIST) {  // another process published the same content meanwhile
    struct stat ours {};
    if (::fstatat(session_fd_.get(), temporary.c_str(), &ours, AT_SYMLINK_NOFOLLOW) != 0) {
      return failed("stat " + temporary, errno);
    }
    auto present = is_present(id, static_cast<std::uint64_t>(ours.st_size));
    if (!present) return std::move(present).error();
    ::unlinkat(session_fd_.get(), temporary.c_str(), 0);
    return {};
  }
  if (error != 0) return failed("publish " + path, error);
  return {};
}

// Mode 0755 whatever the umask; one that is there is fine.
Status BlobStore::make_directory(const std::string& path) {
  if (::mkdirat(root_fd_.get(), path.c_str(), 0755) != 0) {
    return errno == EEXIST ? Status() : failed("make " + path, errno);
  }
  if ((umask_ & 0755U) == 0 || ::fchmodat(root_fd_.get(), path.c_str(), 0755, 0) == 0) return {};
  return failed("chmod " + path, errno);
}

Status BlobStore::make_directory_for(const BlobId& id) {
  const std::size_t above = id.bytes[0];
  const std::size_t index = above << 8U | id.bytes[1];
  bool has_above = false;
  {
    const std::lock_guard lock(mutex_);
    if (directories_.test(index)) return {};
    has_above = directories_above_.test(above);
  }
  const std::string path = blob_path(id);
  if (!has_above) {
    if (auto made = make_directory(path.substr(0, 2)); !made) return made;
  }
  if (auto made = make_directory(path.substr(0, 5)); !made) return made;
  const std::lock_guard lock(mutex_);
  directories_.set(index);
  directories_above_.set(above);
  return {};
}

Result<bool> BlobStore::is_present(const BlobId& id, std::uint64_t size) {
  const std::string path = blob_path(id);
  struct stat found {};
  if (::fstatat(root_fd_.get(), path.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return false;
    return failed("stat " + path, errno);
  }
  if (!S_ISREG(found.st_mode) || static_cast<std::uint64_t>(found.st_size) != size) {
    const std::string what =
        S_ISREG(found.st_mode)
            ? "has " + std::to_string(found.st_size) + " bytes instead of " + std::to_string(size)
            : std::string("is not a regular file");
    return Error{Errc::conflict, "blob " + path + " in " + root_ + " " + what +
                                     ": it is damaged; move it away and copy again"};
  }
  return true;
}

}  // namespace ntt::stages
