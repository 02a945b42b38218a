// Mapfile is what GNU ddrescue's mapfile says of a rescue: how much of the medium was read.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "events/payload.h"
#include "events/result.h"
#include "stages/byte_range.h"

namespace ntt::stages {

struct Mapfile {
  std::uint64_t total_bytes = 0;  // of all blocks
  std::uint64_t rescued_bytes = 0;
  std::uint64_t bad_bytes = 0;
  std::uint64_t non_tried_bytes = 0;
  std::uint64_t non_trimmed_bytes = 0;
  std::uint64_t non_scraped_bytes = 0;
  std::uint64_t bad_regions = 0;        // blocks of status "-"
  std::vector<events::Region> regions;  // the first 1000 blocks that are not rescued
  std::vector<ByteRange> unrescued;     // all of them, neighbours joined, rising
  std::uint64_t begin = 0;              // of the first block
  std::uint64_t end = 0;                // of the last one
  bool operator==(const Mapfile&) const = default;
};

// Whether the text says of itself that ddrescue wrote it.
bool looks_like_mapfile(std::string_view text);

// Pure: any text gives a Mapfile or Errc::invalid, which names the line. Blocks must follow each
// other without gap or overlap, as ddrescue writes them.
events::Result<Mapfile> parse_mapfile(std::string_view text);

// The file parsed, with its path and digest. Errors: not_found (no such file, or one that ddrescue
// did not write), invalid, io.
events::Result<events::MapfileObserved> read_mapfile(const std::string& path);

// What of the medium the image beside this mapfile does not have: there it holds zeros, or nothing.
// Bytes of the image that no block covers are among it: a mapfile that was cut says nothing of
// them. Errors as read_mapfile().
events::Result<std::vector<ByteRange>> read_unrescued(const std::string& path,
                                                      std::uint64_t image_bytes);

}  // namespace ntt::stages
