// Putting one event into a write batch: its record, attachment, index keys and tree nodes.
//
// Only the rocks_*.cc files include this header.

#pragma once

#include <string_view>

#include "events/rocks_store.h"

namespace ntt::events {

// Returns the event's leaf hash. `record.envelope` is the encoded `envelope`; the frontier takes
// the leaf in. The head is the caller's to write.
Sha256Digest put_event(const RocksStore& store, rocksdb::WriteBatch& batch,
                       MerkleFrontier& frontier, const Envelope& envelope, const Record& record,
                       std::string_view attachment);

}  // namespace ntt::events
