// The Merkle tree of RFC 6962 section 2.1 over the events' envelopes, grown one leaf at a time.
//
// Every perfect subtree's hash is a *node*, named by its level (0: leaves) and its index on that
// level. Nodes never change once written, so the root of the first n leaves can be computed for
// every n.

#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "events/types.h"

namespace ntt::events {

Sha256Digest merkle_leaf_hash(std::string_view leaf);
Sha256Digest merkle_node_hash(const Sha256Digest& left, const Sha256Digest& right);
Sha256Digest merkle_empty_root();

struct MerkleNode {
  unsigned level = 0;
  std::uint64_t index = 0;
  Sha256Digest hash;
};

// The right edge of a growing tree: at most 64 hashes. A copyable value; not thread-safe.
class MerkleFrontier {
 public:
  MerkleFrontier() = default;

  // The frontier of the first `size` leaves, from stored nodes. `node` may fail.
  static Result<MerkleFrontier> load(
      std::uint64_t size,
      const std::function<Result<Sha256Digest>(unsigned level, std::uint64_t index)>& node);

  // Adds one leaf and hands every node that it completes, itself first, to `node`.
  void append(const Sha256Digest& leaf_hash, const std::function<void(const MerkleNode&)>& node);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Sha256Digest root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Sha256Digest>
      peaks_;  // perfect subtrees, largest first: one for each set bit of size_
};

}  // namespace ntt::events
