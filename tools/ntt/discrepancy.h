// Discrepancy: where the log and what lies on the disks disagree.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "events/types.h"

namespace ntt::tools {

// The order is that of the summary.
enum class DiscrepancyKind : std::uint8_t {
  blob_missing,
  blob_size,
  blob_content,
  blob_unreadable,
  blob_unnamed,
  blob_unrecorded,
  blob_in_progress,
  store_stray,
  store_unlisted,
  store_temporary,
  archive_missing,
  archive_size,
  archive_content,
  archive_unreadable,
  archive_unrecorded,
  archive_superseded,
  archive_of_no_medium,
  archive_temporary,
  source_missing,
  source_size,
  source_kept_elsewhere,
  event_unreadable,
};

struct DiscrepancyFacts {
  DiscrepancyKind kind;
  const char* name;    // in JSON; for ever
  bool is_note;        // as it should be, or may be: does not change the exit code
  const char* advice;  // what to do
};
std::span<const DiscrepancyFacts> all_discrepancy_kinds();
const DiscrepancyFacts& facts_of(DiscrepancyKind kind);

struct Discrepancy {
  DiscrepancyKind kind{};
  std::string path;     // bytes; of the file, absolute where its root is; or "event N"
  std::string message;  // what is the matter, after the path
  std::string medium;   // empty: of none, or of several
  std::optional<events::BlobId> blob;
  events::Sequence event;  // that says what ought to be; 0: none
  std::optional<std::uint64_t> recorded_bytes;
  std::optional<std::uint64_t> found_bytes;
};
// An event that says what ought to be, and cannot be read. `seq` 0: it is not known which.
Discrepancy unreadable_event(events::Sequence seq, std::string medium, std::string message);

using TellDiscrepancy = std::function<void(const Discrepancy&)>;

}  // namespace ntt::tools
