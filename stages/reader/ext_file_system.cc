// ext2, ext3 and ext4 by libext2fs over an I/O manager that only reads.

#include "stages/reader/ext_file_system.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "events/bytes.h"
#include "stages/reader/file_system.h"

namespace ntt::reader {

namespace wire = stages::wire;
using events::Errc;
using events::Error;

namespace {

constexpr int kOpenFlags = EXT2_FLAG_64BITS | EXT2_FLAG_SKIP_MMP | EXT2_FLAG_IGNORE_CSUM_ERRORS;
constexpr std::uint64_t kSymlinkBytesMax = 1U << 16U;

// What the I/O manager reads from. libext2fs hands a name to open(); ours is its address.
struct Medium {
  Image* image;
  std::uint64_t base;
};

Medium* medium_of(io_channel channel) {
  return static_cast<Medium*>(channel->private_data);
}

errcode_t close_channel(io_channel channel) {
  channel->refcount -= 1;
  if (channel->refcount > 0) return 0;
  std::free(channel->name);
  std::free(channel);
  return 0;
}

errcode_t set_block_size(io_channel channel, int size) {
  channel->block_size = size;
  return 0;
}

// A negative count is a number of bytes.
errcode_t read_blocks64(io_channel channel, unsigned long long block, int count, void* out) {
  const auto block_size = static_cast<std::uint64_t>(channel->block_size);
  const std::uint64_t length = count < 0 ? static_cast<std::uint64_t>(-static_cast<long>(count))
                                         : static_cast<std::uint64_t>(count) * block_size;
  Medium& medium = *medium_of(channel);
  if (block > medium.image->size() / block_size) return EXT2_ET_SHORT_READ;
  if (medium.image->read(medium.base + block * block_size, out, length)) return 0;
  const int number = medium.image->last_failure().error_number;
  return number == 0 ? EXT2_ET_SHORT_READ : number;
}

errcode_t read_blocks(io_channel channel, unsigned long block, int count, void* out) {
  return read_blocks64(channel, block, count, out);
}

errcode_t refuse_write(io_channel /*channel*/, unsigned long /*block*/, int /*count*/,
                       const void* /*data*/) {
  return EROFS;
}

errcode_t refuse_write64(io_channel /*channel*/, unsigned long long /*block*/, int /*count*/,
                         const void* /*data*/) {
  return EROFS;
}

errcode_t do_nothing(io_channel /*channel*/) {
  return 0;
}

errcode_t open_channel(const char* name, int flags, io_channel* out);

// libext2fs takes the manager by a pointer that is not const, and never writes to it.
struct_io_manager image_io_manager = [] {
  struct_io_manager manager{};
  manager.magic = EXT2_ET_MAGIC_IO_MANAGER;
  manager.name = "ntt image, read-only";
  manager.open = open_channel;
  manager.close = close_channel;
  manager.set_blksize = set_block_size;
  manager.read_blk = read_blocks;
  manager.write_blk = refuse_write;
  manager.flush = do_nothing;
  manager.read_blk64 = read_blocks64;
  manager.write_blk64 = refuse_write64;
  return manager;
}();

errcode_t open_channel(const char* name, int /*flags*/, io_channel* out) {
  auto* channel = static_cast<io_channel>(std::calloc(1, sizeof(struct_io_channel)));
  if (channel == nullptr) return EXT2_ET_NO_MEMORY;
  channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
  channel->manager = &image_io_manager;
  channel->name = strdup(name);
  channel->block_size = 1024;
  channel->refcount = 1;
  std::sscanf(name, "%p", &channel->private_data);
  *out = channel;
  return 0;
}

std::string library_message(errcode_t failure) {
  return std::string("libext2fs: ") + error_message(failure);
}

int errno_of(errcode_t failure) {
  return failure > 0 && failure < 4096 ? static_cast<int>(failure) : EIO;
}

EntryType type_of_mode(std::uint16_t mode) {
  switch (mode & LINUX_S_IFMT) {
    case LINUX_S_IFREG:
      return EntryType::file;
    case LINUX_S_IFDIR:
      return EntryType::directory;
    case LINUX_S_IFLNK:
      return EntryType::symlink;
    case LINUX_S_IFBLK:
      return EntryType::block_device;
    case LINUX_S_IFCHR:
      return EntryType::char_device;
    case LINUX_S_IFIFO:
      return EntryType::fifo;
    case LINUX_S_IFSOCK:
      return EntryType::socket;
    default:
      return EntryType::unknown;
  }
}

EntryType type_of_dirent(int file_type) {
  static constexpr EntryType kTypes[] = {
      EntryType::unknown,      EntryType::file, EntryType::directory, EntryType::char_device,
      EntryType::block_device, EntryType::fifo, EntryType::socket,    EntryType::symlink};
  return file_type >= 0 && file_type < 8 ? kTypes[file_type] : EntryType::unknown;
}

// The low two bits of `extra` extend the seconds, the rest are nanoseconds.
events::Nanos time_of(std::uint32_t seconds, std::uint32_t extra) {
  const std::int64_t epoch = static_cast<std::int64_t>(extra & 3U) << 32U;
  return (static_cast<std::int32_t>(seconds) + epoch) * events::kNanosPerSecond + (extra >> 2U);
}

void take_times(const ext2_inode_large& inode, std::size_t inode_size, Entry& entry) {
  const std::size_t extra_end =
      inode_size > EXT2_GOOD_OLD_INODE_SIZE ? EXT2_GOOD_OLD_INODE_SIZE + inode.i_extra_isize : 0;
  const auto extra = [&](const __u32& field) -> std::uint32_t {
    const auto offset = static_cast<std::size_t>(reinterpret_cast<const char*>(&field) -
                                                 reinterpret_cast<const char*>(&inode));
    return offset + sizeof field <= std::min(extra_end, inode_size) ? field : 0;
  };
  entry.modify_time = time_of(inode.i_mtime, extra(inode.i_mtime_extra));
  entry.access_time = time_of(inode.i_atime, extra(inode.i_atime_extra));
  entry.change_time = time_of(inode.i_ctime, extra(inode.i_ctime_extra));
  const events::Nanos birth = time_of(extra(inode.i_crtime), extra(inode.i_crtime_extra));
  if (birth != 0) entry.birth_time = birth;  // 0: the inode has no room for it, or it was not set
}

class ExtFileSystem final : public FileSystem {
 public:
  ExtFileSystem(std::unique_ptr<Medium> medium, Ext2Handle fs, const OpenOptions& options)
      : medium_(std::move(medium)), fs_(std::move(fs)), options_(options) {}

