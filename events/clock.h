// Clock is where time enters the program; everything below main() is handed one.

#pragma once

#include "events/types.h"

namespace ntt::events {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() = 0;
};

// The machine's UTC clock. Any thread.
class SystemClock final : public Clock {
 public:
  Timestamp now() override;
};

}  // namespace ntt::events
