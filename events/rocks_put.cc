// The keys and values of one event, as FORMAT.md has them.

#include "events/rocks_put.h"

namespace ntt::events {

Sha256Digest put_event(const RocksStore& store, rocksdb::WriteBatch& batch,
                       MerkleFrontier& frontier, const Envelope& envelope, const Record& record,
                       std::string_view attachment) {
  store.put(batch, Family::events, sequence_key(envelope.seq), encode_record(record));
  if (envelope.has_attachment()) {
    store.put(batch, Family::attachments, sequence_key(envelope.seq), attachment);
  }
  for (const Family family : kIndexFamilies) {
    store.put(batch, family, index_key(family, envelope), index_value(family, envelope));
  }
  const Sha256Digest leaf = merkle_leaf_hash(record.envelope);
  frontier.append(leaf, [&](const MerkleNode& node) {
    store.put(batch, Family::tree, tree_key(node.level, node.index), node.hash.view());
  });
  return leaf;
}

}  // namespace ntt::events