  Entry root() override {
    Entry entry;
    entry.type = EntryType::directory;
    entry.inode = EXT2_ROOT_INO;
    examine(entry);
    entry.type = EntryType::directory;
    return entry;
  }

  Listing list(const Entry& directory, const std::function<void(Entry&&)>& child) override;

  wire::ReadDone read(const wire::ReadRequest& request, Content& content) override {
    if (request.inode == 0 || request.inode > fs_->super->s_inodes_count) {
      return io_failure("there is no such inode");
    }
    return read_ext_inode(fs_.get(), static_cast<ext2_ino_t>(request.inode), medium_->base,
                          content);
  }

 private:
  struct Iteration {
    ExtFileSystem* self;
    const std::function<void(Entry&&)>* child;
    std::uint64_t handed = 0;
    std::uint64_t skip = 0;
  };
  static int visit(ext2_ino_t directory, int kind, ext2_dir_entry* dirent, int offset,
                   int block_size, char* block, void* context);
  void hand_over(const ext2_dir_entry& dirent, bool allocated, Iteration& iteration);
  void examine(Entry& entry);
  void examine_deleted(Entry& entry);
  bool read_inode(Entry& entry, ext2_inode_large& inode);
  void take_inode(const ext2_inode_large& inode, Entry& entry);
  void take_symlink(ext2_inode_large& inode, Entry& entry);
  void salvage(ext2_ino_t number, Iteration& iteration);

