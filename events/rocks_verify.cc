// One pass over all events: records, digests, tree, indexes, and what witnesses say.

#include "events/rocks_verify.h"

#include <algorithm>

namespace ntt::events {

namespace {

constexpr std::uint64_t kProgressEvery = 4096;

// Walks the log from 1. The first thing that is wrong ends the walk.
class Verifier {
 public:
  Verifier(const RocksStore& store, const std::optional<Witness>& witness)
      : store_(store), witness_(witness) {}

  Result<VerifyReport> run(const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    auto head = store_.head();
    if (!head) return bad({1}, "the stored head cannot be read: " + head.error().message);
    report_.head = *head;
    report_.witnessed = witness_.has_value();
    const std::uint64_t total = head->seq.value;

    auto it = store_.iterate(Family::events);
    Sequence expected{1};
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      const Sequence seq = sequence_at_end_of(it->key().ToStringView());
      if (it->key().size() != 8 || seq != expected) {
        return bad(std::min(seq, expected), "expected event " + std::to_string(expected.value) +
                                                ", found " + std::to_string(seq.value));
      }
      if (std::string problem = check_event(seq, it->value().ToStringView()); !problem.empty()) {
        return bad(seq, std::move(problem));
      }
      if (auto early = check_witness_at(seq)) return *early;
      report_.checked += 1;
      expected = expected.next();
      if (progress && report_.checked % kProgressEvery == 0) progress(report_.checked, total);
    }
    if (!it->status().ok()) return bad(expected, it->status().ToString());
    if (progress) progress(report_.checked, total);
    return check_end(expected);
  }

 private:
  Result<VerifyReport> bad(Sequence seq, std::string problem) {
    report_.first_bad = seq;
    report_.problem = std::move(problem);
    return report_;
  }

  // What is wrong with this event, "" if nothing is.
  std::string check_event(Sequence seq, std::string_view bytes) {
    auto record = decode_record(bytes);
    if (!record) return record.error().message;
    const Sha256Digest leaf = merkle_leaf_hash(record->envelope);
    if (std::string problem = check_tree(leaf); !problem.empty()) return problem;
    last_hash_ = leaf;
    const Sha256Digest data_digest = salted_digest(record->data_salt, record->data);
    const Salt attachment_salt = record->attachment_salt;
    auto event = event_from_record(seq, std::move(*record));
    if (!event) return event.error().message;
    if (data_digest != event->data_digest) return "the payload is not what was appended";
    if (std::string problem = check_attachment(*event, attachment_salt); !problem.empty()) {
      return problem;
    }
    if (event->recorded_at < last_recorded_) return "recorded before the event in front of it";
    last_recorded_ = event->recorded_at;
    return check_indexes(*event);
  }

  std::string check_tree(const Sha256Digest& leaf) {
    std::string problem;
    frontier_.append(leaf, [&](const MerkleNode& node) {
      tree_nodes_ += 1;
      const auto stored = store_.tree_node(node.level, node.index);
      if (!stored) {
        problem = stored.error().message;
      } else if (*stored != node.hash) {
        problem = "the envelope does not fit the stored tree";
      }
    });
    return problem;
  }

  std::string check_attachment(const Event& event, const Salt& salt) {
    if (!event.has_attachment()) {
      return salt == Salt{} ? "" : "there is a salt for an attachment that does not exist";
    }
    attachments_ += 1;
    const auto stored = store_.attachment(event.seq);
    if (!stored) return stored.error().message;
    const bool same = stored->size() == event.attachment_bytes &&
                      salted_digest(salt, *stored) == event.attachment_digest;
    return same ? "" : "the attachment is not what was appended";
  }

  std::string check_indexes(const Event& event) {
    for (const Family family : kIndexFamilies) {
      const auto stored = store_.get(family, index_key(family, event));
      if (!stored) return stored.error().message;
      if (!*stored) return "an index does not have the event";
      if (**stored != index_value(family, event))
        return "an index says something else of the event";
    }
    return "";
  }

  // The head file's event must be the one that the log has at that position.
  std::optional<VerifyReport> check_witness_at(Sequence seq) {
    if (!witness_ || witness_->head.seq != seq) return std::nullopt;
    if (witness_->head.envelope_hash == last_hash_ && witness_->head.root == frontier_.root()) {
      return std::nullopt;
    }
    return *bad(seq, "the log differs from what its head file saw: it was replaced or rewritten");
  }

  Result<VerifyReport> check_end(Sequence next) {
    const Head& head = report_.head;
    if (head.seq.next() != next || head.root != frontier_.root() ||
        head.envelope_hash != last_hash_) {
      return bad(std::min(next, head.seq.next()),
                 "the events do not end where the stored head says");
    }
    if (witness_ && witness_->head.seq > head.seq) {
      return bad(next, "the log ends before event " + std::to_string(witness_->head.seq.value) +
                           ", which its head file saw: it was cut short");
    }
    return check_counts();
  }

  // Every index has been found to hold every event; equal counts mean that it holds nothing else.
  Result<VerifyReport> check_counts() {
    const auto count = [&](Family family) {
      std::uint64_t keys = 0;
      auto it = store_.iterate(family);
      for (it->SeekToFirst(); it->Valid(); it->Next()) ++keys;
      return it->status().ok() ? keys : UINT64_MAX;
    };
    const Sequence end = report_.head.seq.next();
    for (const Family family : kIndexFamilies) {
      if (count(family) != report_.checked) return bad(end, "an index holds what the log does not");
    }
    if (count(Family::attachments) != attachments_) return bad(end, "an attachment has no event");
    if (count(Family::tree) != tree_nodes_) return bad(end, "the tree has nodes without events");
    return report_;
  }

  const RocksStore& store_;
  const std::optional<Witness>& witness_;
  VerifyReport report_;
  MerkleFrontier frontier_;
  Sha256Digest last_hash_;
  Timestamp last_recorded_{INT64_MIN};
  std::uint64_t attachments_ = 0;
  std::uint64_t tree_nodes_ = 0;
};

}  // namespace

Result<VerifyReport> verify_store(
    const RocksStore& store, const std::optional<Witness>& witness,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress) {
  return Verifier(store, witness).run(progress);
}

}  // namespace ntt::events
