// What the tables `inode` and `path` of an earlier system hold of a medium, whoever reads them.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "events/result.h"
#include "events/types.h"

namespace ntt::stages {

// A row of `inode`. Texts are empty where the column is NULL or missing.
struct LegacyInode {
  std::uint64_t inode = 0;
  std::uint64_t device = 0;
  std::uint32_t link_count = 0;
  std::uint64_t size = 0;                   // bytes
  std::optional<std::int64_t> modify_time;  // seconds since 1970
  char type = 'u';                          // find's %y letter
  std::string blob;                         // as it stands there
  std::string mime_type;
  bool copied = false;
  std::string claimed_by;
  std::string status;
  std::string error_type;
  std::string error;  // the last of `errors`
  std::optional<events::Timestamp> processed_at;
};

// A row of `path`.
struct LegacyPath {
  std::string path;  // bytes, relative to the root of its volume
  std::uint64_t device = 0;
  std::string exclude_reason;
};

// All paths of a volume that have one inode number, in order, and the inode if there is one.
// Without paths: an inode that no path leads to, in a medium of one volume.
struct LegacyFile {
  std::uint64_t inode_number = 0;
  std::optional<LegacyInode> inode;
  std::vector<LegacyPath> paths;
  // Paths of another volume have this number too, and there is one row for all of them.
  bool is_shared_number = false;
};

// A part of the medium with inode numbers of its own.
struct LegacyVolume {
  std::uint32_t volume = 0;  // 0: the whole medium
  std::string root;          // bytes; where it was mounted, without a slash at the end
};

class LegacyRows {
 public:
  virtual ~LegacyRows() = default;
  // What was begun and not read to its end is given up; read() may be called again.
  virtual void rewind() = 0;
  // Nothing more is read of this medium, so nothing need be held for it.
  virtual void release() = 0;
  // `visit` may change what it is given. Visits every file of the volume by rising inode number,
  // the same each time as long as the tables are the same. An error of `visit` ends the reading.
  virtual events::Status read(const LegacyVolume& volume,
                              const std::function<events::Status(LegacyFile&)>& visit) = 0;
};

}  // namespace ntt::stages
