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

// Runs a program and waits for it; its output is appended to `output`. It gets no open file of ours
// and the locale C. Errc::io when it cannot be run or fails; the message quotes the end of
// `output`.
events::Status run_program(const std::vector<std::string>& command, const std::optional<OsUser>& as,
                           const std::filesystem::path& output);

}  // namespace ntt::projector
