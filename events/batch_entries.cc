// Entry batches as columns.

#include "events/batch.h"
#include "events/batch_columns.h"
#include "events/batch_frame.h"
#include "events/batch_times.h"

namespace ntt::events {

namespace {

namespace entry_column {  // ids are part of the format
enum Id : std::uint8_t {
  kType = 1,
  kDeleted = 2,
  kDevice = 3,
  kInode = 4,
  kLinkCount = 5,
  kSize = 6,
  kMode = 7,
  kUid = 8,
  kGid = 9,
  kModifyTime = 10,     // and 11, 12
  kChangeTime = 13,     // and 14, 15
  kAccessTime = 16,     // and 17, 18
  kBirthTime = 19,      // and 20, 21
  kPath = 22,           // and 23, 24
  kSymlinkTarget = 25,  // and 26
  kErrorNumber = 27,
  kErrorMessage = 28,  // and 29
};
}  // namespace entry_column

constexpr std::string_view kTypeLetters = "ufdlbcps";  // the default first: its index is 0

std::uint64_t type_index(EntryType type) {
  const std::size_t index = kTypeLetters.find(static_cast<char>(type));
  CHECK(index != std::string_view::npos);
  return index;
}

bool assign_type(EntryType& type, std::uint64_t index) {
  if (index >= kTypeLetters.size()) return false;
  type = static_cast<EntryType>(kTypeLetters[index]);
  return true;
}

void put_numbers(ColumnWriter& out, const std::vector<Entry>& entries) {
  using namespace entry_column;  // NOLINT(google-build-using-namespace)
  out.put_runs(kType, [&](std::size_t i) { return type_index(entries[i].type); });
  out.put_runs(kDeleted, [&](std::size_t i) { return entries[i].allocated ? 0U : 1U; });
  out.put_runs(kDevice, [&](std::size_t i) { return entries[i].device; });
  out.put_deltas(kInode, [&](std::size_t i) { return entries[i].inode; });
  out.put_runs(kLinkCount, [&](std::size_t i) { return entries[i].link_count; });
  out.put_varints(kSize, [&](std::size_t i) { return entries[i].size; });
  out.put_runs(kMode, [&](std::size_t i) { return entries[i].mode; });
  out.put_runs(kUid, [&](std::size_t i) { return entries[i].uid; });
  out.put_runs(kGid, [&](std::size_t i) { return entries[i].gid; });
}

void get_numbers(ColumnReader& in, std::vector<Entry>& entries) {
  using namespace entry_column;  // NOLINT(google-build-using-namespace)
  using U64 = std::uint64_t;
  in.get_runs(kType, [&](std::size_t i, U64 v) { return assign_type(entries[i].type, v); });
  in.get_runs(kDeleted, [&](std::size_t i, U64 v) {
    entries[i].allocated = v == 0;
    return v <= 1;
  });
  in.get_runs(kDevice, [&](std::size_t i, U64 v) { return assign(entries[i].device, v); });
  in.get_deltas(kInode, [&](std::size_t i, U64 v) { return assign(entries[i].inode, v); });
  in.get_runs(kLinkCount, [&](std::size_t i, U64 v) { return assign(entries[i].link_count, v); });
  in.get_varints(kSize, [&](std::size_t i, U64 v) { return assign(entries[i].size, v); });
  in.get_runs(kMode, [&](std::size_t i, U64 v) { return assign(entries[i].mode, v); });
  in.get_runs(kUid, [&](std::size_t i, U64 v) { return assign(entries[i].uid, v); });
  in.get_runs(kGid, [&](std::size_t i, U64 v) { return assign(entries[i].gid, v); });
}

Block entry_block(const EntryBatch& batch) {
  using namespace entry_column;  // NOLINT(google-build-using-namespace)
  const std::vector<Entry>& entries = batch.entries;
  ColumnWriter out(entries.size());
  append_block_head(out.head(), BatchKind::entries, entries.size());
  append_varint(out.head(), batch.volume.value);
  append_varint(out.head(), batch.first_ordinal.value);
  put_numbers(out, entries);
  put_times(out, kModifyTime, entries, {&Entry::modify_time, nullptr, nullptr});
  put_times(out, kChangeTime, entries, {&Entry::change_time, &Entry::modify_time, nullptr});
  put_times(out, kAccessTime, entries,
            {&Entry::access_time, &Entry::modify_time, &Entry::change_time});
  put_times(out, kBirthTime, entries,
            {&Entry::birth_time, &Entry::modify_time, &Entry::change_time});
  out.put_paths(kPath, [&](std::size_t i) -> const std::string& { return entries[i].path; });
  out.put_strings(kSymlinkTarget,
                  [&](std::size_t i) -> const std::string& { return entries[i].symlink_target; });
  out.put_runs(kErrorNumber, [&](std::size_t i) { return entries[i].error_number; });
  out.put_strings(kErrorMessage,
                  [&](std::size_t i) -> const std::string& { return entries[i].error_message; });
  return std::move(out).take();
}

}  // namespace

std::string encode_entry_columns(const EntryBatch& batch) {
  return entry_block(batch).bytes;
}

Result<EntryBatch> decode_entry_columns(std::string_view columns) {
  using namespace entry_column;  // NOLINT(google-build-using-namespace)
  ByteReader head(columns);
  const bool kind = head.u8() == static_cast<std::uint8_t>(BatchKind::entries);
  const std::uint64_t count = head.varint();
  EntryBatch batch;
  const bool volume = assign(batch.volume.value, head.varint());
  batch.first_ordinal.value = head.varint();
  if (!head.ok() || !kind || !volume || count > kBatchRecordsMax) {
    return batch_error("it does not begin as entries do");
  }
  std::vector<Entry>& entries = batch.entries;
  entries.resize(count);
  ColumnReader in(head.take(head.remaining()), count);
  get_numbers(in, entries);
  get_times(in, kModifyTime, entries, {&Entry::modify_time, nullptr, nullptr});
  get_times(in, kChangeTime, entries, {&Entry::change_time, &Entry::modify_time, nullptr});
  get_times(in, kAccessTime, entries,
            {&Entry::access_time, &Entry::modify_time, &Entry::change_time});
  get_times(in, kBirthTime, entries,
            {&Entry::birth_time, &Entry::modify_time, &Entry::change_time});
  in.get_paths(kPath, [&](std::size_t i) -> std::string& { return entries[i].path; });
  in.get_strings(kSymlinkTarget,
                 [&](std::size_t i) -> std::string& { return entries[i].symlink_target; });
  in.get_runs(kErrorNumber,
              [&](std::size_t i, std::uint64_t v) { return assign(entries[i].error_number, v); });
  in.get_strings(kErrorMessage,
                 [&](std::size_t i) -> std::string& { return entries[i].error_message; });
  if (!in.ok()) return batch_error("its columns do not fit together");
  return batch;
}

EncodedBatch encode_entry_batch(const EntryBatch& batch) {
  return pack_block(entry_block(batch));
}

Result<EntryBatch> decode_entry_batch(std::string_view attachment, ExpectedDigest expected) {
  auto block = unpack_block(attachment, expected);
  if (!block) return std::move(block).error();
  return decode_entry_columns(*block);
}

}  // namespace ntt::events
