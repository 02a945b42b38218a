// Walking index keys with few seeks.

#include "events/rocks_positions.h"

#include <algorithm>

namespace ntt::events {

namespace {

class PrefixPositions final : public Positions {
 public:
  PrefixPositions(std::unique_ptr<rocksdb::Iterator> it, std::string prefix,
                  ValueCondition is_wanted)
      : it_(std::move(it)), prefix_(std::move(prefix)), is_wanted_(std::move(is_wanted)) {}

  std::optional<Sequence> at_or_after(Sequence seq) override {
    // The next few keys are cheaper to step over than to seek past.
    constexpr int kStepsMax = 8;
    for (int step = 0; at_ && *at_ < seq && step < kStepsMax; ++step) {
      it_->Next();
      look();
    }
    if (!is_begun_ || (at_ && *at_ < seq)) {
      is_begun_ = true;
      it_->Seek(prefix_ + sequence_key(seq));
      look();
    }
    return at_;
  }
  [[nodiscard]] Status status() const override { return iterator_status(*it_); }

 private:
  void look() {
    for (at_.reset(); it_->Valid(); it_->Next()) {
      const std::string_view key = it_->key().ToStringView();
      if (key.substr(0, prefix_.size()) != prefix_) return;
      if (is_wanted_ && !is_wanted_(it_->value().ToStringView())) continue;
      at_ = sequence_at_end_of(key);
      return;
    }
  }

  std::unique_ptr<rocksdb::Iterator> it_;
  std::string prefix_;
  ValueCondition is_wanted_;
  bool is_begun_ = false;
  std::optional<Sequence> at_;
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
                                            std::string prefix, ValueCondition is_wanted) {
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
