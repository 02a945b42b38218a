// The digest of a file as it lies on the disk.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "events/hash.h"

namespace ntt::stages {

struct FileDigest {
  int error_number = 0;    // EISDIR: not a regular file; ECANCELED: go_on() said no
  std::uint64_t size = 0;  // bytes read
  events::Blake3Digest digest;
};

// Reads all of the file through `buffer`. What the system still has in memory of having written it
// is dropped first, for memory is not what is asked about. Follows no symbolic link. `go_on` is
// called with the bytes read so far.
FileDigest digest_of(const std::string& path, std::vector<char>& buffer,
                     const std::function<bool(std::uint64_t)>& go_on);

}  // namespace ntt::stages
