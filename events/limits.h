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
inline constexpr std::size_t kAppendEventsMax = 65536;   // events in one append
inline constexpr std::size_t kPathBytesMax = 1U << 20U;  // one path or symlink target
inline constexpr std::size_t kNameFieldBytesMax = 255;   // type, host, user, program

}  // namespace ntt::events
