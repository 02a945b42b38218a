// A library to preload: it kills its process, as a power cut would, at the n-th fdatasync(2).
//
// n is in NTT_TEST_KILL_AT_SYNC. The call does not happen: what it was to make durable may be lost.

#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

extern "C" int fdatasync(int fd) {
  static std::atomic<long> calls{0};
  static const char* const limit = std::getenv("NTT_TEST_KILL_AT_SYNC");
  static auto* const real = reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "fdatasync"));
  if (limit != nullptr && ++calls >= std::atol(limit)) kill(getpid(), SIGKILL);
  return real(fd);
}
