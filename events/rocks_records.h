// StoredRecords: the records of a RocksStore, read by their numbers.
//
// Only the rocks_*.cc files include this header.

#pragma once

#include <memory>
#include <vector>

#include "events/rocks_store.h"

namespace ntt::events {

// Keeps the pack that it read last: reading in order unpacks each once. Sees the store as it was
// when this was made. Not thread-safe; `store` must outlive it.
class StoredRecords {
 public:
  explicit StoredRecords(const RocksStore& store);

  // Errc::not_found beyond the end, corruption.
  Result<Record> record(Sequence seq);
  // The same, taken apart.
  Result<Event> event(Sequence seq);
  // The number of the last record, 0 if there is none.
  Result<Sequence> last();

 private:
  Status go_to(Sequence seq);

  std::unique_ptr<rocksdb::Iterator> it_;
  Sequence first_;  // of the pack; 0: none was read
  std::vector<Record> pack_;
};

}  // namespace ntt::events
