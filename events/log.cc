// The parts of Log that every implementation shares.

#include "events/log.h"

namespace ntt::events {

Result<Sequence> Log::append_one(const NewEvent& event, const AppendOptions& options) {
  auto stored = append({&event, 1}, options);
  if (!stored) return std::move(stored).error();
  return stored->front();
}

}  // namespace ntt::events
