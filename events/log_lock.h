// LogLock: at most one process writes a log. The lock file says who that is.
//
// An flock(2) lock, so it ends with its holder however that ends. Not thread-safe.

#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "events/result.h"

namespace ntt::events {

class LogLock {
 public:
  // Waits up to `wait`. Errc::unavailable names the holder: pid, user, host, command, since when.
  static Result<LogLock> acquire(const std::filesystem::path& path, std::chrono::milliseconds wait);
  // Who holds the lock now, in words; empty: nobody. Takes nothing away from a writer who comes.
  static std::string holder(const std::filesystem::path& path);
  ~LogLock();
  LogLock(LogLock&& other) noexcept;
  LogLock& operator=(LogLock&&) = delete;
  LogLock(const LogLock&) = delete;
  LogLock& operator=(const LogLock&) = delete;

 private:
  explicit LogLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace ntt::events
