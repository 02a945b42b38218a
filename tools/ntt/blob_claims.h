// Every blob that a range of the log names, as a stream of claims.

#pragma once

#include <functional>

#include "events/log.h"
#include "tools/ntt/blob_merge.h"

namespace ntt::tools {

// Calls `visit` with each copied or duplicate file of each copy_batch from `first` to `last`, in
// the order of the log, repeated ones too. A batch that an event up to `last` retracts gives claims
// that do not count. One that cannot be decoded is given to `unreadable`, unless it is retracted.
// Memory: a batch. Errors: the log's, or visit's.
events::Status visit_blob_claims(
    const events::Log& log, events::Sequence first, events::Sequence last,
    const std::function<events::Status(const BlobClaim&)>& visit,
    const std::function<void(const events::Event&, const events::Error&)>& unreadable);

}  // namespace ntt::tools
