// The words for outcomes, as tables and people read them.

#include "events/batch.h"

namespace ntt::events {

std::string_view to_string(CopyOutcome outcome) {
  switch (outcome) {
    case CopyOutcome::copied:
      return "copied";
    case CopyOutcome::duplicate:
      return "duplicate";
    case CopyOutcome::partial:
      return "partial";
    case CopyOutcome::failed:
      return "failed";
  }
  return "unknown";
}

std::string_view to_string(FileErrorType type) {
  switch (type) {
    case FileErrorType::none:
      return "none";
    case FileErrorType::path_error:
      return "path_error";
    case FileErrorType::io_error:
      return "io_error";
    case FileErrorType::hash_error:
      return "hash_error";
    case FileErrorType::permission_error:
      return "permission_error";
    case FileErrorType::unknown:
      break;
  }
  return "unknown";
}

std::string_view to_string(VerifyOutcome outcome) {
  switch (outcome) {
    case VerifyOutcome::intact:
      return "intact";
    case VerifyOutcome::mismatched:
      return "mismatched";
    case VerifyOutcome::missing:
      return "missing";
    case VerifyOutcome::unreadable:
      return "unreadable";
  }
  return "unknown";
}

}  // namespace ntt::events
