// Signal handlers that only set a flag.

#include "tools/ntt/signals.h"

#include <signal.h>

namespace ntt::tools {

namespace {

std::atomic<bool> stop_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int number) {
  if (!stop_asked.exchange(true)) return;
  signal(number, SIG_DFL);
  raise(number);
}

}  // namespace

const std::atomic<bool>& stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A reader that goes away (`ntt log | head`) shows as a failed stream; a child that dies, as a
  // failed write.
  signal(SIGPIPE, SIG_IGN);
  return stop_asked;
}

void end_on_signals() {
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  // One that came before.
  if (stop_asked) raise(SIGTERM);
}

}  // namespace ntt::tools
