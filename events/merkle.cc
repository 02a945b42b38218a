// RFC 6962 hashing and the frontier of a growing tree.

#include "events/merkle.h"

#include "events/hash.h"

namespace ntt::events {

Sha256Digest merkle_leaf_hash(std::string_view leaf) {
  thread_local Sha256 hasher;
  hasher.update(std::string_view("\x00", 1));
  hasher.update(leaf);
  return hasher.finish();
}

Sha256Digest merkle_node_hash(const Sha256Digest& left, const Sha256Digest& right) {
  thread_local Sha256 hasher;
  hasher.update(std::string_view("\x01", 1));
  hasher.update(left.view());
  hasher.update(right.view());
  return hasher.finish();
}

Sha256Digest merkle_empty_root() {
  return Sha256::of({});
}

Result<MerkleFrontier> MerkleFrontier::load(
    std::uint64_t size,
    const std::function<Result<Sha256Digest>(unsigned level, std::uint64_t index)>& node) {
  MerkleFrontier out;
  out.size_ = size;
  for (unsigned level = 64; level-- > 0;) {
    if (((size >> level) & 1U) == 0) continue;
    auto hash = node(level, (size >> level) - 1);
    if (!hash) return std::move(hash).error();
    out.peaks_.push_back(*hash);
  }
  return out;
}

void MerkleFrontier::append(const Sha256Digest& leaf_hash,
                            const std::function<void(const MerkleNode&)>& node) {
  Sha256Digest hash = leaf_hash;
  unsigned level = 0;
  node({level, size_, hash});
  for (; ((size_ >> level) & 1U) != 0; ++level) {
    hash = merkle_node_hash(peaks_.back(), hash);
    peaks_.pop_back();
    node({level + 1, size_ >> (level + 1), hash});
  }
  peaks_.push_back(hash);
  size_ += 1;
}

Sha256Digest MerkleFrontier::root() const {
  if (peaks_.empty()) return merkle_empty_root();
  Sha256Digest root = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) root = merkle_node_hash(peaks_[i], root);
  return root;
}

}  // namespace ntt::events
