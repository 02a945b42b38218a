// FAT, exFAT, NTFS, HFS+, UFS and APFS by libtsk: one tsk_fs_dir_open_meta a directory.

#include "stages/reader/tsk_file_system.h"

#include <cerrno>

#include "events/bytes.h"
#include "stages/reader/fat_short_name.h"

namespace ntt::reader {

namespace wire = stages::wire;
using events::Errc;
using events::Error;
using wire::Attempt;

namespace {

struct PoolClose {
  void operator()(const TSK_POOL_INFO* pool) const { tsk_pool_close(pool); }
};
using TskPool = std::unique_ptr<const TSK_POOL_INFO, PoolClose>;

struct PoolImageClose {
  void operator()(TSK_IMG_INFO* image) const { tsk_img_close(image); }
};
using TskPoolImage = std::unique_ptr<TSK_IMG_INFO, PoolImageClose>;

TSK_FS_TYPE_ENUM tsk_type(Attempt kind) {
  switch (kind) {
    case Attempt::fat:
      return TSK_FS_TYPE_FAT_DETECT;
    case Attempt::ntfs:
      return TSK_FS_TYPE_NTFS_DETECT;
    case Attempt::hfsplus:
      return TSK_FS_TYPE_HFS_DETECT;
    case Attempt::ufs:
      return TSK_FS_TYPE_FFS_DETECT;
    default:
      return TSK_FS_TYPE_APFS;
  }
}

std::string name_of(TSK_FS_TYPE_ENUM type) {
  if (TSK_FS_TYPE_ISHFS(type)) return "hfsplus";
  if (TSK_FS_TYPE_ISFFS(type)) return type == TSK_FS_TYPE_FFS2 ? "ufs2" : "ufs1";
  const char* name = tsk_fs_type_toname(type);
  return name == nullptr ? "unknown" : name;
}

EntryType type_of_meta(TSK_FS_META_TYPE_ENUM type) {
  switch (type) {
    case TSK_FS_META_TYPE_REG:
      return EntryType::file;
    case TSK_FS_META_TYPE_DIR:
      return EntryType::directory;
    case TSK_FS_META_TYPE_LNK:
      return EntryType::symlink;
    case TSK_FS_META_TYPE_BLK:
      return EntryType::block_device;
    case TSK_FS_META_TYPE_CHR:
      return EntryType::char_device;
    case TSK_FS_META_TYPE_FIFO:
      return EntryType::fifo;
    case TSK_FS_META_TYPE_SOCK:
      return EntryType::socket;
    default:
      return EntryType::unknown;
  }
}

EntryType type_of_name(TSK_FS_NAME_TYPE_ENUM type) {
  switch (type) {
    case TSK_FS_NAME_TYPE_REG:
      return EntryType::file;
    case TSK_FS_NAME_TYPE_DIR:
      return EntryType::directory;
    case TSK_FS_NAME_TYPE_LNK:
      return EntryType::symlink;
    default:
      return EntryType::unknown;
  }
}

// libtsk has no "absent": a time that the file system does not keep is 0.
std::optional<events::Nanos> time_of(time_t seconds, std::uint32_t nanos) {
  if (seconds == 0 && nanos == 0) return std::nullopt;
  return static_cast<events::Nanos>(seconds) * events::kNanosPerSecond +
         nanos % events::kNanosPerSecond;
}

void take_meta(const TSK_FS_META& meta, Entry& entry) {
  const EntryType type = type_of_meta(meta.type);
  if (type != EntryType::unknown) entry.type = type;
  entry.inode = meta.addr;
  entry.link_count = static_cast<std::uint32_t>(std::max(meta.nlink, 0));
  entry.size = static_cast<std::uint64_t>(std::max<TSK_OFF_T>(meta.size, 0));
  entry.mode = static_cast<std::uint32_t>(meta.mode) & 07777U;
  entry.uid = meta.uid;
  entry.gid = meta.gid;
  entry.modify_time = time_of(meta.mtime, meta.mtime_nano);
  entry.access_time = time_of(meta.atime, meta.atime_nano);
  entry.change_time = time_of(meta.ctime, meta.ctime_nano);
  entry.birth_time = time_of(meta.crtime, meta.crtime_nano);
  if (meta.link != nullptr) entry.symlink_target = meta.link;
}

// libtsk lists the label of a FAT volume as a file, under a name of its own making.
bool is_volume_label(const TSK_FS_INFO& fs, std::string_view name, const TSK_FS_META* meta) {
  constexpr std::string_view kSuffix = " (Volume Label Entry)";
  return TSK_FS_TYPE_ISFAT(fs.ftype) && meta != nullptr && meta->size == 0 &&
         name.size() >= kSuffix.size() && name.substr(name.size() - kSuffix.size()) == kSuffix;
}

class TskFileSystem final : public FileSystem {
 public:
  // The handles are closed in the opposite order of their opening.
  struct Handles {
    std::unique_ptr<TskImage> image;
    TskPool pool;
    TskPoolImage pool_image;
    TskFs fs;
  };

