// Finding the batches that belong to one generation. Only read_generation uses this.

#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "events/generation.h"

namespace ntt::events {

// Where a batch lies and what its event says of it.
struct BatchRef {
  Sequence seq;
  Timestamp occurred_at;
  std::uint64_t count = 0;
  Blake3Digest digest;
};

struct EntryBatchRef : BatchRef {
  VolumeIndex volume;
  Ordinal first_ordinal;
};

// The batches that belong to a generation, each list in order of seq.
struct Batches {
  std::vector<EntryBatchRef> entries;
  std::vector<BatchRef> decisions;
  std::map<Sequence, std::vector<BatchRef>> copies;  // by attempt: the seq of its copy_start
};

// One pass over the events of the medium; batches that were retracted are left out.
Result<Batches> collect_batches(const Log& log, const GenerationRef& ref);

// Errc::corruption at one event.
Error corrupt_event(Sequence seq, std::string_view what);

}  // namespace ntt::events
