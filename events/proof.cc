// Paths by the recursion of RFC 6962, checks by the loops of RFC 9162.

#include "events/proof.h"

#include <algorithm>
#include <bit>

#include "events/merkle.h"

namespace ntt::events {

namespace {

// The leaves [start, start + count) of a tree. Every range that the recursion of the RFC makes
// begins at a multiple of the largest power of two that fits into it.
struct Range {
  std::uint64_t start = 0;
  std::uint64_t count = 0;

  // Where the RFC splits it: the largest power of two below its size. Needs count >= 2.
  [[nodiscard]] std::uint64_t split() const { return std::bit_floor(count - 1); }
  [[nodiscard]] Range left() const { return {start, split()}; }
  [[nodiscard]] Range right() const { return {start + split(), count - split()}; }
};

// MTH of a range, not empty: one stored node for each bit of its size, joined from the right. Only
// a range at the tree's right edge has more than one bit, and a path meets one such range at most.
Result<Sha256Digest> hash_of(const MerkleNodeReader& node, Range range) {
  std::vector<Sha256Digest> peaks;
  while (range.count != 0) {
    const std::uint64_t size = std::bit_floor(range.count);
    const auto level = static_cast<unsigned>(std::countr_zero(size));
    auto hash = node(level, range.start >> level);
    if (!hash) return hash;
    peaks.push_back(*hash);
    range = {range.start + size, range.count - size};
  }
  Sha256Digest hash = peaks.back();
  for (std::size_t i = peaks.size() - 1; i-- > 0;) hash = merkle_node_hash(peaks[i], hash);
  return hash;
}

Error wrong_range(std::uint64_t part, std::uint64_t whole) {
  return {Errc::invalid, "there is no proof of " + std::to_string(part) + " in a tree of " +
                             std::to_string(whole) + " events"};
}

// One level up, for a node and for the last one of its level.
void climb(std::uint64_t& a, std::uint64_t& b) {
  a >>= 1U;
  b >>= 1U;
}

}  // namespace

MerkleNodeReader nodes_of(const Log& log) {
  return [&log](unsigned level, std::uint64_t index) { return log.tree_node(level, index); };
}

Result<MerklePath> inclusion_path(const MerkleNodeReader& node, std::uint64_t index,
                                  std::uint64_t size) {
  if (index >= size) return wrong_range(index + 1, size);
  MerklePath path;
  for (Range range{0, size}; range.count > 1;) {
    const bool is_left = index - range.start < range.split();
    auto sibling = hash_of(node, is_left ? range.right() : range.left());
    if (!sibling) return std::move(sibling).error();
    path.push_back(*sibling);
    range = is_left ? range.left() : range.right();
  }
  std::reverse(path.begin(), path.end());  // the RFC lists them from the leaf up
  return path;
}

Result<MerklePath> consistency_path(const MerkleNodeReader& node, std::uint64_t from,
                                    std::uint64_t to) {
  if (from > to) return wrong_range(from, to);
  MerklePath path;
  if (from == 0 || from == to) return path;
  Range range{0, to};
  bool is_whole = true;  // SUBPROOF's b: the first tree is a subtree that its verifier knows
  while (from - range.start != range.count) {
    const bool is_left = from - range.start <= range.split();
    auto other = hash_of(node, is_left ? range.right() : range.left());
    if (!other) return std::move(other).error();
    path.push_back(*other);
    range = is_left ? range.left() : range.right();
    if (!is_left) is_whole = false;
  }
  if (!is_whole) {
    auto last = hash_of(node, range);
    if (!last) return std::move(last).error();
    path.push_back(*last);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

bool is_included(const Sha256Digest& leaf_hash, std::uint64_t index, std::uint64_t size,
                 const MerklePath& path, const Sha256Digest& root) {
  if (index >= size) return false;
  std::uint64_t fn = index;
  std::uint64_t sn = size - 1;
  Sha256Digest hash = leaf_hash;
  for (const Sha256Digest& step : path) {
    if (sn == 0) return false;
    if ((fn & 1U) != 0 || fn == sn) {
      hash = merkle_node_hash(step, hash);
      while ((fn & 1U) == 0 && fn != 0) climb(fn, sn);
    } else {
      hash = merkle_node_hash(hash, step);
    }
    climb(fn, sn);
  }
  return sn == 0 && hash == root;
}

bool is_consistent(std::uint64_t from, std::uint64_t to, const MerklePath& path,
                   const Sha256Digest& from_root, const Sha256Digest& to_root) {
  if (from > to) return false;
  if (from == to) return path.empty() && from_root == to_root;
  if (from == 0) return path.empty() && from_root == merkle_empty_root();
  MerklePath steps;
  if (std::has_single_bit(from)) steps.push_back(from_root);
  steps.insert(steps.end(), path.begin(), path.end());
  if (path.empty()) return false;
  std::uint64_t fn = from - 1;
  std::uint64_t sn = to - 1;
  while ((fn & 1U) != 0) climb(fn, sn);
  Sha256Digest first = steps.front();
  Sha256Digest second = steps.front();
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (sn == 0) return false;
    if ((fn & 1U) != 0 || fn == sn) {
      first = merkle_node_hash(steps[i], first);
      second = merkle_node_hash(steps[i], second);
      while ((fn & 1U) == 0 && fn != 0) climb(fn, sn);
    } else {
      second = merkle_node_hash(second, steps[i]);
    }
    climb(fn, sn);
  }
  return sn == 0 && first == from_root && second == to_root;
}

}  // namespace ntt::events
