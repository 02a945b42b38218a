// ISO 9660 with Rock Ridge or Joliet, read record by record: README.md says why no library does it.
//
// Inode numbers are places in the image: a file's is the offset of its directory record, a
// directory's that of its extent, where its own record lies. Both are unique, and a file can be
// read from its number alone.

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "stages/reader/file_system.h"
#include "stages/reader/iso_names.h"

namespace ntt::reader {

namespace wire = stages::wire;
using events::Errc;
using events::Error;
using events::FileErrorType;

namespace {

constexpr std::size_t kIsoSectorBytes = 2048;
constexpr std::uint64_t kFirstDescriptor = 16;
constexpr std::uint64_t kDescriptorsMax = 64;
constexpr std::size_t kRootRecordOffset = 156;
constexpr std::size_t kRootRecordBytes = 34;
constexpr std::uint64_t kExtentsMax = 1U << 16U;  // of one file

enum class Names { plain, joliet, rock_ridge };

// One of the directory trees of a disc.
struct Tree {
  Names names = Names::plain;
  std::uint32_t block_bytes = kIsoSectorBytes;
  std::uint32_t root_extent = 0;
  std::uint32_t root_length = 0;
  std::size_t skip = 0;  // bytes in front of Rock Ridge fields
};

EntryType type_of_mode(std::uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return EntryType::directory;
    case S_IFLNK:
      return EntryType::symlink;
    case S_IFBLK:
      return EntryType::block_device;
    case S_IFCHR:
      return EntryType::char_device;
    case S_IFIFO:
      return EntryType::fifo;
    case S_IFSOCK:
      return EntryType::socket;
    default:
      return EntryType::file;
  }
}

class IsoFileSystem final : public FileSystem {
 public:
  IsoFileSystem(Image& image, std::uint64_t base, Tree tree)
      : image_(image), base_(base), tree_(tree) {}

  Entry root() override {
    Entry entry;
    entry.type = EntryType::directory;
    take_own_record(tree_.root_extent, entry);
    entry.inode = offset_of(tree_.root_extent);
    entry.size = tree_.root_length;
    return entry;
  }

  Listing list(const Entry& directory, const std::function<void(Entry&&)>& child) override;
  wire::ReadDone read(const wire::ReadRequest& request, Content& content) override;
  [[nodiscard]] std::uint64_t other_streams() const override { return other_streams_; }

 private:
  [[nodiscard]] std::uint64_t offset_of(std::uint32_t block) const {
    return base_ + std::uint64_t{block} * tree_.block_bytes;
  }
  RockRidge rock_ridge(const IsoRecord& record);
  void take_own_record(std::uint32_t extent, Entry& entry);
  void take_record(const IsoRecord& record, const RockRidge& rock, Entry& entry);
  // The records of one sector. An entry of several extents is handed over with its last record.
  void scan_sector(std::string_view sector, std::uint64_t offset, std::optional<Entry>& unfinished,
                   const std::function<void(Entry&&)>& child, Listing& listing);

