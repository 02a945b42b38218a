// errno values as the domain's error types.

#include "stages/file_error.h"

#include <cerrno>

#include "events/result.h"

namespace ntt::stages {

events::FileErrorType file_error_type(int error_number) {
  using events::FileErrorType;
  switch (error_number) {
    case 0:
      return FileErrorType::none;
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
    case EXDEV:
      return FileErrorType::path_error;
    case EACCES:
    case EPERM:
      return FileErrorType::permission_error;
    case EIO:
      return FileErrorType::io_error;
    default:
      return FileErrorType::unknown;
  }
}

std::string error_text(std::string_view what, int error_number) {
  return events::errno_error(what, error_number).message;
}

}  // namespace ntt::stages
