// Batches of load decisions, copy outcomes and verify outcomes as columns.

#include "events/batch.h"
#include "events/batch_columns.h"
#include "events/batch_frame.h"

namespace ntt::events {

namespace {

using U64 = std::uint64_t;

namespace decision_column {  // ids are part of the format
enum Id : std::uint8_t { kOrdinal = 1, kFlags = 2, kRule = 3, kSameInode = 4 };
constexpr U64 kHasRule = 1;
constexpr U64 kHasSameInode = 2;
}  // namespace decision_column

namespace copy_column {
enum Id : std::uint8_t {
  kOrdinal = 1,
  kOutcome = 2,
  kSizeRead = 3,
  kErrorType = 4,
  kBlob = 5,
  kErrorMessage = 6,  // and 7
  kProcessedAt = 8,
  kMimeType = 9,  // and 10
};
}  // namespace copy_column

namespace verify_column {
enum Id : std::uint8_t { kBlob = 1, kOutcome = 2, kSize = 3, kErrorMessage = 4 /* and 5 */ };
}  // namespace verify_column

// Opens a batch of a kind: its block and the number of its records.
struct OpenBlock {
  std::string block;
  std::size_t count = 0;
  std::size_t head_bytes = 0;
  [[nodiscard]] std::string_view columns() const {
    return std::string_view(block).substr(head_bytes);
  }
};

Result<OpenBlock> open_block(std::string_view attachment, ExpectedDigest expected, BatchKind kind) {
  auto block = unpack_block(attachment, expected);
  if (!block) return std::move(block).error();
  ByteReader head(*block);
  const bool kind_fits = head.u8() == static_cast<std::uint8_t>(kind);
  const U64 count = head.varint();
  if (!head.ok() || !kind_fits || count > kBatchRecordsMax) {
    return batch_error("it is not of the kind that was expected");
  }
  const std::size_t head_bytes = block->size() - head.remaining();
  return OpenBlock{std::move(*block), count, head_bytes};
}

// Ordinals rise, so the differences to the one before are at least 1; the first stands for itself.
template <class Records>
void put_ordinals(ColumnWriter& out, std::uint8_t id, const Records& records) {
  U64 last = 0;
  out.put_varints(id, [&](std::size_t i) {
    const U64 ordinal = records[i].ordinal.value;
    CHECK(i == 0 || ordinal > last);
    const U64 delta = ordinal - last;
    last = ordinal;
    return delta;
  });
}

template <class Records>
void get_ordinals(ColumnReader& in, std::uint8_t id, Records& records) {
  U64 last = 0;
  if (!in.has(id) && records.size() > 1) in.fail();
  in.get_varints(id, [&](std::size_t i, U64 delta) {
    last += delta;
    records[i].ordinal.value = last;
    return i == 0 || last > last - delta;
  });
}

template <class Enum>
bool assign_enum(Enum& member, U64 value, Enum first, Enum last) {
  member = static_cast<Enum>(value);
  return value >= static_cast<U64>(first) && value <= static_cast<U64>(last);
}

bool has_blob(const CopyRecord& record) {
  return record.outcome == CopyOutcome::copied || record.outcome == CopyOutcome::duplicate;
}

// A time as a number above 0, which stands for none.
U64 number_of(const std::optional<Timestamp>& time) {
  return time ? zigzag(time->micros) + 1 : 0;
}

std::optional<Timestamp> time_of(U64 number) {
  if (number == 0) return std::nullopt;
  return Timestamp{unzigzag(number - 1)};
}

bool take_blob(ByteReader& in, BlobId& blob) {
  const auto taken = BlobId::from_bytes(in.take(BlobId::kSize));
  if (taken) blob = *taken;
  return taken.has_value();
}

}  // namespace

EncodedBatch encode_load_batch(const LoadBatch& batch) {
  using namespace decision_column;  // NOLINT(google-build-using-namespace)
  const auto& records = batch.decisions;
  ColumnWriter out(records.size());
  append_block_head(out.head(), BatchKind::decisions, records.size());
  put_ordinals(out, kOrdinal, records);
  out.put_runs(kFlags, [&](std::size_t i) {
    return (records[i].rule ? kHasRule : 0) | (records[i].same_inode_as ? kHasSameInode : 0);
  });
  out.begin();
  for (const LoadDecision& record : records) {
    if (record.rule) out.put(*record.rule);
  }
  out.end(kRule);
  out.begin();
  for (const LoadDecision& record : records) {
    if (!record.same_inode_as) continue;
    out.put(zigzag(static_cast<std::int64_t>(record.ordinal.value - record.same_inode_as->value)));
  }
  out.end(kSameInode);
  return pack_block(std::move(out).take());
}

Result<LoadBatch> decode_load_batch(std::string_view attachment, ExpectedDigest expected) {
  using namespace decision_column;  // NOLINT(google-build-using-namespace)
  auto open = open_block(attachment, expected, BatchKind::decisions);
  if (!open) return std::move(open).error();
  LoadBatch batch;
  auto& records = batch.decisions;
  records.resize(open->count);
  ColumnReader in(open->columns(), open->count);
  get_ordinals(in, kOrdinal, records);
  ByteReader rules(in.bytes(kRule));
  ByteReader same(in.bytes(kSameInode));
  in.get_runs(kFlags, [&](std::size_t i, U64 flags) {
    LoadDecision& record = records[i];
    const bool fits = (flags & kHasRule) == 0 || assign(record.rule.emplace(), rules.varint());
    if ((flags & kHasSameInode) != 0) {
      record.same_inode_as.emplace().value =
          record.ordinal.value - static_cast<U64>(unzigzag(same.varint()));
    }
    return fits && flags <= (kHasRule | kHasSameInode) && rules.ok() && same.ok();
  });
  if (!in.ok() || !rules.at_end() || !same.at_end()) {
    return batch_error("its columns do not fit together");
  }
  return batch;
}

EncodedBatch encode_copy_batch(const CopyBatch& batch) {
  using namespace copy_column;  // NOLINT(google-build-using-namespace)
  const auto& records = batch.records;
  ColumnWriter out(records.size());
  append_block_head(out.head(), BatchKind::copies, records.size());
  put_ordinals(out, kOrdinal, records);
  out.put_runs(kOutcome, [&](std::size_t i) { return static_cast<U64>(records[i].outcome); });
  out.put_varints(kSizeRead, [&](std::size_t i) { return records[i].size_read; });
  out.put_runs(kErrorType, [&](std::size_t i) { return static_cast<U64>(records[i].error_type); });
  std::string blobs;
  for (const CopyRecord& record : records) {
    CHECK(has_blob(record) || record.blob.is_zero());
    if (has_blob(record)) blobs += record.blob.view();
  }
  out.put_bytes(kBlob, blobs);
  out.put_strings(kErrorMessage,
                  [&](std::size_t i) -> const std::string& { return records[i].error_message; });
  out.put_deltas(kProcessedAt, [&](std::size_t i) { return number_of(records[i].processed_at); });
  out.put_strings(kMimeType,
                  [&](std::size_t i) -> const std::string& { return records[i].mime_type; });
  return pack_block(std::move(out).take());
}

Result<CopyBatch> decode_copy_batch(std::string_view attachment, ExpectedDigest expected) {
  using namespace copy_column;  // NOLINT(google-build-using-namespace)
  auto open = open_block(attachment, expected, BatchKind::copies);
  if (!open) return std::move(open).error();
  CopyBatch batch;
  auto& records = batch.records;
  records.resize(open->count);
  ColumnReader in(open->columns(), open->count);
  get_ordinals(in, kOrdinal, records);
  ByteReader blobs(in.bytes(kBlob));
  if (!in.has(kOutcome) && !records.empty()) in.fail();
  in.get_runs(kOutcome, [&](std::size_t i, U64 v) {
    return assign_enum(records[i].outcome, v, CopyOutcome::copied, CopyOutcome::failed) &&
           (!has_blob(records[i]) || take_blob(blobs, records[i].blob));
  });
  in.get_varints(kSizeRead, [&](std::size_t i, U64 v) { return assign(records[i].size_read, v); });
  in.get_runs(kErrorType, [&](std::size_t i, U64 v) {
    return assign_enum(records[i].error_type, v, FileErrorType::none, FileErrorType::unknown);
  });
  in.get_strings(kErrorMessage,
                 [&](std::size_t i) -> std::string& { return records[i].error_message; });
  in.get_deltas(kProcessedAt, [&](std::size_t i, U64 v) {
    records[i].processed_at = time_of(v);
    return true;
  });
  in.get_strings(kMimeType, [&](std::size_t i) -> std::string& { return records[i].mime_type; });
  if (!in.ok() || !blobs.at_end()) return batch_error("its columns do not fit together");
  return batch;
}

EncodedBatch encode_verify_batch(const VerifyBatch& batch) {
  using namespace verify_column;  // NOLINT(google-build-using-namespace)
  const auto& records = batch.records;
  ColumnWriter out(records.size());
  append_block_head(out.head(), BatchKind::verifications, records.size());
  std::string blobs;
  for (std::size_t i = 0; i < records.size(); ++i) {
    CHECK(i == 0 || records[i - 1].blob < records[i].blob);
    blobs += records[i].blob.view();
  }
  out.put_bytes(kBlob, blobs);
  out.put_runs(kOutcome, [&](std::size_t i) { return static_cast<U64>(records[i].outcome); });
  out.put_varints(kSize, [&](std::size_t i) { return records[i].size; });
  out.put_strings(kErrorMessage,
                  [&](std::size_t i) -> const std::string& { return records[i].error_message; });
  return pack_block(std::move(out).take());
}

Result<VerifyBatch> decode_verify_batch(std::string_view attachment, ExpectedDigest expected) {
  using namespace verify_column;  // NOLINT(google-build-using-namespace)
  auto open = open_block(attachment, expected, BatchKind::verifications);
  if (!open) return std::move(open).error();
  VerifyBatch batch;
  auto& records = batch.records;
  records.resize(open->count);
  ColumnReader in(open->columns(), open->count);
  ByteReader blobs(in.bytes(kBlob));
  for (std::size_t i = 0; i < records.size() && in.ok(); ++i) {
    if (!take_blob(blobs, records[i].blob) || (i > 0 && records[i].blob <= records[i - 1].blob)) {
      in.fail();
    }
  }
  if (!in.has(kOutcome) && !records.empty()) in.fail();
  in.get_runs(kOutcome, [&](std::size_t i, U64 v) {
    return assign_enum(records[i].outcome, v, VerifyOutcome::intact, VerifyOutcome::unreadable);
  });
  in.get_varints(kSize, [&](std::size_t i, U64 v) { return assign(records[i].size, v); });
  in.get_strings(kErrorMessage,
                 [&](std::size_t i) -> std::string& { return records[i].error_message; });
  if (!in.ok() || !blobs.at_end()) return batch_error("its columns do not fit together");
  return batch;
}

}  // namespace ntt::events
