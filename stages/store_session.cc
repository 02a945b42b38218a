// Reading the sessions of a store.

#include "stages/store_session.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "stages/file_descriptor.h"

namespace ntt::stages {

using events::BlobId;
using events::Errc;
using events::Error;
using events::Result;
using events::Status;

namespace {

constexpr int kSessionsFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
constexpr int kAttemptsMax = 20;

void count_temporary(int directory, const std::string& name, StoreSession& session) {
  struct stat facts {};
  if (::fstatat(directory, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (S_ISDIR(facts.st_mode)) {
    const FileDescriptor below(::openat(directory, name.c_str(), kSessionsFlags));
    for (const std::string& file : names_in(below.get())) {
      count_temporary(below.get(), file, session);
    }
    return;
  }
  session.temporary_files += 1;
  session.temporary_bytes += static_cast<std::uint64_t>(facts.st_size);
}

// One session, unless it went away meanwhile or nothing is in it: a process makes its directory
// before it locks it, and must not find it locked by who only looks.
Status read_session(int sessions, const std::string& name, std::vector<StoreSession>& into) {
  const FileDescriptor directory(::openat(sessions, name.c_str(), kSessionsFlags));
  if (!directory.is_open()) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return {};
    return events::errno_error("session " + name, errno);
  }
  const std::vector<std::string> names = names_in(directory.get());
  if (names.empty()) return {};
  StoreSession session;
  session.path = std::string(kSessionsDirectory) + "/" + name;
  session.is_live = ::flock(directory.get(), LOCK_SH | LOCK_NB) != 0;
  for (const std::string& file : names) {
    if (!is_blob_list(file)) {
      if (!session.is_live) count_temporary(directory.get(), file, session);
      continue;
    }
    const auto ids = read_blob_list(directory.get(), file);
    session.unrecorded.insert(session.unrecorded.end(), ids.begin(), ids.end());
  }
  into.push_back(std::move(session));
  return {};
}

std::vector<std::string> sorted_names(int directory) {
  auto names = names_in(directory);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::vector<std::string> names_in(int directory) {
  std::vector<std::string> names;
  const int again = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (again < 0) return names;
  DIR* stream = ::fdopendir(again);
  if (stream == nullptr) {
    ::close(again);
    return names;
  }
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(stream);
  return names;
}

bool is_blob_list(const std::string& name) {
  return name.rfind(kBlobListPrefix, 0) == 0;
}

std::vector<BlobId> read_blob_list(int session, const std::string& name) {
  std::vector<BlobId> ids;
  const FileDescriptor file(::openat(session, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open()) return ids;
  BlobId id;
  while (::read(file.get(), id.bytes.data(), BlobId::kSize) == ssize_t{BlobId::kSize}) {
    ids.push_back(id);
  }
  return ids;
}

// A process that starts moves the lists of dead ones into a session of its own: what was read holds
// together when the same sessions are there before and after.
Result<std::vector<StoreSession>> read_store_sessions(const std::string& root) {
  const std::string path = root + "/" + kSessionsDirectory;
  const FileDescriptor sessions(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!sessions.is_open()) {
    if (errno == ENOENT) return std::vector<StoreSession>{};
    return events::errno_error(path, errno);
  }
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    std::vector<StoreSession> found;
    const auto before = sorted_names(sessions.get());
    for (const std::string& name : before) {
      if (auto read = read_session(sessions.get(), name, found); !read) {
        return std::move(read).error().within(path);
      }
    }
    if (sorted_names(sessions.get()) == before) return found;
  }
  return Error{Errc::io, path + ": sessions come and go too fast to be read; try again"};
}

}  // namespace ntt::stages
