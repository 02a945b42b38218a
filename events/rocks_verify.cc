// One pass over all events: records, digests, tree, indexes, and what witnesses say.

#include "events/rocks_verify.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "events/limits.h"
#include "events/record_pack.h"

namespace ntt::events {

namespace {

constexpr std::uint64_t kProgressEvery = 4096;

constexpr const char* kNotInIndex = "an index does not have the event";
constexpr const char* kOtherInIndex = "an index says something else of the event";

// Over all keys of a family, what `weigh` gives for their values; UINT64_MAX: it cannot be read.
std::uint64_t sum_of(const RocksStore& store, Family family,
                     const std::function<std::uint64_t(std::string_view value)>& weigh) {
  std::uint64_t sum = 0;
  auto it = store.iterate(family);
  for (it->SeekToFirst(); it->Valid(); it->Next()) sum += weigh(it->value().ToStringView());
  return it->status().ok() ? sum : UINT64_MAX;
}

// Looks events up in a family of posting lists, in the order of the log.
class PostingCheck {
 public:
  PostingCheck(const RocksStore& store, Family family)
      : store_(&store), family_(family), it_(store.iterate(family)) {}

  std::string fault_of(const Event& event) {
    const std::string prefix = posting_prefix(family_, posting_term(family_, event));
    if (lists_.size() > kListsMax) lists_.clear();
    PostingList& list = lists_[prefix];
    if (list.events.empty() || list.events.back() < event.seq) {
      auto read = read_list(prefix, event.seq);
      if (!read) return read.error().message;
      list = std::move(*read);
    }
    if (!std::binary_search(list.events.begin(), list.events.end(), event.seq)) return kNotInIndex;
    return list.label == posting_label(family_, event) ? "" : kOtherInIndex;
  }

  [[nodiscard]] std::uint64_t count() const {
    return sum_of(*store_, family_, [](std::string_view value) -> std::uint64_t {
      const auto list = decode_postings({}, value);
      return list ? list->events.size() : UINT64_MAX;
    });
  }

 private:
  static constexpr std::size_t kListsMax = 4096;  // of up to 8 KB each

  // The last list that begins at or before `seq`.
  Result<PostingList> read_list(const std::string& prefix, Sequence seq) {
    it_->SeekForPrev(prefix + sequence_key(seq));
    if (!it_->status().ok()) return to_error(it_->status(), "read an index");
    if (!it_->Valid() || !it_->key().ToStringView().starts_with(prefix)) return PostingList{};
    return decode_postings(sequence_at_end_of(it_->key().ToStringView()),
                           it_->value().ToStringView());
  }

  const RocksStore* store_;
  Family family_;
  std::unique_ptr<rocksdb::Iterator> it_;
  std::unordered_map<std::string, PostingList> lists_;  // by prefix, the last one read
};

// Looks events up in the index of times.
class TimeCheck {
 public:
  explicit TimeCheck(const RocksStore& store)
      : store_(store), it_(store.iterate(Family::by_time)) {}

  std::string fault_of(const Event& event) {
    if (!read_.contains(event.seq.value)) {
      if (auto status = read_list_of({event.occurred_at, event.seq}); !status) {
        return status.error().message;
      }
    }
    const auto found = read_.find(event.seq.value);
    if (found == read_.end()) return kNotInIndex;
    const bool same = found->second == event.occurred_at;
    read_.erase(found);
    return same ? "" : kOtherInIndex;
  }

  [[nodiscard]] std::uint64_t count() const {
    return sum_of(store_, Family::by_time, [](std::string_view value) -> std::uint64_t {
      const auto list = decode_times({}, value);
      return list ? list->size() : UINT64_MAX;
    });
  }

 private:
  static constexpr std::size_t kReadMax = 4 * kAppendEventsMax;

