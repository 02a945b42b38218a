// Volumes of an APFS pool, and the content of files that libtsk finds.

#pragma once

#include <vector>

#include "stages/reader/content.h"
#include "stages/reader/file_system.h"
#include "stages/reader/tsk_image.h"

namespace ntt::reader {

// The volumes of the APFS container at `offset`; empty: there is none, `message` says why.
std::vector<stages::wire::FoundVolume> apfs_volumes(Image& image,
                                                    const stages::wire::FileSystemId& region,
                                                    std::string& message);

stages::wire::ReadDone read_tsk_file(TSK_FS_INFO& fs, Image& image, std::uint64_t inode,
                                     Content& content);

}  // namespace ntt::reader
