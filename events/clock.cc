// The machine's clock.

#include "events/clock.h"

#include <chrono>

namespace ntt::events {

Timestamp SystemClock::now() {
  return {std::chrono::duration_cast<std::chrono::microseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

}  // namespace ntt::events
