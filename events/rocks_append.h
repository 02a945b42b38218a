// AppendBatch: the events that one synced write adds to a RocksStore, as keys and values.
//
// Only the rocks_*.cc files include this header. What FORMAT.md lets lie under one key is gathered
// here: records in packs, index entries in posting lists, nodes of the tree in spans. An append of
// a thousand events writes some hundred keys beside their ids.

#pragma once

#include <future>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "events/posting_list.h"
#include "events/rocks_store.h"

namespace ntt::events {

// Not thread-safe. `store` must outlive it.
class AppendBatch {
 public:
  explicit AppendBatch(const RocksStore& store) : store_(store) {}

  // Adds the event after the one before. `record.envelope` is the encoded `envelope`. Returns its
  // leaf hash, which `frontier` takes in.
  Sha256Digest add(const Envelope& envelope, const RecordView& record, std::string_view attachment,
                   MerkleFrontier& frontier);

  // The whole, with `head`; nothing can be added to it. It is part of this.
  rocksdb::WriteBatch& finish(const Head& head);

  // Of the records and attachments so far.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Pack {
    Sequence first;
    std::size_t count = 0;
    std::string bytes;
  };
  struct Span {
    std::uint64_t first = 0;
    std::string hashes;
  };
  struct TermHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view term) const {
      return std::hash<std::string_view>()(term);
    }
  };
  using OpenLists = std::unordered_map<std::string, PostingWriter, TermHash, std::equal_to<>>;

  void add_postings(Family family, const Envelope& envelope);
  void add_node(const MerkleNode& node);
  void close_pack();
  void put_packs(const std::vector<Pack>& packs);
  static std::vector<Pack> compressed(std::vector<Pack> packs);
  void put_span(std::size_t level);
  void put_list(Family family, std::string_view term, const PostingWriter& list);
  void put_times();

  const RocksStore& store_;
  rocksdb::WriteBatch batch_;
  Pack pack_;                                   // takes records
  std::vector<Pack> waiting_;                   // full, to be compressed
  std::future<std::vector<Pack>> compressing_;  // beside what goes on here
  std::size_t bytes_ = 0;
  std::vector<Span> spans_;  // by level
  std::map<Family, OpenLists> lists_;
  std::vector<TimedEvent> times_;
  std::vector<std::pair<EventId, Sequence>> ids_;
};

}  // namespace ntt::events
