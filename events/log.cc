// The parts of Log that every implementation shares.

#include "events/log.h"

#include "events/envelope.h"
#include "events/merkle.h"

namespace ntt::events {

Result<Sequence> Log::append_one(const NewEvent& event, const AppendOptions& options) {
  auto stored = append({&event, 1}, options);
  if (!stored) return std::move(stored).error();
  return stored->front();
}

Result<Head> Log::head_at(Sequence seq) const {
  auto root = root_at(seq.value);
  if (!root) return std::move(root).error();
  if (!seq) return Head{{}, {}, *root};
  auto event = read(seq);
  if (!event) return std::move(event).error();
  auto envelope = encode_envelope(*event);
  if (!envelope) return std::move(envelope).error();
  return Head{seq, merkle_leaf_hash(*envelope), *root};
}

}  // namespace ntt::events
