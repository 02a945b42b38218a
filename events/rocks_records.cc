// The pack of a record is under the last key at or before its number.

#include "events/rocks_records.h"

#include "events/record_pack.h"

namespace ntt::events {

namespace {

std::string name_of(Sequence seq) {
  return "event " + std::to_string(seq.value);
}

}  // namespace

StoredRecords::StoredRecords(const RocksStore& store) : it_(store.iterate(Family::events)) {}

Status StoredRecords::go_to(Sequence seq) {
  if (first_ && seq >= first_ && seq.value - first_.value < pack_.size()) return {};
  const bool is_next = first_ && seq.value == first_.value + pack_.size();
  first_ = {};
  if (is_next) {
    it_->Next();
  } else {
    it_->SeekForPrev(sequence_key(seq));
  }
  if (!it_->status().ok()) return to_error(it_->status(), "read the log");
  if (!it_->Valid()) return Error{Errc::not_found, "it is not in the log"};
  auto records = decode_pack(it_->value().ToStringView());
  if (!records) return std::move(records).error();
  pack_ = std::move(*records);
  first_ = sequence_at_end_of(it_->key().ToStringView());
  if (seq < first_ || seq.value - first_.value >= pack_.size()) {
    return Error{Errc::not_found, "it is not in the log"};
  }
  return {};
}

Result<Record> StoredRecords::record(Sequence seq) {
  if (auto found = go_to(seq); !found) return std::move(found).error().within(name_of(seq));
  return pack_[seq.value - first_.value];
}

Result<Event> StoredRecords::event(Sequence seq) {
  if (auto found = go_to(seq); !found) return std::move(found).error().within(name_of(seq));
  return event_from_record(seq, pack_[seq.value - first_.value]);
}

Result<Sequence> StoredRecords::last() {
  first_ = {};
  it_->SeekToLast();
  if (!it_->status().ok()) return to_error(it_->status(), "read the log");
  if (!it_->Valid()) return Sequence{};
  return Sequence{sequence_at_end_of(it_->key().ToStringView()).value +
                  records_in_pack(it_->value().ToStringView()) - 1};
}

}  // namespace ntt::events
