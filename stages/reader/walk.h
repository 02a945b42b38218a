// The walk over one file system: every directory opened once, without a limit of depth.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stages/reader/file_system.h"
#include "stages/reader/reply.h"

namespace ntt::reader {

// Something that tests make go wrong when the walk or a read reaches `path`.
struct Fault {
  enum class Kind { none, crash, hang, exhaust_memory, garbage };
  Kind kind = Kind::none;
  std::string path;  // ends with '*': every path that begins with what is before it
  // Does not return for crash, hang and exhaust_memory.
  void strike(std::string_view reached, Reply& reply) const;
};

// Sends every entry in directory order, depth first. A directory's own entry comes just before its
// children, or, when they are more than a few thousand, just after them, because it says whether
// the listing is whole.
stages::wire::WalkDone walk(FileSystem& file_system, Reply& reply,
                            const std::vector<stages::wire::BarredDirectory>& barred,
                            const Fault& fault);

}  // namespace ntt::reader
