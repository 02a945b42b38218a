// SIGINT and SIGTERM: the first one asks the work to stop, the second one ends the process.

#pragma once

#include <atomic>

namespace ntt::tools {

// Installs the handlers. The flag becomes true with the first signal.
const std::atomic<bool>& stop_on_signals();

// Takes them away again: the first signal ends the process. For work that only reads, or that is
// one transaction, of which nothing stays.
void end_on_signals();

}  // namespace ntt::tools
