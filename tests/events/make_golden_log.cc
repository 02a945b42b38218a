// Writes the newest golden log into a directory that does not exist yet, and its listing to
// standard output. Run once for a format, by hand; see tests/golden/README.md.

#include <cstdio>

#include "events/rocks_log.h"
#include "golden_log.h"

int main(int argc, char** argv) {
  using namespace ntt::events;  // NOLINT(google-build-using-namespace): a program of one function
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_golden_log DIRECTORY\n");
    return 2;
  }
  SystemClock clock;
  auto log = open_rocks_log({argv[1], std::chrono::milliseconds(0)}, clock);
  if (!log || !(*log)->append(golden_events_3(), {})) return 1;
  std::fputs(listing_of(**log).c_str(), stdout);
  return 0;
}
