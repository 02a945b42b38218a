// Walking index keys with few seeks.

#include "events/rocks_positions.h"

#include <algorithm>

#include "events/posting_list.h"

namespace ntt::events {

namespace {

// The lists under a prefix follow each other: none begins before the one in front of it ends.
class PrefixPositions final : public Positions {
 public:
  PrefixPositions(std::unique_ptr<rocksdb::Iterator> it, std::string prefix,
                  LabelCondition is_wanted)
      : it_(std::move(it)), prefix_(std::move(prefix)), is_wanted_(std::move(is_wanted)) {}

  std::optional<Sequence> at_or_after(Sequence seq) override {
    // The next few keys are cheaper to step over than to seek past.
    constexpr int kStepsMax = 8;
    if (!is_begun_) seek(seq);
    for (int step = 0; is_before(seq) && step < kStepsMax; ++step) {
      it_->Next();
      look();
    }
    if (is_before(seq)) seek(seq);
    if (is_before(seq)) {  // it lies between two lists
      it_->Next();
      look();
    }
    if (list_.events.empty()) return std::nullopt;
    return *std::lower_bound(list_.events.begin(), list_.events.end(), seq);
  }
  [[nodiscard]] Status status() const override {
    return status_ ? iterator_status(*it_) : Status(status_.error());
  }

 private:
  [[nodiscard]] bool is_before(Sequence seq) const {
    return !list_.events.empty() && list_.events.back() < seq;
  }

  // To the list that has `seq`, or else one close to it.
  void seek(Sequence seq) {
    is_begun_ = true;
    it_->SeekForPrev(prefix_ + sequence_key(seq));
    if (!it_->Valid() || !it_->key().ToStringView().starts_with(prefix_)) {
      it_->Seek(prefix_ + sequence_key(seq));
    }
    look();
  }

  // Takes the wanted list that is here or the next one.
  void look() {
    for (list_.events.clear(); it_->Valid(); it_->Next()) {
      const std::string_view key = it_->key().ToStringView();
      if (!key.starts_with(prefix_)) return;
      const std::string_view value = it_->value().ToStringView();
      if (is_wanted_ && !is_wanted_(label_of(value))) continue;
      auto list = decode_postings(sequence_at_end_of(key), value);
      if (!list) {
        status_ = std::move(list).error();
        return;
      }
      list_ = std::move(*list);
      return;
    }
  }

  std::unique_ptr<rocksdb::Iterator> it_;
  std::string prefix_;
  LabelCondition is_wanted_;
  bool is_begun_ = false;
  PostingList list_;  // no events: at the end
  Status status_;
};

class AnyPositions final : public Positions {
 public:
  explicit AnyPositions(std::vector<std::unique_ptr<Positions>> parts) : parts_(std::move(parts)) {}

  std::optional<Sequence> at_or_after(Sequence seq) override {
    std::optional<Sequence> lowest;
    for (const auto& part : parts_) {
      const auto at = part->at_or_after(seq);
      if (at && (!lowest || *at < *lowest)) lowest = at;
      if (!at && !part->status()) return std::nullopt;
    }
    return lowest;
  }
  [[nodiscard]] Status status() const override {
    for (const auto& part : parts_) {
      if (auto status = part->status(); !status) return status;
    }
    return {};
  }

 private:
  std::vector<std::unique_ptr<Positions>> parts_;
};

class ListedPositions final : public Positions {
 public:
  explicit ListedPositions(std::vector<Sequence> sorted) : sorted_(std::move(sorted)) {}

  std::optional<Sequence> at_or_after(Sequence seq) override {
    const auto begin = sorted_.begin() + static_cast<std::ptrdiff_t>(next_);
    const auto found = std::lower_bound(begin, sorted_.end(), seq);
    next_ = static_cast<std::size_t>(found - sorted_.begin());
    if (found == sorted_.end()) return std::nullopt;
    return *found;
  }
  [[nodiscard]] Status status() const override { return {}; }

 private:
  std::vector<Sequence> sorted_;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Positions> prefix_positions(const RocksStore& store, Family family,
                                            std::string prefix, LabelCondition is_wanted) {
  return std::make_unique<PrefixPositions>(store.iterate(family), std::move(prefix),
                                           std::move(is_wanted));
}

std::unique_ptr<Positions> any_positions(std::vector<std::unique_ptr<Positions>> parts) {
  return std::make_unique<AnyPositions>(std::move(parts));
}

std::unique_ptr<Positions> listed_positions(std::vector<Sequence> sorted) {
  return std::make_unique<ListedPositions>(std::move(sorted));
}

Status iterator_status(const rocksdb::Iterator& it) {
  if (!it.status().ok()) return to_error(it.status(), "read the log");
  return {};
}

}  // namespace ntt::events
