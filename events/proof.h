// Proofs of RFC 6962: that a leaf is in a tree, and that one tree is the beginning of another.
//
// Making one takes O(log n) stored nodes. Checking one takes nothing but its arguments: no log, no
// files. A size and its root belong together and come from one trusted place (checkpoint_note.h);
// the checks say nothing of a size that is paired with another size's root.
//
// Format: see PROOFS.md.

#pragma once

#include <functional>
#include <vector>

#include "events/log.h"

namespace ntt::events {

using MerklePath = std::vector<Sha256Digest>;

// Where the hashes of perfect subtrees come from (merkle.h names them). May fail.
using MerkleNodeReader = std::function<Result<Sha256Digest>(unsigned level, std::uint64_t index)>;

// The nodes of a log, which must outlive it.
MerkleNodeReader nodes_of(const Log& log);

// The audit path of leaf `index` in the tree over the first `size` leaves (section 2.1.1).
// Errc::invalid unless index < size.
Result<MerklePath> inclusion_path(const MerkleNodeReader& node, std::uint64_t index,
                                  std::uint64_t size);

// The proof that the first `from` leaves of the tree over `to` leaves are as they were when there
// were no more (section 2.1.2). Nothing is needed, and the path is empty, when from is 0 or equals
// `to`. Errc::invalid unless from <= to.
Result<MerklePath> consistency_path(const MerkleNodeReader& node, std::uint64_t from,
                                    std::uint64_t to);

// Whether the path leads from the leaf to the root (RFC 9162 section 2.1.3.2).
bool is_included(const Sha256Digest& leaf_hash, std::uint64_t index, std::uint64_t size,
                 const MerklePath& path, const Sha256Digest& root);

// Whether the path shows that the first tree is the beginning of the second (RFC 9162 section
// 2.1.4.2). The RFC leaves an empty first tree open: it begins every tree, if its root is the
// empty tree's.
bool is_consistent(std::uint64_t from, std::uint64_t to, const MerklePath& path,
                   const Sha256Digest& from_root, const Sha256Digest& to_root);

}  // namespace ntt::events
