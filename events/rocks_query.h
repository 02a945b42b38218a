// Filtered reads of a RocksStore, each by the narrowest index there is.

#pragma once

#include "events/rocks_store.h"

namespace ntt::events {

// See Log::scan.
Status scan_store(const RocksStore& store, const Filter& filter,
                  const std::function<bool(const Event&)>& visit);

// See Log::media.
Result<std::vector<MediumId>> media_in_store(const RocksStore& store, const std::string& prefix);

// The last event of a medium's stream, 0 if it has none.
Result<Sequence> last_of_medium(const RocksStore& store, const MediumId& medium);

}  // namespace ntt::events
