// BlobMerge joins what the log says is in the store with what is there. Pure.

#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>

#include "events/result.h"
#include "events/types.h"
#include "stages/store_walk.h"

namespace ntt::tools {

// That an event names a blob.
struct BlobClaim {
  events::BlobId id;
  std::uint64_t size = 0;  // bytes
  std::uint64_t seq = 0;   // the event
  bool retracted = false;  // it does not count
};

// Of the claims about one blob those that count come first, the earliest of them before the others.
struct ClaimBefore {
  bool operator()(const BlobClaim& a, const BlobClaim& b) const {
    const int order = std::memcmp(a.id.bytes.data(), b.id.bytes.data(), events::BlobId::kSize);
    if (order != 0) return order < 0;
    return a.retracted != b.retracted ? b.retracted : a.seq < b.seq;
  }
};

// All claims about one blob. It is named when its first one counts.
struct NamedBlob {
  BlobClaim first;
  std::optional<BlobClaim> other;  // the first one that counts and gives another size
};

class BlobMerge {
 public:
  // What is in the store, ids rising strictly; nothing behind the last one.
  using Next = std::function<events::Result<std::optional<stages::StoredBlob>>()>;
  // Called with ids rising strictly: for each blob that the log names, that is in the store, or
  // both; null stands for the side that lacks it. A blob of which no claim counts is not named: it
  // is visited, with the claim that is retracted, only when it is in the store.
  using Visit =
      std::function<events::Status(const NamedBlob* named, const stages::StoredBlob* stored)>;

  BlobMerge(Next next, Visit visit) : next_(std::move(next)), visit_(std::move(visit)) {}

  // Claims in the order of ClaimBefore; then finish(). Errors are those of `next` and `visit`.
  events::Status add(const BlobClaim& claim);
  events::Status finish();

 private:
  events::Status settle();
  events::Status advance();
  events::Status visit_stored_before(const events::BlobId* limit);

  Next next_;
  Visit visit_;
  bool begun_ = false;
  std::optional<stages::StoredBlob> stored_;  // not yet visited
  std::optional<NamedBlob> named_;            // not yet visited
};

}  // namespace ntt::tools
