// Opening what lies beneath a directory, whatever the length of the path, without leaving it.

#pragma once

#include <string_view>

#include "stages/file_descriptor.h"

namespace ntt::stages {

// Opens `path` (relative, no leading slash; empty: the root itself) beneath `root`. No component
// may be a symbolic link or "..". O_CLOEXEC is added, and O_NOATIME where the system allows it.
// On failure the descriptor is not open and errno says why.
FileDescriptor open_beneath(int root, std::string_view path, int flags);

// openat(2) of one name in an open directory, with O_NOFOLLOW and the same additions.
FileDescriptor open_name(int directory, const char* name, int flags);

}  // namespace ntt::stages
