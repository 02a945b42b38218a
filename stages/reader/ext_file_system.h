// The open libext2fs handle and the content of one of its inodes.

#pragma once

#include <ext2fs/ext2fs.h>

#include <memory>

#include "stages/reader/content.h"

namespace ntt::reader {

struct Ext2Close {
  void operator()(ext2_filsys fs) const { ext2fs_free(fs); }
};
using Ext2Handle = std::unique_ptr<struct_ext2_filsys, Ext2Close>;

// The blocks of an inode as runs of the image, in file order. `base`: where the file system begins.
errcode_t ext_runs(ext2_filsys fs, ext2_ino_t number, ext2_inode& inode, std::uint64_t base,
                   std::vector<Run>& runs);

// Content of a regular file or of a long symlink.
stages::wire::ReadDone read_ext_inode(ext2_filsys fs, ext2_ino_t number, std::uint64_t base,
                                      Content& content);

}  // namespace ntt::reader
