// The blob store against the log, in both directions.

#pragma once

#include <atomic>
#include <string>

#include "events/log.h"
#include "stages/stage.h"
#include "tools/ntt/discrepancy.h"

namespace ntt::tools {

struct StoreRequest {
  std::string store;                // the by-hash root
  std::string temporary_directory;  // for what does not fit in memory
  bool rehash = false;              // read every blob
};

struct StoreCounts {
  std::uint64_t named = 0;   // blobs that an event which counts names
  std::uint64_t stored = 0;  // files in the store that lie and are called like blobs
  std::uint64_t stored_bytes = 0;
  std::uint64_t rehashed = 0;
  std::uint64_t unexamined = 0;  // named, in directories that could not be listed
  events::Sequence last;         // of the log that it was compared with
};

// One walk over the store, in step with the sorted blobs of the log. Needs no lock and holds
// against a copy at work: what that has published and not yet recorded is in the lists of its
// session (stages/store_session.h) or in the log when it is asked once more, afterwards.
// Errors: not_found (no store, and the log names blobs), unavailable (cancelled), the log's, io.
events::Result<StoreCounts> reconcile_store(const events::Log& log, const StoreRequest& request,
                                            stages::Progress& progress,
                                            const std::atomic<bool>& cancelled,
                                            const TellDiscrepancy& tell);

}  // namespace ntt::tools
