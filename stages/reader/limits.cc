// Sets resource limits and the watch on the parent.

#include "stages/reader/limits.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <new>

namespace ntt::reader {

namespace {

constexpr int kExitOutOfMemory = 12;
constexpr rlim_t kOpenFilesMax = 16;
constexpr int kParentCheckSeconds = 5;

pid_t parent_at_start = 0;  // only the signal handler below reads it

void set_limit(int resource, rlim_t value) {
  const rlimit limit{value, value};
  setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

void end_without_parent(int /*signal*/) {
  if (getppid() != parent_at_start) _exit(0);
}

// A reader that loops inside a library would outlive a parent that was killed.
void watch_parent() {
  parent_at_start = getppid();
  struct sigaction action {};
  action.sa_handler = end_without_parent;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  const itimerval every{{kParentCheckSeconds, 0}, {kParentCheckSeconds, 0}};
  setitimer(ITIMER_REAL, &every, nullptr);
}

}  // namespace

void limit_this_process(std::uint64_t memory_bytes, std::uint64_t cpu_seconds) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  set_limit(RLIMIT_CORE, 0);
  set_limit(RLIMIT_FSIZE, 0);
  set_limit(RLIMIT_NOFILE, kOpenFilesMax);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  if (memory_bytes != 0) set_limit(RLIMIT_AS, memory_bytes);  // sanitizers reserve terabytes
#else
  static_cast<void>(memory_bytes);
#endif
  if (cpu_seconds != 0) set_limit(RLIMIT_CPU, cpu_seconds);
  std::set_new_handler([] { _exit(kExitOutOfMemory); });
  tzset();
  watch_parent();
}

}  // namespace ntt::reader