  // Lists of several appends may lie over each other: the one sought is not always the last that
  // begins before the event.
  Status read_list_of(const TimedEvent& event) {
    if (read_.size() > kReadMax) read_.clear();
    for (it_->SeekForPrev(time_key(event.occurred_at, event.seq)); it_->Valid(); it_->Prev()) {
      const TimedEvent first = timed_event_of_key(it_->key().ToStringView());
      if (event.occurred_at.micros - first.occurred_at.micros > kTimeSpanMax) break;
      auto list = decode_times(first, it_->value().ToStringView());
      if (!list) return std::move(list).error();
      if (!std::binary_search(list->begin(), list->end(), event)) continue;
      for (const TimedEvent& read : *list) {
        if (read.seq >= event.seq) read_.emplace(read.seq.value, read.occurred_at);
      }
      break;
    }
    if (!it_->status().ok()) return to_error(it_->status(), "read an index");
    return {};
  }

  const RocksStore& store_;
  std::unique_ptr<rocksdb::Iterator> it_;
  std::unordered_map<std::uint64_t, Timestamp> read_;  // by number: read, and not asked for yet
};

// Walks the log from 1. The first thing that is wrong ends the walk.
class Verifier {
 public:
  Verifier(const RocksStore& store, const std::optional<Witness>& witness)
      : store_(store), witness_(witness), tree_(store.iterate(Family::tree)), times_(store) {
    for (const Family family : kPostingFamilies) postings_.emplace_back(store, family);
  }

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
      auto records = decode_pack(it->value().ToStringView());
      if (!records) return bad(seq, records.error().message);
      for (Record& record : *records) {
        if (std::string problem = check_event(expected, std::move(record)); !problem.empty()) {
          return bad(expected, std::move(problem));
        }
        if (auto early = check_witness_at(expected)) return *early;
        report_.checked += 1;
        expected = expected.next();
        if (progress && report_.checked % kProgressEvery == 0) progress(report_.checked, total);
      }
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
  std::string check_event(Sequence seq, Record record) {
    const Sha256Digest leaf = merkle_leaf_hash(record.envelope);
    if (std::string problem = check_tree(leaf); !problem.empty()) return problem;
    last_hash_ = leaf;
    const Sha256Digest data_digest = salted_digest(record.data_salt, record.data);
    const Salt attachment_salt = record.attachment_salt;
    auto event = event_from_record(seq, std::move(record));
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
      TreeSpan& span = spans_[node.level];
      if (!span.at(node.index)) {
        auto stored = tree_span_at(*tree_, node.level, node.index);
        if (!stored) {
          problem = stored.error().message;
          return;
        }
        span = std::move(*stored);
      }
      if (*span.at(node.index) != node.hash) problem = "the envelope does not fit the stored tree";
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
    for (PostingCheck& index : postings_) {
      if (std::string problem = index.fault_of(event); !problem.empty()) return problem;
    }
    if (std::string problem = times_.fault_of(event); !problem.empty()) return problem;
    const auto stored = store_.get(Family::ids, event.id.view());
    if (!stored) return stored.error().message;
    if (!*stored) return kNotInIndex;
    return sequence_at_end_of(**stored) == event.seq ? "" : kOtherInIndex;
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
    const Sequence end = report_.head.seq.next();
    for (const PostingCheck& index : postings_) {
      if (index.count() != report_.checked) return bad(end, "an index holds what the log does not");
    }
    const auto one = [](std::string_view) { return std::uint64_t{1}; };
    if (times_.count() != report_.checked || sum_of(store_, Family::ids, one) != report_.checked) {
      return bad(end, "an index holds what the log does not");
    }
    if (sum_of(store_, Family::attachments, one) != attachments_) {
      return bad(end, "an attachment has no event");
    }
    const auto nodes = [](std::string_view hashes) { return hashes.size() / Sha256Digest::kSize; };
    if (sum_of(store_, Family::tree, nodes) != tree_nodes_) {
      return bad(end, "the tree has nodes without events");
    }
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
  std::unique_ptr<rocksdb::Iterator> tree_;
  std::map<unsigned, TreeSpan> spans_;  // by level, the last one read
  std::vector<PostingCheck> postings_;
  TimeCheck times_;
};

}  // namespace

Result<VerifyReport> verify_store(
    const RocksStore& store, const std::optional<Witness>& witness,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress) {
  return Verifier(store, witness).run(progress);
}

}  // namespace ntt::events
