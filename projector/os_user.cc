// fork and exec with everything prepared before the fork, where only safe calls are allowed.

#include "projector/os_user.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Result;
using events::Status;

namespace {

Result<OsUser> from_entry(const passwd* entry, const std::string& who) {
  if (entry == nullptr) return Error{Errc::not_found, "the system has no user " + who};
  OsUser user{entry->pw_name, entry->pw_uid, entry->pw_gid, {}};
  int count = 64;
  user.groups.resize(static_cast<std::size_t>(count));
  while (getgrouplist(entry->pw_name, entry->pw_gid, user.groups.data(), &count) < 0) {
    user.groups.resize(static_cast<std::size_t>(count));
  }
  user.groups.resize(static_cast<std::size_t>(count));
  return user;
}

// After fork: only calls that are safe there.
[[noreturn]] void become(char* const* argv, const OsUser* as, int output, bool own_session) {
  static char path[] = "PATH=/usr/bin:/bin";
  static char locale[] = "LC_ALL=C";
  static char* environment[] = {path, locale, nullptr};
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (own_session) setsid();
  const bool redirected = dup2(null, 0) == 0 && dup2(output, 1) == 1 && dup2(output, 2) == 2;
  if (!redirected || close_range(3, ~0U, 0) != 0 || chdir("/") != 0) _exit(126);
  if (as != nullptr && (setgroups(as->groups.size(), as->groups.data()) != 0 ||
                        setgid(as->gid) != 0 || setuid(as->uid) != 0)) {
    _exit(126);
  }
  execve(argv[0], argv, environment);
  _exit(127);
}

std::string end_of(const std::filesystem::path& file) {
  constexpr std::streamoff kBytes = 2000;
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  const std::streamoff size = in.tellg();
  if (size <= 0) return "";
  in.seekg(std::max<std::streamoff>(0, size - kBytes));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Error failure_of(const Program& program) {
  return {Errc::io, program.command[0] + " failed; the end of " + program.output.string() + ":\n" +
                        end_of(program.output)};
}

Result<pid_t> launch(const Program& program, bool own_session) {
  CHECK(!program.command.empty());
  std::vector<char*> argv;
  for (const std::string& word : program.command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const std::string output = program.output.string();
  const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return events::errno_error("open " + output, errno);
  if (program.as && fchown(file, program.as->uid, program.as->gid) != 0) {
    const int error = errno;
    close(file);
    return events::errno_error("chown " + output, error);
  }
  const pid_t child = fork();
  if (child == 0) become(argv.data(), program.as ? &*program.as : nullptr, file, own_session);
  const int error = errno;
  close(file);
  if (child < 0) return events::errno_error("fork", error);
  return child;
}

}  // namespace

Result<OsUser> os_user(const std::string& name) {
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  return from_entry(found, name);
}

Result<OsUser> os_user(uid_t uid) {
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return from_entry(found, std::to_string(uid));
}

bool can_reach(const OsUser& user, const std::filesystem::path& directory) {
  for (auto parent = directory.parent_path();; parent = parent.parent_path()) {
    struct stat facts {};
    if (stat(parent.c_str(), &facts) == 0) {
      mode_t needed = S_IXOTH;
      const auto& groups = user.groups;
      if (facts.st_uid == user.uid) {
        needed = S_IXUSR;
      } else if (std::find(groups.begin(), groups.end(), facts.st_gid) != groups.end()) {
        needed = S_IXGRP;
      }
      if ((facts.st_mode & needed) == 0) return false;
    }
    if (parent == parent.parent_path()) return true;
  }
}

Status run_program(const Program& program) {
  auto child = launch(program, /*own_session=*/false);
  if (!child) return std::move(child).error();
  int status = 0;
  while (waitpid(*child, &status, 0) < 0) {
    if (errno != EINTR) return events::errno_error("waitpid", errno);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return failure_of(program);
}

Result<pid_t> start_program(const Program& program) {
  return launch(program, /*own_session=*/true);
}

Status still_runs(const Program& program, pid_t pid) {
  if (waitpid(pid, nullptr, WNOHANG) == 0) return {};
  return failure_of(program);
}

}  // namespace ntt::projector
