// RapidCheck generators of records: any values, and values that repeat as they do on real media.

#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

#include "events/batch.h"

namespace ntt::events {

inline rc::Gen<std::string> any_bytes() {
  return rc::gen::container<std::string>(rc::gen::arbitrary<char>());
}

// Over the whole range, but often small or at its ends.
template <class T>
rc::Gen<T> any_number() {
  return rc::gen::weightedOneOf<T>(
      {{4, rc::gen::arbitrary<T>()},
       {2, rc::gen::inRange<T>(0, 3)},
       {1, rc::gen::element(std::numeric_limits<T>::min(), std::numeric_limits<T>::max(),
                            std::numeric_limits<T>::max() / 2)},
       {2, rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                        [](std::uint64_t value) { return static_cast<T>(value); })}});
}

// Absent, any, or within a second of `near`.
inline std::optional<Nanos> any_time(const std::optional<Nanos>& near) {
  const int kind = *rc::gen::inRange(0, 4);
  if (kind == 0) return std::nullopt;
  if (kind == 1 || !near) return *any_number<Nanos>();
  if (kind == 2) return near;
  const Nanos offset = *rc::gen::inRange<Nanos>(-1'000'000'000, 1'000'000'000);
  Nanos sum = 0;
  return __builtin_add_overflow(*near, offset, &sum) ? *near : sum;
}

inline rc::Gen<Entry> any_entry() {
  return rc::gen::exec([] {
    Entry entry;
    entry.type = *rc::gen::element(EntryType::file, EntryType::directory, EntryType::symlink,
                                   EntryType::block_device, EntryType::char_device, EntryType::fifo,
                                   EntryType::socket, EntryType::unknown);
    entry.allocated = *rc::gen::arbitrary<bool>();
    entry.device = *any_number<std::uint64_t>();
    entry.inode = *any_number<std::uint64_t>();
    entry.link_count = *any_number<std::uint32_t>();
    entry.size = *any_number<std::uint64_t>();
    entry.mode = *any_number<std::uint32_t>();
    entry.uid = *any_number<std::uint32_t>();
    entry.gid = *any_number<std::uint32_t>();
    entry.modify_time = any_time(std::nullopt);
    entry.change_time = any_time(entry.modify_time);
    entry.access_time = any_time(entry.change_time);
    entry.birth_time = any_time(entry.modify_time);
    entry.path = *any_bytes();
    entry.symlink_target = *any_bytes();
    entry.error_number = *any_number<std::uint32_t>();
    entry.error_message = *any_bytes();
    return entry;
  });
}

inline rc::Gen<EntryBatch> any_entry_batch() {
  return rc::gen::exec([] {
    EntryBatch batch;
    batch.volume.value = *any_number<std::uint32_t>();
    batch.first_ordinal.value = *any_number<std::uint64_t>();
    batch.entries = *rc::gen::container<std::vector<Entry>>(any_entry());
    // Neighbours share beginnings, as they do in a walk.
    for (std::size_t i = 1; i < batch.entries.size(); i += 2) {
      batch.entries[i].path.insert(0, batch.entries[i - 1].path);
    }
    return batch;
  });
}

inline std::vector<std::uint64_t> rising_numbers() {
  auto out = *rc::gen::container<std::vector<std::uint64_t>>(any_number<std::uint64_t>());
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

inline rc::Gen<BlobId> any_blob() {
  return rc::gen::map(rc::gen::arbitrary<std::array<std::uint8_t, 32>>(),
                      [](const auto& bytes) { return BlobId{bytes}; });
}

inline rc::Gen<LoadBatch> any_load_batch() {
  return rc::gen::exec([] {
    LoadBatch batch;
    for (const std::uint64_t ordinal : rising_numbers()) {
      LoadDecision decision{{ordinal}, {}, {}};
      if (*rc::gen::arbitrary<bool>()) decision.rule = *any_number<std::uint32_t>();
      if (*rc::gen::arbitrary<bool>()) {
        decision.same_inode_as = Ordinal{*any_number<std::uint64_t>()};
      }
      batch.decisions.push_back(decision);
    }
    return batch;
  });
}

inline rc::Gen<CopyBatch> any_copy_batch() {
  return rc::gen::exec([] {
    CopyBatch batch;
    for (const std::uint64_t ordinal : rising_numbers()) {
      CopyRecord record;
      record.ordinal = {ordinal};
      record.outcome = *rc::gen::element(CopyOutcome::copied, CopyOutcome::duplicate,
                                         CopyOutcome::partial, CopyOutcome::failed);
      if (record.outcome == CopyOutcome::copied || record.outcome == CopyOutcome::duplicate) {
        record.blob = *any_blob();
      }
      record.size_read = *any_number<std::uint64_t>();
      record.error_type = static_cast<FileErrorType>(*rc::gen::inRange(0, 6));
      record.error_message = *any_bytes();
      if (*rc::gen::arbitrary<bool>()) {
        // The least number of all is the one time that no batch can hold.
        record.processed_at = Timestamp{std::max(*any_number<std::int64_t>(), INT64_MIN + 1)};
      }
      record.mime_type = *any_bytes();
      batch.records.push_back(record);
    }
    return batch;
  });
}

inline rc::Gen<VerifyBatch> any_verify_batch() {
  return rc::gen::exec([] {
    auto blobs = *rc::gen::container<std::vector<BlobId>>(any_blob());
    std::sort(blobs.begin(), blobs.end());
    blobs.erase(std::unique(blobs.begin(), blobs.end()), blobs.end());
    VerifyBatch batch;
    for (const BlobId& blob : blobs) {
      batch.records.push_back({blob, static_cast<VerifyOutcome>(*rc::gen::inRange(1, 5)),
                               *any_number<std::uint64_t>(), *any_bytes()});
    }
    return batch;
  });
}

}  // namespace ntt::events
