// Running a program, as ourselves or (for root) as another user of the system.

#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "events/result.h"

namespace ntt::projector {

struct OsUser {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};

// Errc::not_found when the system has no such user.
events::Result<OsUser> os_user(const std::string& name);
events::Result<OsUser> os_user(uid_t uid);

// Whether `user` may pass through every directory above `directory`, judged by mode bits.
bool can_reach(const OsUser& user, const std::filesystem::path& directory);

// What to run: `command[0]` is a path. Its output is appended to `output`, which becomes its
// user's; it gets no open file of ours and the locale C.
struct Program {
  std::vector<std::string> command;
  std::optional<OsUser> as;  // else ourselves
  std::filesystem::path output;
};

// Runs a program and waits for it. Errc::io when it cannot be run or fails; the message quotes the
// end of its output.
events::Status run_program(const Program& program);

// Starts a program in a session of its own, which outlives us.
events::Result<pid_t> start_program(const Program& program);

// Errc::io, as run_program() says it, if a started program has ended.
events::Status still_runs(const Program& program, pid_t pid);

}  // namespace ntt::projector