  Image& image_;
  std::uint64_t base_;
  Tree tree_;
  std::uint64_t other_streams_ = 0;
};

RockRidge IsoFileSystem::rock_ridge(const IsoRecord& record) {
  if (tree_.names != Names::rock_ridge) return {};
  const auto read = [this](std::uint32_t block, std::uint32_t offset, std::uint32_t length) {
    std::string bytes(length, '\0');
    if (!image_.read(offset_of(block) + offset, bytes.data(), length)) bytes.clear();
    return bytes;
  };
  return parse_rock_ridge(record.system_use, tree_.skip, read);
}

void IsoFileSystem::take_record(const IsoRecord& record, const RockRidge& rock, Entry& entry) {
  entry.type = (record.flags & IsoRecord::kDirectory) != 0 ? EntryType::directory : EntryType::file;
  entry.link_count = 1;
  entry.mode = entry.type == EntryType::directory ? 0555 : 0444;
  entry.modify_time = iso_short_time(record.bytes.substr(18, 7));
  if (!rock.present) return;
  entry.link_count = rock.link_count;
  entry.uid = rock.uid;
  entry.gid = rock.gid;
  if (rock.mode) {
    entry.mode = *rock.mode & 07777U;
    if (entry.type == EntryType::file) entry.type = type_of_mode(*rock.mode);
  }
  if (rock.modify_time) entry.modify_time = rock.modify_time;
  entry.access_time = rock.access_time;
  entry.change_time = rock.change_time;
  entry.birth_time = rock.birth_time;
  if (entry.type == EntryType::symlink) {
    entry.symlink_target = rock.symlink_target;
    entry.size = rock.symlink_target.size();
  }
}

// What the first record of a directory, ".", says about it.
void IsoFileSystem::take_own_record(std::uint32_t extent, Entry& entry) {
  std::string sector(kIsoSectorBytes, '\0');
  const bool readable = image_.read(offset_of(extent), sector.data(), sector.size());
  const auto record = readable ? parse_iso_record(sector) : std::nullopt;
  if (!record) return;  // list() will say what is wrong
  take_record(*record, rock_ridge(*record), entry);
  entry.size = record->length;
  entry.type = EntryType::directory;
}

void IsoFileSystem::scan_sector(std::string_view sector, std::uint64_t offset,
                                std::optional<Entry>& unfinished,
                                const std::function<void(Entry&&)>& child, Listing& listing) {
  for (std::size_t at = 0; at < sector.size() && sector[at] != 0;) {
    const auto record = parse_iso_record(sector.substr(at));
    if (!record) {
      listing = {EUCLEAN, "a damaged directory record at image offset " +
                              std::to_string(offset + at) + "; the rest of its sector is lost"};
      return;
    }
    const std::uint64_t place = offset + at;
    at += record->bytes.size();
    const bool dot = record->name.size() == 1 && (record->name[0] == 0 || record->name[0] == 1);
    if (dot) continue;
    if ((record->flags & IsoRecord::kAssociated) != 0) {
      other_streams_ += 1;
      continue;
    }
    if (unfinished) {  // a further extent of the file before
      unfinished->size += record->length;
      if ((record->flags & IsoRecord::kMoreExtents) == 0) {
        child(std::move(*unfinished));
        unfinished.reset();
      }
      continue;
    }
    const RockRidge rock = rock_ridge(*record);
    if (rock.relocated) continue;  // a child link shows it where it belongs
    Entry entry;
    entry.size = record->length;
    take_record(*record, rock, entry);
    entry.path = tree_.names == Names::joliet ? joliet_name(record->name)
                 : !rock.name.empty()         ? rock.name
                                              : plain_iso_name(record->name);
    entry.inode = place;
    if (rock.child_link) {
      take_own_record(*rock.child_link, entry);
      entry.type = EntryType::directory;
      entry.inode = offset_of(*rock.child_link);
    } else if (entry.type == EntryType::directory) {
      entry.inode = offset_of(record->extent + record->attribute_blocks);
    }
    if ((record->flags & IsoRecord::kMoreExtents) != 0) {
      unfinished = std::move(entry);
    } else {
      child(std::move(entry));
    }
  }
}

Listing IsoFileSystem::list(const Entry& directory, const std::function<void(Entry&&)>& child) {
  Listing listing;
  if (directory.size > image_.size()) {
    listing = {EUCLEAN, "the directory claims " + std::to_string(directory.size) + " bytes"};
  }
  const std::uint64_t end = std::min(directory.size, image_.size());
  std::string sector(kIsoSectorBytes, '\0');
  std::optional<Entry> unfinished;
  for (std::uint64_t at = 0; at < end; at += kIsoSectorBytes) {
    const std::uint64_t offset = directory.inode + at;
    const std::uint64_t failures = image_.failures();
    if (image_.read(offset, sector.data(), sector.size())) {
      scan_sector(sector, offset, unfinished, child, listing);
    }
    if (image_.failures() != failures) {
      listing = {EIO, "the directory cannot be read whole: " + describe(image_.last_failure())};
      if (image_.last_failure().error_number == 0) break;  // nothing can follow
    }
  }
  if (unfinished) child(std::move(*unfinished));
  return listing;
}

wire::ReadDone IsoFileSystem::read(const wire::ReadRequest& request, Content& content) {
  std::vector<Run> runs;
  std::uint64_t size = 0;
  std::uint64_t at = request.inode;
  std::string sector(kIsoSectorBytes, '\0');
  for (std::uint64_t extents = 0; extents < kExtentsMax; ++extents) {
    // Records never cross a sector; the file's extents follow each other.
    const std::uint64_t in_sector = (at - base_) % kIsoSectorBytes;
    const std::uint64_t begin = at - in_sector;
    if (at < base_ || !image_.read(begin, sector.data(), sector.size())) {
      return io_failure("the directory record cannot be read: " + describe(image_.last_failure()));
    }
    if (sector[in_sector] == 0 && in_sector != 0) {
      at = begin + kIsoSectorBytes;
      continue;
    }
    const auto record = parse_iso_record(std::string_view(sector).substr(in_sector));
    if (!record || (record->flags & IsoRecord::kDirectory) != 0) {
      return io_failure("there is no file's directory record at this inode");
    }
    if (record->unit_size != 0 || rock_ridge(*record).compressed) {
      return {FileErrorType::unknown, "interleaved and zisofs-compressed files are not supported"};
    }
    runs.push_back(
        {size, record->length, offset_of(record->extent + record->attribute_blocks), false});
    size += record->length;
    if ((record->flags & IsoRecord::kMoreExtents) == 0) break;
    at += record->bytes.size();
  }
  return content.send_runs(runs, size, false);
}

std::string trimmed(std::string text) {
  text = text.substr(0, text.find('\0'));
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

bool is_joliet(std::string_view descriptor) {
  const std::string_view escapes = descriptor.substr(88, 3);
  return escapes == "%/@" || escapes == "%/C" || escapes == "%/E";
}

Tree tree_of(std::string_view descriptor, Names names) {
  Tree tree;
  tree.names = names;
  const auto block_bytes =
      static_cast<std::uint32_t>(static_cast<std::uint8_t>(descriptor[128]) |
                                 static_cast<std::uint8_t>(descriptor[129]) << 8U);
  if (block_bytes == 512 || block_bytes == 1024) tree.block_bytes = block_bytes;
  const auto record = parse_iso_record(descriptor.substr(kRootRecordOffset, kRootRecordBytes));
  if (record) {
    tree.root_extent = record->extent + record->attribute_blocks;
    tree.root_length = record->length;
  }
  return tree;
}

// The descriptors of the primary and the Joliet tree, either of which may be missing.
struct Descriptors {
  std::string primary;
  std::string joliet;
  unsigned unreadable = 0;
};

Descriptors read_descriptors(Image& image, std::uint64_t base) {
  Descriptors found;
  std::string sector(kIsoSectorBytes, '\0');
  for (std::uint64_t i = 0; i < kDescriptorsMax; ++i) {
    const std::uint64_t offset = base + (kFirstDescriptor + i) * kIsoSectorBytes;
    if (!image.try_read(offset, sector.data(), sector.size())) {
      if (offset + kIsoSectorBytes > image.size()) break;
      found.unreadable += 1;
      continue;
    }
    if (sector.compare(1, 5, "CD001") != 0) break;
    const auto type = static_cast<std::uint8_t>(sector[0]);
    if (type == 255) break;
    if (type == 1 && found.primary.empty()) found.primary = sector;
    if (type == 2 && found.joliet.empty() && is_joliet(sector)) found.joliet = sector;
  }
  return found;
}

}  // namespace

Opened open_iso(Image& image, const wire::FileSystemId& id, Facts* facts) {
  const Descriptors descriptors = read_descriptors(image, id.offset);
  if (descriptors.primary.empty() && descriptors.joliet.empty()) {
    return Error{Errc::invalid, "no ISO 9660 volume descriptor"};
  }
  Tree tree;
  std::string root(kIsoSectorBytes, '\0');
  bool zone_known = false;
  bool root_unreadable = false;
  if (!descriptors.primary.empty()) {
    tree = tree_of(descriptors.primary, Names::plain);
    const std::uint64_t offset = id.offset + std::uint64_t{tree.root_extent} * tree.block_bytes;
    root_unreadable = !image.try_read(offset, root.data(), root.size());
    const auto record = root_unreadable ? std::nullopt : parse_iso_record(root);
    const auto skip = record ? rock_ridge_skip(record->system_use) : std::nullopt;
    if (skip) {
      tree.names = Names::rock_ridge;
      tree.skip = *skip;
    }
    zone_known = skip || (record && record->bytes[24] != 0);
  }
  if (tree.names == Names::plain && !descriptors.joliet.empty()) {
    tree = tree_of(descriptors.joliet, Names::joliet);
  }
  if (facts != nullptr) {
    const std::string& named =
        descriptors.primary.empty() ? descriptors.joliet : descriptors.primary;
    facts->filesystem = "iso9660";
    const std::string label = named.substr(40, 32);
    facts->label = trimmed(descriptors.primary.empty() ? joliet_name(label) : label);
    std::uint64_t blocks = 0;
    for (unsigned i = 0; i < 4; ++i) {
      blocks |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(named[80 + i])) << (8 * i);
    }
    facts->length = blocks * tree.block_bytes;
    facts->time_basis = zone_known ? "utc" : "local";
    facts->message = tree.names == Names::rock_ridge ? "names from Rock Ridge"
                     : tree.names == Names::joliet   ? "names from Joliet"
                                                     : "plain ISO 9660 names";
    if (tree.names != Names::joliet && !descriptors.joliet.empty()) {
      facts->message += "; the disc has a Joliet tree too";
    }
    if (descriptors.unreadable != 0 || root_unreadable) {
      facts->message += "; NOT ALL VOLUME DESCRIPTORS CAN BE READ: names may be shortened forms";
    }
  }
  return std::unique_ptr<FileSystem>(std::make_unique<IsoFileSystem>(image, id.offset, tree));
}

}  // namespace ntt::reader
