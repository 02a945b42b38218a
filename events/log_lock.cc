// The writer's lock on a log.

#include "events/log_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "events/bytes.h"
#include "events/clock.h"
#include "events/emitter.h"

namespace ntt::events {

namespace {

constexpr std::chrono::milliseconds kPollInterval{20};
constexpr std::size_t kCommandBytesMax = 200;

std::string command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  while (!text.empty() && text.back() == '\0') text.pop_back();
  std::replace(text.begin(), text.end(), '\0', ' ');
  return escape_bytes(text.substr(0, kCommandBytesMax));
}

std::string describe_this_process() {
  const Actor actor = this_actor();
  return "process " + std::to_string(getpid()) + " of " + actor.user + " on " + actor.host +
         " since " + to_rfc3339(SystemClock().now()) + ": " + command_line() + "\n";
}

std::string holder_of(int fd) {
  char buffer[1024];
  const ssize_t size = ::pread(fd, buffer, sizeof buffer, 0);
  std::string text(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
  if (const auto end = text.find('\n'); end != std::string::npos) text.resize(end);
  return text.empty() ? "another process that has not said its name yet" : text;
}

}  // namespace

Result<LogLock> LogLock::acquire(const std::filesystem::path& path,
                                 std::chrono::milliseconds wait) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return errno_error("open " + path.string(), errno);
  LogLock lock(fd);
  const auto deadline = std::chrono::steady_clock::now() + wait;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return errno_error("lock " + path.string(), errno);
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return Error{Errc::unavailable, "the log is held by " + holder_of(fd) + " (waited " +
                                          std::to_string(wait.count()) +
                                          " ms; wait for it, or give more time with --lock-wait)"};
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  const std::string text = describe_this_process();
  if (::ftruncate(fd, 0) != 0 ||
      ::pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return errno_error("write " + path.string(), errno);
  }
  return lock;
}

std::string LogLock::holder(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  const LogLock lock(fd);
  return ::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK ? holder_of(fd) : "";
}

LogLock::~LogLock() {
  if (fd_ >= 0) ::close(fd_);
}

LogLock::LogLock(LogLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

}  // namespace ntt::events
