// The survey of an image: partition tables, and what lies in each region.

#pragma once

#include <string>
#include <vector>

#include "stages/reader/file_system.h"
#include "stages/reader/image.h"
#include "stages/reader/reply.h"

namespace ntt::reader {

// Sends the allocated partitions of every table that the image has.
void send_tables(Image& image, Reply& reply, const stages::wire::TablesRequest& request);

// Sends everything found in a region: each file system that can be opened, by trying all of them,
// and whatever else has a name. Last, when nothing at all was found, what fills the region.
void send_probe(Image& image, Reply& reply, const stages::wire::ProbeRequest& request);

// Something that libblkid recognises.
struct Signature {
  std::string type;   // libblkid's name: "ext4", "LVM2_member", ...
  std::string usage;  // "filesystem", "raid", "crypto", "other"
  std::string label;
  std::string uuid;
};
std::vector<Signature> find_signatures(Image& image, const ByteRange& region);

}  // namespace ntt::reader
