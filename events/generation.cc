// Joining entries, decisions and outcomes: three kinds of batches, all in order of ordinal.

#include "events/generation.h"

#include "events/generation_batches.h"
#include "events/limits.h"

namespace ntt::events {

namespace {

const std::vector<LoadDecision>& records_of(const LoadBatch& batch) {
  return batch.decisions;
}
const std::vector<CopyRecord>& records_of(const CopyBatch& batch) {
  return batch.records;
}

// A batch that has none is the event's fault, one that is damaged the log's.
Result<std::string> attachment_of(const Log& log, Sequence seq) {
  auto attachment = log.attachment(seq);
  if (attachment || attachment.error().code != Errc::not_found) return attachment;
  return corrupt_event(seq, "it has no attachment");
}

// Reads batches one after the other and gives their records to whoever asks for rising ordinals.
template <class Batch>
class Stream {
 public:
  using Record = typename std::decay_t<decltype(records_of(Batch{}))>::value_type;
  using Decode = Result<Batch> (*)(std::string_view, ExpectedDigest);

  Stream(const Log& log, std::vector<BatchRef> batches, Decode decode)
      : log_(log), batches_(std::move(batches)), decode_(decode) {}

  // The record of this ordinal, or null; it lives until the next call.
  Result<const Record*> at(Ordinal ordinal) {
    auto more = advance();
    if (!more) return std::move(more).error();
    if (!*more) return nullptr;
    const Record& record = records_of(batch_)[position_];
    if (record.ordinal > ordinal) return nullptr;
    if (record.ordinal < ordinal) return corrupt_event(seq(), "a record is out of order");
    position_ += 1;
    return &record;
  }

  // The batch that the last record came from.
  [[nodiscard]] const BatchRef& current() const { return batches_[next_ - 1]; }

  // After the last ordinal: nothing may be left.
  Status finish() {
    auto more = advance();
    if (!more) return std::move(more).error();
    if (*more) return corrupt_event(seq(), "a record is of no entry");
    return {};
  }

 private:
  [[nodiscard]] Sequence seq() const { return current().seq; }

  // Makes position_ that of a record, or says that there are no more.
  Result<bool> advance() {
    while (position_ == records_of(batch_).size()) {
      if (next_ == batches_.size()) return false;
      if (auto read = read_next(); !read) return std::move(read).error();
    }
    return true;
  }

  Status read_next() {
    const BatchRef& ref = batches_[next_];
    next_ += 1;
    auto attachment = attachment_of(log_, ref.seq);
    if (!attachment) return std::move(attachment).error();
    auto batch = decode_(*attachment, ref.digest);
    if (!batch) return corrupt_event(ref.seq, batch.error().message);
    if (records_of(*batch).size() != ref.count) return corrupt_event(ref.seq, "its count differs");
    batch_ = std::move(*batch);
    position_ = 0;
    return {};
  }

  const Log& log_;
  std::vector<BatchRef> batches_;
  Decode decode_;
  std::size_t next_ = 0;  // of batches_: the one to read next
  Batch batch_;
  std::size_t position_ = 0;  // of batch_: the record to give next
};

class Reader {
 public:
  Reader(const Log& log, Batches batches)
      : log_(log),
        entries_(std::move(batches.entries)),
        decisions_(log, std::move(batches.decisions), &decode_load_batch) {
    for (auto& [attempt, refs] : batches.copies) {
      copies_.emplace_back(log, std::move(refs), &decode_copy_batch);
    }
  }

  Status run(const std::function<Status(const GenerationRow&)>& visit) {
    Ordinal next;
    for (const EntryBatchRef& ref : entries_) {
      if (ref.first_ordinal != next) {
        return corrupt_event(ref.seq,
                             "it begins at entry " + std::to_string(ref.first_ordinal.value) +
                                 " where entry " + std::to_string(next.value) + " should follow");
      }
      auto batch = read_entries(ref);
      if (!batch) return std::move(batch).error();
      if (auto status = visit_batch(ref, *batch, visit); !status) return status;
      next.value += batch->entries.size();
    }
    if (auto status = decisions_.finish(); !status) return status;
    for (auto& attempt : copies_) {
      if (auto status = attempt.finish(); !status) return status;
    }
    return {};
  }

 private:
  [[nodiscard]] Result<EntryBatch> read_entries(const EntryBatchRef& ref) const {
    auto attachment = attachment_of(log_, ref.seq);
    if (!attachment) return std::move(attachment).error();
    auto batch = decode_entry_batch(*attachment, ref.digest);
    if (!batch) return corrupt_event(ref.seq, batch.error().message);
    if (batch->entries.size() != ref.count || batch->volume != ref.volume ||
        batch->first_ordinal != ref.first_ordinal) {
      return corrupt_event(ref.seq, "its batch is not the one that the event describes");
    }
    return batch;
  }

  Status visit_batch(const EntryBatchRef& ref, const EntryBatch& batch,
                     const std::function<Status(const GenerationRow&)>& visit) {
    for (std::size_t i = 0; i < batch.entries.size(); ++i) {
      GenerationRow row;
      row.ordinal = {ref.first_ordinal.value + i};
      row.id = ref.seq.value * kBatchRecordsMax + i;
      row.volume = batch.volume;
      row.entry = &batch.entries[i];
      if (auto status = join(row); !status) return status;
      if (auto status = visit(row); !status) return status;
    }
    return {};
  }

  Status join(GenerationRow& row) {
    auto decision = decisions_.at(row.ordinal);
    if (!decision) return std::move(decision).error();
    if (*decision != nullptr) {
      row.rule = (*decision)->rule;
      row.same_inode_as = (*decision)->same_inode_as;
    }
    for (auto& attempt : copies_) {  // in order of attempt: the last one that has a record wins
      auto record = attempt.at(row.ordinal);
      if (!record) return std::move(record).error();
      if (*record == nullptr) continue;
      row.copy = *record;
      row.copy_seq = attempt.current().seq;
      row.copied_at = attempt.current().occurred_at;
    }
    return {};
  }

  const Log& log_;
  std::vector<EntryBatchRef> entries_;
  Stream<LoadBatch> decisions_;
  std::vector<Stream<CopyBatch>> copies_;
};

}  // namespace

Status read_generation(const Log& log, const GenerationRef& ref,
                       const std::function<Status(const GenerationRow&)>& visit) {
  auto batches = collect_batches(log, ref);
  if (!batches) return std::move(batches).error();
  return Reader(log, std::move(*batches)).run(visit);
}

}  // namespace ntt::events
