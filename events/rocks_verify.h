// Verifying a RocksStore from its stored bytes alone.

#pragma once

#include "events/head_file.h"
#include "events/rocks_store.h"

namespace ntt::events {

// See Log::verify. `witness` is what the head file says, if it says anything.
Result<VerifyReport> verify_store(
    const RocksStore& store, const std::optional<Witness>& witness,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress);

}  // namespace ntt::events
