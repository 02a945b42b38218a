// FAT short names byte for byte: libtsk replaces what is not plain ASCII in them.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stages/reader/image.h"

namespace ntt::reader {

// Where the directory entries of a FAT volume lie, from its boot sector. libtsk numbers every
// 32-byte slot from the first sector behind the FATs on, beginning with 3.
struct FatSlots {
  std::uint64_t first_byte = 0;  // in the image
};

// Nothing when the boot sector cannot be read or makes no sense. `volume` is its offset in the
// image. Source: Microsoft, "FAT32 File System Specification" 1.03, 2000.
std::optional<FatSlots> find_fat_slots(Image& image, std::uint64_t volume);

// The name of 32 raw bytes of a directory entry: base and extension without their padding, bytes as
// they are; lower case where the entry's flags (byte 12) say so.
std::string fat_short_name(std::string_view slot);

// The short name that libtsk gave as `altered`, read anew; nothing when the slot holds another.
std::optional<std::string> read_fat_short_name(Image& image, const FatSlots& slots,
                                               std::uint64_t inode, std::string_view altered);

}  // namespace ntt::reader
