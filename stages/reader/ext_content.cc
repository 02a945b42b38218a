// Maps ext2/3/4 inodes to runs of the image: extents, block maps and inline data.

#include <string>

#include "stages/reader/ext_file_system.h"

namespace ntt::reader {

namespace wire = stages::wire;
using events::FileErrorType;
using wire::ReadDone;

namespace {

constexpr std::size_t kRunsMax = 1U << 22U;

// Joins a run to the one before where both are adjacent in the file and on the medium.
void add_run(std::vector<Run>& runs, const Run& run) {
  if (!runs.empty()) {
    Run& last = runs.back();
    const bool adjacent = last.zeros == run.zeros &&
                          last.file_offset + last.length == run.file_offset &&
                          (run.zeros || last.image_offset + last.length == run.image_offset);
    if (adjacent) {
      last.length += run.length;
      return;
    }
  }
  runs.push_back(run);
}

errcode_t extent_runs(ext2_filsys fs, ext2_ino_t number, ext2_inode& inode, std::uint64_t base,
                      std::vector<Run>& runs) {
  ext2_extent_handle_t handle = nullptr;
  errcode_t failure = ext2fs_extent_open2(fs, number, &inode, &handle);
  if (failure != 0) return failure;
  ext2fs_extent extent{};
  int step = EXT2_EXTENT_ROOT;
  while (runs.size() < kRunsMax) {
    failure = ext2fs_extent_get(handle, step, &extent);
    if (failure == EXT2_ET_EXTENT_NO_NEXT || failure == EXT2_ET_NO_CURRENT_NODE) {
      failure = 0;
      break;
    }
    if (failure != 0) break;
    step = EXT2_EXTENT_NEXT;
    const bool leaf = (extent.e_flags & EXT2_EXTENT_FLAGS_LEAF) != 0;
    if (leaf) {
      add_run(runs, {extent.e_lblk * fs->blocksize, std::uint64_t{extent.e_len} * fs->blocksize,
                     base + extent.e_pblk * fs->blocksize,
                     (extent.e_flags & EXT2_EXTENT_FLAGS_UNINIT) != 0});
    }
  }
  ext2fs_extent_free(handle);
  return failure;
}

struct BlockMap {
  std::uint64_t base;
  std::vector<Run>* runs;
};

int add_block(ext2_filsys fs, blk64_t* block, e2_blkcnt_t index, blk64_t /*ref_block*/,
              int /*ref_offset*/, void* context) {
  const auto& map = *static_cast<BlockMap*>(context);
  add_run(*map.runs, {static_cast<std::uint64_t>(index) * fs->blocksize, fs->blocksize,
                      map.base + *block * fs->blocksize, false});
  return map.runs->size() < kRunsMax ? 0 : BLOCK_ABORT;
}

ReadDone library_failure(errcode_t failure) {
  return io_failure(std::string("libext2fs: ") + error_message(failure));
}

ReadDone read_inline(ext2_filsys fs, ext2_ino_t number, ext2_inode& inode, std::uint64_t size,
                     Content& content) {
  std::size_t count = 0;
  if (const errcode_t failure = ext2fs_inline_data_size(fs, number, &count); failure != 0) {
    return library_failure(failure);
  }
  std::string bytes(count, '\0');
  if (const errcode_t failure = ext2fs_inline_data_get(fs, number, &inode, bytes.data(), &count);
      failure != 0) {
    return library_failure(failure);
  }
  if (size > count) return io_failure("the inode holds fewer bytes than it claims");
  return content.send_bytes(std::string_view(bytes).substr(0, size));
}

}  // namespace

errcode_t ext_runs(ext2_filsys fs, ext2_ino_t number, ext2_inode& inode, std::uint64_t base,
                   std::vector<Run>& runs) {
  if ((inode.i_flags & EXT4_EXTENTS_FL) != 0) return extent_runs(fs, number, inode, base, runs);
  if (!ext2fs_inode_has_valid_blocks2(fs, &inode)) return 0;
  BlockMap map{base, &runs};
  return ext2fs_block_iterate3(fs, number, BLOCK_FLAG_DATA_ONLY | BLOCK_FLAG_READ_ONLY, nullptr,
                               add_block, &map);
}

ReadDone read_ext_inode(ext2_filsys fs, ext2_ino_t number, std::uint64_t base, Content& content) {
  ext2_inode inode{};
  errcode_t failure = ext2fs_read_inode(fs, number, &inode);
  if (failure != 0) return library_failure(failure);
  const std::uint64_t size = EXT2_I_SIZE(&inode);
  if ((inode.i_flags & EXT4_ENCRYPT_FL) != 0) {
    return {FileErrorType::unknown, "the file is encrypted by the file system"};
  }
  if ((inode.i_flags & EXT4_INLINE_DATA_FL) != 0) {
    return read_inline(fs, number, inode, size, content);
  }
  std::vector<Run> runs;
  failure = ext_runs(fs, number, inode, base, runs);
  if (failure != 0) return library_failure(failure);
  if (runs.size() >= kRunsMax) return io_failure("the file is in too many pieces to be read");
  return content.send_runs(runs, size, true);
}

}  // namespace ntt::reader