  std::unique_ptr<Medium> medium_;
  Ext2Handle fs_;
  OpenOptions options_;
};

bool ExtFileSystem::read_inode(Entry& entry, ext2_inode_large& inode) {
  if (entry.inode == 0 || entry.inode > fs_->super->s_inodes_count) {
    entry.error_number = EUCLEAN;
    entry.error_message = "the entry names an inode that the file system does not have";
    return false;
  }
  const errcode_t failure =
      ext2fs_read_inode_full(fs_.get(), static_cast<ext2_ino_t>(entry.inode),
                             reinterpret_cast<ext2_inode*>(&inode), sizeof inode);
  if (failure == 0) return true;
  entry.error_number = static_cast<std::uint32_t>(errno_of(failure));
  entry.error_message = "the inode cannot be read: " + library_message(failure);
  return false;
}

void ExtFileSystem::take_inode(const ext2_inode_large& inode, Entry& entry) {
  entry.type = type_of_mode(inode.i_mode);
  entry.link_count = inode.i_links_count;
  entry.mode = inode.i_mode & 07777U;
  entry.uid = inode_uid(inode);
  entry.gid = inode_gid(inode);
  entry.size = EXT2_I_SIZE(&inode);
  take_times(inode, EXT2_INODE_SIZE(fs_->super), entry);
}

void ExtFileSystem::examine(Entry& entry) {
  ext2_inode_large inode{};
  if (!read_inode(entry, inode)) return;
  take_inode(inode, entry);
  if (inode.i_mode == 0) {
    entry.error_number = EUCLEAN;
    entry.error_message = "the entry names an inode that is not in use";
  } else if (entry.type == EntryType::symlink) {
    take_symlink(inode, entry);
  }
}

// An inode that is in use again says nothing about the deleted file.
void ExtFileSystem::examine_deleted(Entry& entry) {
  ext2_inode_large inode{};
  const EntryType named = entry.type;
  if (!read_inode(entry, inode)) {
    entry.error_number = 0;
    entry.error_message.clear();
    return;
  }
  if (inode.i_links_count == 0 && inode.i_mode != 0) take_inode(inode, entry);
  if (entry.type == EntryType::unknown) entry.type = named;
}

void ExtFileSystem::take_symlink(ext2_inode_large& inode, Entry& entry) {
  auto* small = reinterpret_cast<ext2_inode*>(&inode);
  const auto number = static_cast<ext2_ino_t>(entry.inode);
  const std::uint64_t size = entry.size;
  errcode_t failure = 0;
  if (ext2fs_is_fast_symlink(small) != 0) {
    const auto* text = reinterpret_cast<const char*>(small->i_block);
    entry.symlink_target.assign(text, std::min<std::uint64_t>(size, sizeof small->i_block));
    return;
  }
  if (size > kSymlinkBytesMax) {
    failure = EXT2_ET_INODE_CORRUPTED;
  } else if ((inode.i_flags & EXT4_INLINE_DATA_FL) != 0) {
    std::string text(kSymlinkBytesMax, '\0');
    std::size_t count = text.size();
    failure = ext2fs_inline_data_get(fs_.get(), number, small, text.data(), &count);
    if (failure == 0) entry.symlink_target = text.substr(0, std::min<std::size_t>(size, count));
  } else {
    std::vector<Run> runs;
    failure = ext_runs(fs_.get(), number, *small, medium_->base, runs);
    std::string text(size, '\0');
    if (failure == 0 && (runs.empty() || runs[0].length < size || runs[0].file_offset != 0 ||
                         !medium_->image->read(runs[0].image_offset, text.data(), size))) {
      failure = EXT2_ET_SHORT_READ;
    }
    if (failure == 0) entry.symlink_target = std::move(text);
  }
  if (failure == 0) return;
  entry.error_number = EIO;
  entry.error_message = "the link's target cannot be read: " + library_message(failure);
}

void ExtFileSystem::hand_over(const ext2_dir_entry& dirent, bool allocated, Iteration& iteration) {
  const auto length = static_cast<std::size_t>(ext2fs_dirent_name_len(&dirent));
  const std::string_view name(dirent.name, length);
  if (name == "." || name == "..") return;
  // Deleted names do not count: salvage() gives only the others again.
  if (allocated && ++iteration.handed <= iteration.skip) return;
  Entry entry;
  entry.path = name;
  entry.inode = dirent.inode;
  entry.allocated = allocated;
  entry.type = type_of_dirent(ext2fs_dirent_file_type(&dirent));
  if (allocated) {
    examine(entry);
  } else {
    examine_deleted(entry);
    if (entry.type == EntryType::directory)
      entry.type = EntryType::unknown;  // nothing to descend to
  }
  (*iteration.child)(std::move(entry));
}

int ExtFileSystem::visit(ext2_ino_t /*directory*/, int kind, ext2_dir_entry* dirent, int /*offset*/,
                         int /*block_size*/, char* /*block*/, void* context) {
  auto& iteration = *static_cast<Iteration*>(context);
  const bool deleted = kind == DIRENT_DELETED_FILE;
  if (kind == DIRENT_CHECKSUM || (deleted && !iteration.self->options_.deleted_entries)) return 0;
  if (deleted && ext2fs_dirent_name_len(dirent) == 0) return 0;
  iteration.self->hand_over(*dirent, !deleted, iteration);
  return 0;
}

Listing ExtFileSystem::list(const Entry& directory, const std::function<void(Entry&&)>& child) {
  if (directory.inode == 0 || directory.inode > fs_->super->s_inodes_count) {
    return {EUCLEAN, "there is no such inode"};
  }
  const auto number = static_cast<ext2_ino_t>(directory.inode);
  Iteration iteration{this, &child};
  const std::uint64_t failures = medium_->image->failures();
  const errcode_t failure = ext2fs_dir_iterate2(
      fs_.get(), number, options_.deleted_entries ? DIRENT_FLAG_INCLUDE_REMOVED : 0, nullptr, visit,
      &iteration);
  if (failure == 0) return {};
  Listing listing{errno_of(failure),
                  "the directory cannot be read whole: " + library_message(failure)};
  if (medium_->image->failures() != failures) {
    listing.message += " (" + describe(medium_->image->last_failure()) + ")";
  }
  salvage(number, iteration);
  return listing;
}

// libext2fs gives up at the first bad block. The blocks after it still hold names.
void ExtFileSystem::salvage(ext2_ino_t number, Iteration& iteration) {
  ext2_inode inode{};
  if (ext2fs_read_inode(fs_.get(), number, &inode) != 0 || !LINUX_S_ISDIR(inode.i_mode) ||
      (inode.i_flags & (EXT4_INLINE_DATA_FL | EXT4_ENCRYPT_FL)) != 0) {
    return;
  }
  std::vector<Run> runs;
  static_cast<void>(ext_runs(fs_.get(), number, inode, 0, runs));
  iteration.skip = std::exchange(iteration.handed, 0);
  std::vector<char> block(fs_->blocksize);
  for (const Run& run : runs) {
    for (std::uint64_t at = 0; at < run.length; at += fs_->blocksize) {
      if (run.file_offset + at >= EXT2_I_SIZE(&inode)) return;
      const blk64_t number_of_block = (run.image_offset + at) / fs_->blocksize;
      if (ext2fs_read_dir_block4(fs_.get(), number_of_block, block.data(), 0, number) != 0)
        continue;
      for (unsigned offset = 0; offset + 12 <= fs_->blocksize;) {
        const auto* dirent = reinterpret_cast<const ext2_dir_entry*>(block.data() + offset);
        unsigned length = 0;
        if (ext2fs_get_rec_len(fs_.get(), const_cast<ext2_dir_entry*>(dirent), &length) != 0 ||
            length < 8 || length % 4 != 0 || offset + length > fs_->blocksize ||
            static_cast<unsigned>(ext2fs_dirent_name_len(dirent)) + 8 > length) {
          break;
        }
        if (dirent->inode != 0) hand_over(*dirent, true, iteration);
        offset += length;
      }
    }
  }
}

void take_facts(const ext2_super_block& super, Facts& facts) {
  const bool ext4 =
      (super.s_feature_incompat & ~(EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_RECOVER |
                                    EXT2_FEATURE_INCOMPAT_META_BG)) != 0 ||
      (super.s_feature_ro_compat &
       ~(EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE)) != 0;
  const bool journal = (super.s_feature_compat & EXT3_FEATURE_COMPAT_HAS_JOURNAL) != 0;
  facts.filesystem = ext4 ? "ext4" : journal ? "ext3" : "ext2";
  const auto* label = reinterpret_cast<const char*>(super.s_volume_name);
  facts.label.assign(label, strnlen(label, sizeof super.s_volume_name));
  const std::string hex =
      events::to_hex({reinterpret_cast<const char*>(super.s_uuid), sizeof super.s_uuid});
  facts.uuid = hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
               hex.substr(16, 4) + "-" + hex.substr(20);
  if ((super.s_feature_incompat & EXT3_FEATURE_INCOMPAT_RECOVER) != 0) {
    facts.message = "the journal was not replayed; changes that only it holds are not seen";
  }
}

}  // namespace

Opened open_ext(Image& image, const wire::FileSystemId& id, const OpenOptions& options,
                Facts* facts) {
  initialize_ext2_error_table();
  auto medium = std::make_unique<Medium>(Medium{&image, id.offset});
  char name[32];
  std::snprintf(name, sizeof name, "%p", static_cast<void*>(medium.get()));
  // A backup superblock is named by its block, which fixes the block size (see probe.cc).
  const unsigned block_size = id.parameter == 0       ? 0
                              : id.parameter == 8193  ? 1024
                              : id.parameter == 16384 ? 2048
                                                      : 4096;
  ext2_filsys fs = nullptr;
  const errcode_t failure = ext2fs_open2(name, nullptr, kOpenFlags, static_cast<int>(id.parameter),
                                         block_size, &image_io_manager, &fs);
  if (failure != 0) return Error{Errc::invalid, library_message(failure)};
  Ext2Handle handle(fs);
  if (facts != nullptr) {
    take_facts(*fs->super, *facts);
    facts->length = ext2fs_blocks_count(fs->super) * fs->blocksize;
  }
  return std::unique_ptr<FileSystem>(
      std::make_unique<ExtFileSystem>(std::move(medium), std::move(handle), options));
}

}  // namespace ntt::reader
