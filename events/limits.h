// Every bound of the formats and of the log, in one place.

#pragma once

#include <cstddef>
#include <cstdint>

namespace ntt::events {

inline constexpr std::size_t kBatchRecordsMax = 8192;      // records in one attachment
inline constexpr std::size_t kBatchBytesMax = 64U << 20U;  // attachment's columns, unpacked
// Paths, targets and messages of one batch: whoever fills a batch begins a new one before this.
inline constexpr std::size_t kBatchTextBytesMax = 32U << 20U;
inline constexpr std::size_t kDataBytesMax = 16U << 20U;  // payload JSON of one event
inline constexpr std::size_t kAttachmentBytesMax = 64U << 20U;
inline constexpr std::size_t kAppendEventsMax = 65536;    // events in one append
inline constexpr std::size_t kPackRecordsMax = 64;        // records in one pack
inline constexpr std::size_t kPackBytesMax = 32U << 10U;  // of their bytes, unpacked
inline constexpr std::size_t kPostingsMax = 1024;         // events under one key of an index
inline constexpr std::size_t kTreeSpanMax = 64;           // nodes under one key of the tree
// Microseconds (18 minutes) between the first and the last time under one key of the index of
// times.
inline constexpr std::int64_t kTimeSpanMax = std::int64_t{1} << 30U;
inline constexpr std::size_t kPathBytesMax = 1U << 20U;  // one path or symlink target
inline constexpr std::size_t kNameFieldBytesMax = 255;   // type, host, user, program

}  // namespace ntt::events