  TskFileSystem(Image& image, Handles handles, const OpenOptions& options,
                std::optional<FatSlots> fat_slots)
      : image_(image), handles_(std::move(handles)), options_(options), fat_slots_(fat_slots) {}

  Entry root() override {
    Entry entry;
    entry.type = EntryType::directory;
    entry.inode = fs().root_inum;
    const TskFile file(tsk_fs_file_open_meta(&fs(), nullptr, fs().root_inum));
    if (file != nullptr && file->meta != nullptr) take_meta(*file->meta, entry);
    entry.type = EntryType::directory;
    return entry;
  }

  Listing list(const Entry& directory, const std::function<void(Entry&&)>& child) override;

  wire::ReadDone read(const wire::ReadRequest& request, Content& content) override {
    return read_tsk_file(fs(), image_, request.inode, content);
  }

  [[nodiscard]] std::uint64_t other_streams() const override { return other_streams_; }

 private:
  [[nodiscard]] TSK_FS_INFO& fs() const { return *handles_.fs; }
  void hand_over(TSK_FS_FILE& file, bool read_failed, const std::function<void(Entry&&)>& child);
  void count_streams(TSK_FS_FILE& file);

  Image& image_;
  Handles handles_;
  OpenOptions options_;
  std::optional<FatSlots> fat_slots_;  // of a FAT volume
  std::uint64_t other_streams_ = 0;
};

void TskFileSystem::count_streams(TSK_FS_FILE& file) {
  const bool ntfs = fs().ftype == TSK_FS_TYPE_NTFS;
  const bool hfs = TSK_FS_TYPE_ISHFS(fs().ftype);
  if (!ntfs && !hfs && fs().ftype != TSK_FS_TYPE_APFS) return;
  const int count = tsk_fs_file_attr_getsize(&file);
  for (int i = 0; i < count; ++i) {
    const TSK_FS_ATTR* attribute = tsk_fs_file_attr_get_idx(&file, i);
    if (attribute == nullptr) continue;
    const std::string_view name = attribute->name == nullptr ? "" : attribute->name;
    const bool named_data = ntfs && attribute->type == TSK_FS_ATTR_TYPE_NTFS_DATA && !name.empty();
    const bool fork = hfs ? attribute->type == TSK_FS_ATTR_TYPE_HFS_RSRC && attribute->size > 0
                          : !ntfs && name == "com.apple.ResourceFork";
    if (named_data || fork) other_streams_ += 1;
  }
}

void TskFileSystem::hand_over(TSK_FS_FILE& file, bool read_failed,
                              const std::function<void(Entry&&)>& child) {
  const TSK_FS_NAME& name = *file.name;
  const std::string_view text = name.name == nullptr ? std::string_view() : name.name;
  if (text == "." || text == "..") return;
  // Files that libtsk invents ($OrphanFiles, $FAT1, ...) are not on the medium.
  const TSK_FS_META* meta = file.meta;
  if (name.type == TSK_FS_NAME_TYPE_VIRT || name.type == TSK_FS_NAME_TYPE_VIRT_DIR) return;
  if (meta != nullptr &&
      (meta->type == TSK_FS_META_TYPE_VIRT || meta->type == TSK_FS_META_TYPE_VIRT_DIR)) {
    return;
  }
  if (is_volume_label(fs(), text, meta)) return;
  const bool deleted = (name.flags & TSK_FS_NAME_FLAG_UNALLOC) != 0;
  if (deleted && !options_.deleted_entries) return;
  Entry entry;
  entry.path = text;
  if (fat_slots_ && text.find('^') != std::string_view::npos) {
    auto exact = read_fat_short_name(image_, *fat_slots_, name.meta_addr, text);
    if (exact) entry.path = std::move(*exact);
  }
  entry.allocated = !deleted;
  entry.inode = name.meta_addr;
  entry.type = type_of_name(name.type);
  // A deleted name may point to an inode that something else uses by now.
  const bool reused = deleted && meta != nullptr && (meta->flags & TSK_FS_META_FLAG_ALLOC) != 0;
  if (meta != nullptr && !reused) {
    take_meta(*meta, entry);
    if (!deleted) count_streams(file);
  } else if (!deleted) {
    entry.error_number = EIO;
    entry.error_message = "the inode cannot be read: " + take_tsk_error();
  }
  if (read_failed && entry.error_number == 0) {
    entry.error_number = EIO;
    entry.error_message =
        "not all that describes it can be read (" + describe(image_.last_failure()) + ")";
  }
  if (deleted && entry.type == EntryType::directory) entry.type = EntryType::unknown;
  child(std::move(entry));
}

Listing TskFileSystem::list(const Entry& directory, const std::function<void(Entry&&)>& child) {
  tsk_error_reset();
  const std::uint64_t failures = image_.failures();
  const TskDir dir(tsk_fs_dir_open_meta(&fs(), directory.inode));
  Listing listing;
  if (dir == nullptr) {
    listing = {EIO, "the directory cannot be opened: " + take_tsk_error()};
  } else if (image_.failures() != failures) {
    listing = {EIO, "the directory cannot be read whole"};
  }
  if (image_.failures() != failures) {
    listing.message += " (" + describe(image_.last_failure()) + ")";
  }
  const std::size_t count = dir == nullptr ? 0 : tsk_fs_dir_getsize(dir.get());
  for (std::size_t i = 0; i < count; ++i) {
    tsk_error_reset();
    const std::uint64_t failures_before = image_.failures();
    const TskFile file(tsk_fs_dir_get(dir.get(), i));
    if (file == nullptr || file->name == nullptr) {
      if (listing.error_number == 0) listing = {EIO, "an entry was lost: " + take_tsk_error()};
      continue;
    }
    hand_over(*file, image_.failures() != failures_before, child);
  }
  return listing;
}

void take_facts(const TSK_FS_INFO& fs, Facts& facts) {
  facts.filesystem = name_of(fs.ftype);
  facts.length = (fs.last_block + 1) * fs.block_size;
  if (TSK_FS_TYPE_ISFAT(fs.ftype)) facts.time_basis = "local";
}

TskPool open_pool(TskImage& image, std::uint64_t offset) {
  return TskPool(
      tsk_pool_open_img_sing(image.get(), static_cast<TSK_OFF_T>(offset), TSK_POOL_TYPE_APFS));
}

}  // namespace

std::vector<wire::FoundVolume> apfs_volumes(Image& image, const wire::FileSystemId& region,
                                            std::string& message) {
  tsk_error_reset();
  TskImage tsk_image(image, 512);
  const TskPool pool = open_pool(tsk_image, region.offset);
  if (pool == nullptr) {
    message = take_tsk_error();
    return {};
  }
  std::vector<wire::FoundVolume> found;
  for (const TSK_POOL_VOLUME_INFO* volume = pool->vol_list; volume != nullptr;
       volume = volume->next) {
    wire::FoundVolume one;
    one.id = region;
    one.id.kind = Attempt::apfs;
    one.id.parameter = volume->block;
    one.filesystem = "apfs";
    one.label = volume->desc == nullptr ? "" : volume->desc;
    one.length = pool->num_blocks * pool->block_size;
    one.time_basis = "utc";
    one.readable = (volume->flags & TSK_POOL_VOLUME_FLAG_ENCRYPTED) == 0;
    if (!one.readable) {
      one.outcome = "encrypted";
      one.message = "an encrypted APFS volume";
    }
    found.push_back(std::move(one));
  }
  return found;
}

Opened open_tsk(Image& image, const wire::FileSystemId& id, const OpenOptions& options,
                Facts* facts) {
  tsk_error_reset();
  TskFileSystem::Handles handles;
  handles.image = std::make_unique<TskImage>(image, 512);
  if (id.kind == Attempt::apfs) {
    handles.pool = open_pool(*handles.image, id.offset);
    if (handles.pool != nullptr) {
      handles.pool_image.reset(handles.pool->get_img_info(handles.pool.get(), id.parameter));
    }
    if (handles.pool_image == nullptr) return Error{Errc::invalid, take_tsk_error()};
    handles.fs.reset(tsk_fs_open_img(handles.pool_image.get(), 0, TSK_FS_TYPE_APFS));
  } else {
    handles.fs.reset(tsk_fs_open_img(handles.image->get(), static_cast<TSK_OFF_T>(id.offset),
                                     tsk_type(id.kind)));
  }
  if (handles.fs == nullptr) return Error{Errc::invalid, take_tsk_error()};
  if (facts != nullptr) take_facts(*handles.fs, *facts);
  std::optional<FatSlots> fat_slots;
  if (TSK_FS_TYPE_ISFAT(handles.fs->ftype)) fat_slots = find_fat_slots(image, id.offset);
  return std::unique_ptr<FileSystem>(
      std::make_unique<TskFileSystem>(image, std::move(handles), options, fat_slots));
}

}  // namespace ntt::reader
