// Gathering what may lie under one key, and putting it when it is full.

#include "events/rocks_append.h"

#include <algorithm>

#include "events/limits.h"
#include "events/record_pack.h"

namespace ntt::events {

namespace {

constexpr std::size_t kPacksAtOnce = 16;  // worth a thread

}  // namespace

Sha256Digest AppendBatch::add(const Envelope& envelope, const RecordView& record,
                              std::string_view attachment, MerkleFrontier& frontier) {
  const std::size_t record_bytes =
      record.envelope.size() + record.data.size() + kRecordOverheadBytes;
  if (pack_.count == kPackRecordsMax || pack_.bytes.size() + record_bytes > kPackBytesMax) {
    close_pack();
  }
  if (pack_.count == 0) pack_.first = envelope.seq;
  append_record(pack_.bytes, record);
  bytes_ += record_bytes + attachment.size();
  pack_.count += 1;

  if (envelope.has_attachment()) {
    store_.put(batch_, Family::attachments, sequence_key(envelope.seq), attachment);
  }
  for (const Family family : kPostingFamilies) add_postings(family, envelope);
  times_.push_back({envelope.occurred_at, envelope.seq});
  ids_.emplace_back(envelope.id, envelope.seq);

  const Sha256Digest leaf = merkle_leaf_hash(record.envelope);
  frontier.append(leaf, [this](const MerkleNode& node) { add_node(node); });
  return leaf;
}

rocksdb::WriteBatch& AppendBatch::finish(const Head& head) {
  close_pack();
  for (std::size_t level = 0; level < spans_.size(); ++level) put_span(level);
  for (const auto& [family, lists] : lists_) {
    for (const auto& [term, list] : lists) put_list(family, term, list);
  }
  put_times();
  // RocksDB finds the place of a key sooner from that of the key before.
  std::sort(ids_.begin(), ids_.end());
  for (const auto& [id, seq] : ids_) {
    store_.put(batch_, Family::ids, id.view(), sequence_key(seq));
  }
  put_packs(compressed(std::exchange(waiting_, {})));
  if (compressing_.valid()) put_packs(compressing_.get());
  store_.put(batch_, Family::meta, "head", encode_head(head));
  return batch_;
}

// A list goes on while the events of its medium, type or run have the same label.
void AppendBatch::add_postings(Family family, const Envelope& envelope) {
  const std::string_view term = posting_term(family, envelope);
  const std::string_view label = posting_label(family, envelope);
  OpenLists& lists = lists_[family];
  const auto found = lists.find(term);
  if (found == lists.end()) {
    lists.emplace(term, PostingWriter(envelope.seq, label));
    return;
  }
  PostingWriter& list = found->second;
  if (list.label() == label && list.count() < kPostingsMax) {
    list.add(envelope.seq);
    return;
  }
  put_list(family, term, list);
  list = PostingWriter(envelope.seq, label);
}

void AppendBatch::add_node(const MerkleNode& node) {
  if (spans_.size() <= node.level) spans_.resize(node.level + 1);
  Span& span = spans_[node.level];
  if (span.hashes.empty()) span.first = node.index;
  span.hashes += node.hash.view();
  if (span.hashes.size() == kTreeSpanMax * Sha256Digest::kSize) put_span(node.level);
}

void AppendBatch::close_pack() {
  if (pack_.count == 0) return;
  waiting_.push_back(std::exchange(pack_, {}));
  if (waiting_.size() < kPacksAtOnce) return;
  if (compressing_.valid()) put_packs(compressing_.get());
  compressing_ = std::async(std::launch::async, compressed, std::exchange(waiting_, {}));
}

void AppendBatch::put_packs(const std::vector<Pack>& packs) {
  for (const Pack& pack : packs) {
    store_.put(batch_, Family::events, sequence_key(pack.first), pack.bytes);
  }
}

std::vector<AppendBatch::Pack> AppendBatch::compressed(std::vector<Pack> packs) {
  for (Pack& pack : packs) pack.bytes = encode_pack(pack.count, pack.bytes);
  return packs;
}

void AppendBatch::put_span(std::size_t level) {
  Span& span = spans_[level];
  if (span.hashes.empty()) return;
  store_.put(batch_, Family::tree, tree_key(static_cast<unsigned>(level), span.first), span.hashes);
  span.hashes.clear();
}

void AppendBatch::put_list(Family family, std::string_view term, const PostingWriter& list) {
  store_.put(batch_, family, posting_prefix(family, term) + sequence_key(list.first()),
             list.value());
}

void AppendBatch::put_times() {
  std::sort(times_.begin(), times_.end());
  for (auto begin = times_.begin(); begin != times_.end();) {
    const Timestamp last{begin->occurred_at.micros + kTimeSpanMax};
    auto end = begin;
    while (end != times_.end() && end->occurred_at <= last &&
           end - begin < static_cast<std::ptrdiff_t>(kPostingsMax)) {
      ++end;
    }
    store_.put(batch_, Family::by_time, time_key(begin->occurred_at, begin->seq),
               encode_times({begin, end}));
    begin = end;
  }
}

}  // namespace ntt::events
