// The rules of DESIGN's invariant 13 and of the legacy columns.

#include "projector/disposition.h"

namespace ntt::projector {

using events::CopyOutcome;
using events::EntryType;
using events::FileErrorType;
using events::GenerationRow;

namespace {

bool has_own_error(const GenerationRow& row) {
  return row.entry->error_number != 0 || !row.entry->error_message.empty();
}

bool source_was_unreadable(const events::CopyRecord& copy) {
  return copy.outcome == CopyOutcome::partial || copy.error_type == FileErrorType::io_error ||
         copy.error_type == FileErrorType::permission_error;
}

std::string_view disposition_of_copy(const events::CopyRecord& copy) {
  if (copy.outcome == CopyOutcome::copied) return "stored";
  if (copy.outcome == CopyOutcome::duplicate) return "duplicate";
  return source_was_unreadable(copy) ? "unreadable" : "failed";
}

}  // namespace

std::string_view disposition_of(const GenerationRow& row) {
  if (row.rule) return "excluded";
  if (row.copy != nullptr) return disposition_of_copy(*row.copy);
  if (has_own_error(row)) return "unreadable";
  if (!row.is_inode()) return "";
  if (!row.entry->allocated) return "excluded";
  return row.entry->type == EntryType::file ? "pending" : "not_regular";
}

InodeFate fate_of(const GenerationRow& row) {
  InodeFate fate;
  fate.status = "pending";
  fate.disposition = disposition_of(row);
  if (row.copy != nullptr) {
    const bool stored =
        row.copy->outcome == CopyOutcome::copied || row.copy->outcome == CopyOutcome::duplicate;
    fate.copied = stored;
    if (stored) {
      fate.status = "success";
    } else {
      const bool permanent = row.copy->error_type == FileErrorType::io_error;
      fate.status = permanent ? "failed_permanent" : "failed_retryable";
      fate.error_type = row.copy->error_type == FileErrorType::none
                            ? to_string(FileErrorType::unknown)
                            : to_string(row.copy->error_type);
    }
  } else if (row.entry->type != EntryType::file) {
    fate.copied = true;
    fate.claimed_by = "NON_FILE";
  } else if (row.rule) {
    fate.copied = true;
    fate.claimed_by = "EXCLUDED";
  } else if (!row.entry->allocated) {
    fate.copied = true;
    fate.claimed_by = "EXCLUDED: not_allocated";
  }
  return fate;
}

std::string_view mime_type_of(EntryType type) {
  switch (type) {
    case EntryType::directory:
      return "inode/directory";
    case EntryType::symlink:
      return "inode/symlink";
    case EntryType::block_device:
      return "inode/blockdevice";
    case EntryType::char_device:
      return "inode/chardevice";
    case EntryType::fifo:
      return "inode/fifo";
    case EntryType::socket:
      return "inode/socket";
    default:
      return "";
  }
}

}  // namespace ntt::projector
