// The content of files in file systems that libtsk reads: by runs where it can be, so that no byte
// passes through libtsk's cache, else through libtsk with every failed read noticed.

#include <algorithm>

#include "stages/reader/tsk_file_system.h"

namespace ntt::reader {

namespace wire = stages::wire;
using events::FileErrorType;
using wire::ReadDone;

namespace {

bool allows_holes(const TSK_FS_INFO& fs) {
  return !TSK_FS_TYPE_ISFAT(fs.ftype) && !TSK_FS_TYPE_ISHFS(fs.ftype);
}

bool readable_by_runs(const TSK_FS_INFO& fs, const TSK_FS_ATTR& attribute) {
  const bool plain =
      (attribute.flags & TSK_FS_ATTR_NONRES) != 0 && (attribute.flags & TSK_FS_ATTR_COMP) == 0;
  return plain && fs.img_info->itype != TSK_IMG_TYPE_POOL;
}

// False: some run is not known or is encrypted.
bool collect_runs(const TSK_FS_INFO& fs, const TSK_FS_ATTR& attribute, std::vector<Run>& runs) {
  const std::uint64_t block = fs.block_size;
  const auto base = static_cast<std::uint64_t>(fs.offset);
  const std::uint64_t skip = attribute.nrd.skiplen;
  const auto initialised = static_cast<std::uint64_t>(attribute.nrd.initsize);
  for (const TSK_FS_ATTR_RUN* at = attribute.nrd.run; at != nullptr; at = at->next) {
    if ((at->flags & (TSK_FS_ATTR_RUN_FLAG_FILLER | TSK_FS_ATTR_RUN_FLAG_ENCRYPTED)) != 0) {
      return false;
    }
    Run run{at->offset * block, at->len * block, base + at->addr * block,
            (at->flags & TSK_FS_ATTR_RUN_FLAG_SPARSE) != 0};
    const std::uint64_t cut =
        run.file_offset < skip ? std::min(skip - run.file_offset, run.length) : 0;
    run.file_offset = run.file_offset + cut - std::min(skip, run.file_offset + cut);
    run.image_offset += cut;
    run.length -= cut;
    if (run.length == 0) continue;
    // NTFS: what lies behind the initialised length was never written.
    if (!run.zeros && run.file_offset + run.length > initialised) {
      const std::uint64_t real = initialised > run.file_offset ? initialised - run.file_offset : 0;
      if (real > 0) runs.push_back({run.file_offset, real, run.image_offset, false});
      runs.push_back({run.file_offset + real, run.length - real, 0, true});
      continue;
    }
    runs.push_back(run);
  }
  return true;
}

}  // namespace

ReadDone read_tsk_file(TSK_FS_INFO& fs, Image& image, std::uint64_t inode, Content& content) {
  tsk_error_reset();
  const TskFile file(tsk_fs_file_open_meta(&fs, nullptr, inode));
  if (file == nullptr || file->meta == nullptr) return io_failure(take_tsk_error());
  const TSK_FS_ATTR* attribute = tsk_fs_file_attr_get(file.get());
  // Some NTFS metadata files have nothing but named streams; libtsk then offers one of those.
  const bool other_stream = attribute != nullptr && fs.ftype == TSK_FS_TYPE_NTFS &&
                            attribute->name != nullptr && *attribute->name != '\0';
  if (attribute == nullptr || other_stream) {
    if (file->meta->size == 0) return {};
    return io_failure("the file's data cannot be found: " + take_tsk_error());
  }
  const auto size = static_cast<std::uint64_t>(std::max<TSK_OFF_T>(attribute->size, 0));
  if ((attribute->flags & TSK_FS_ATTR_ENC) != 0) {
    return {FileErrorType::unknown, "the file is encrypted by the file system"};
  }
  if (readable_by_runs(fs, *attribute)) {
    std::vector<Run> runs;
    if (!collect_runs(fs, *attribute, runs)) {
      return io_failure("a part of the file's block list is missing or encrypted");
    }
    return content.send_runs(runs, size, allows_holes(fs));
  }
  if (auto checked = check_size(size, 0, image.size(), true);
      checked.error_type != FileErrorType::none) {
    return checked;
  }
  return content.send_filled(size, [&](std::uint64_t offset, char* out, std::size_t count) {
    return tsk_fs_attr_read(attribute, static_cast<TSK_OFF_T>(offset), out, count,
                            TSK_FS_FILE_READ_FLAG_NONE) == static_cast<ssize_t>(count);
  });
}

}  // namespace ntt::reader
