// What became of an entry, and the legacy words for it. Pure.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "events/generation.h"

namespace ntt::projector {

// What the row of an inode says of its fate.
struct InodeFate {
  bool copied = false;           // nothing is left to copy: stored, or never to be stored
  std::string_view claimed_by;   // NON_FILE, EXCLUDED, "EXCLUDED: not_allocated"; "" none
  std::string_view status;       // pending, success, failed_retryable, failed_permanent
  std::string_view error_type;   // "" none
  std::string_view disposition;  // stored, duplicate, excluded, not_regular, unreadable, failed,
                                 // pending
};
InodeFate fate_of(const events::GenerationRow& row);

// The disposition of an entry by itself. For a further link of an inode nothing, unless the link
// has one of its own (excluded, unreadable): then it is that of the inode's row.
std::string_view disposition_of(const events::GenerationRow& row);

// "inode/directory" and its like for what is not a file; "" for files.
std::string_view mime_type_of(events::EntryType type);

}  // namespace ntt::projector
