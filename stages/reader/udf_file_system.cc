// UDF by libudfread, which gives names and content; times, owners and modes come from the file
// entries that it reads on the way and that pass through our block input.

#include <udfread/blockinput.h>
#include <udfread/udfread.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "stages/reader/file_system.h"

namespace ntt::reader {

namespace wire = stages::wire;
using events::Errc;
using events::Error;

namespace {

constexpr std::uint16_t kFileEntryTag = 261;
constexpr std::uint16_t kExtendedFileEntryTag = 266;
constexpr std::uint8_t kSymlinkFileType = 12;
constexpr int kZoneUnknown = -2047;

struct UdfClose {
  void operator()(udfread* udf) const { udfread_close(udf); }
};
struct UdfDirClose {
  void operator()(UDFDIR* dir) const { udfread_closedir(dir); }
};
struct UdfFileClose {
  void operator()(UDFFILE* file) const { udfread_file_close(file); }
};
using UdfHandle = std::unique_ptr<udfread, UdfClose>;
using UdfDir = std::unique_ptr<UDFDIR, UdfDirClose>;
using UdfFile = std::unique_ptr<UDFFILE, UdfFileClose>;

// What libudfread reads from. It remembers the file entry that was read last.
struct BlockInput {
  udfread_block_input base{};  // first: libudfread hands its address to the callbacks
  Image* image = nullptr;
  std::uint64_t offset = 0;
  std::string file_entry;
  std::uint32_t file_entry_block = 0;
};

std::uint64_t little_endian(std::string_view bytes, std::size_t at, unsigned width) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[at + i])) << (8 * i);
  }
  return value;
}

int read_blocks(udfread_block_input* base, std::uint32_t block, void* out, std::uint32_t count,
                int /*flags*/) {
  auto& input = *reinterpret_cast<BlockInput*>(base);
  const std::uint64_t offset = input.offset + std::uint64_t{block} * UDF_BLOCK_SIZE;
  if (!input.image->read(offset, out, std::size_t{count} * UDF_BLOCK_SIZE)) return -1;
  const std::string_view bytes(static_cast<const char*>(out), UDF_BLOCK_SIZE);
  const std::uint64_t tag = little_endian(bytes, 0, 2);
  if (count == 1 && (tag == kFileEntryTag || tag == kExtendedFileEntryTag)) {
    input.file_entry = bytes;
    input.file_entry_block = block;
  }
  return static_cast<int>(count);
}

std::uint32_t count_blocks(udfread_block_input* base) {
  const auto& input = *reinterpret_cast<BlockInput*>(base);
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>((input.image->size() - input.offset) / UDF_BLOCK_SIZE, UINT32_MAX));
}

std::optional<events::Nanos> time_of(std::string_view stamp) {
  const auto type_and_zone = static_cast<std::uint16_t>(little_endian(stamp, 0, 2));
  int zone = type_and_zone & 0xFFF;
  if (zone >= 0x800) zone -= 0x1000;
  if (type_and_zone >> 12U != 1 || zone == kZoneUnknown || zone < -1440 || zone > 1440) zone = 0;
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(stamp[at]); };
  const std::chrono::year_month_day date{
      std::chrono::year{static_cast<std::int16_t>(little_endian(stamp, 2, 2))},
      std::chrono::month{byte(4)}, std::chrono::day{byte(5)}};
  if (!date.ok()) return std::nullopt;
  const std::int64_t seconds = std::chrono::sys_days{date}.time_since_epoch().count() * 86400LL +
                               byte(6) * 3600LL + byte(7) * 60LL + byte(8) - zone * 60LL;
  return seconds * 1'000'000'000 + byte(9) * 10'000'000LL + byte(10) * 100'000LL +
         byte(11) * 1'000LL;
}

// UDF has five bits each for others, group and owner: execute, write, read, attributes, delete.
std::uint32_t mode_of(std::uint64_t permissions) {
  std::uint32_t mode = 0;
  for (unsigned who = 0; who < 3; ++who) {
    mode |= static_cast<std::uint32_t>((permissions >> (5 * who)) & 7U) << (3 * who);
  }
  return mode;
}

void take_file_entry(const BlockInput& input, Entry& entry) {
  const std::string_view bytes = input.file_entry;
  if (bytes.size() < UDF_BLOCK_SIZE) return;
  const bool extended = little_endian(bytes, 0, 2) == kExtendedFileEntryTag;
  entry.inode = input.file_entry_block;
  entry.size = little_endian(bytes, 56, 8);
  entry.uid = static_cast<std::uint32_t>(little_endian(bytes, 36, 4));
  entry.gid = static_cast<std::uint32_t>(little_endian(bytes, 40, 4));
  entry.mode = mode_of(little_endian(bytes, 44, 4));
  entry.link_count = static_cast<std::uint32_t>(little_endian(bytes, 48, 2));
  entry.access_time = time_of(bytes.substr(extended ? 80 : 72, 12));
  entry.modify_time = time_of(bytes.substr(extended ? 92 : 84, 12));
  entry.change_time = time_of(bytes.substr(extended ? 116 : 96, 12));
  if (extended) entry.birth_time = time_of(bytes.substr(104, 12));
  if (static_cast<std::uint8_t>(bytes[27]) == kSymlinkFileType) entry.type = EntryType::symlink;
}

class UdfFileSystem final : public FileSystem {
 public:
  UdfFileSystem(std::unique_ptr<BlockInput> input, UdfHandle udf)
      : input_(std::move(input)), udf_(std::move(udf)) {
    root_.type = EntryType::directory;
    take_file_entry(*input_, root_);
    root_.type = EntryType::directory;
  }

  Entry root() override { return root_; }
  Listing list(const Entry& directory, const std::function<void(Entry&&)>& child) override;
  wire::ReadDone read(const wire::ReadRequest& request, Content& content) override;

 private:
  UdfDir open_directory(std::string_view path);
  void examine(UDFDIR* parent, const char* name, Entry& entry);

  std::unique_ptr<BlockInput> input_;
  UdfHandle udf_;
  Entry root_;
};

// Component by component: a name may hold a backslash, which libudfread takes for a separator.
UdfDir UdfFileSystem::open_directory(std::string_view path) {
  UdfDir dir(udfread_opendir(udf_.get(), "/"));
  while (dir != nullptr && !path.empty()) {
    const std::string name(path.substr(0, path.find('/')));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    dir.reset(udfread_opendir_at(dir.get(), name.c_str()));
  }
  return dir;
}

void UdfFileSystem::examine(UDFDIR* parent, const char* name, Entry& entry) {
  input_->file_entry.clear();
  bool opened = false;
  if (entry.type == EntryType::directory) {
    opened = UdfDir(udfread_opendir_at(parent, name)) != nullptr;
  } else {
    opened = UdfFile(udfread_file_openat(parent, name)) != nullptr;
  }
  if (!input_->file_entry.empty()) {
    const EntryType named = entry.type;
    take_file_entry(*input_, entry);
    if (named == EntryType::directory) entry.type = named;
  } else if (!opened) {
    entry.error_number = EIO;
    entry.error_message = "the file entry cannot be read";
  }
}

Listing UdfFileSystem::list(const Entry& directory, const std::function<void(Entry&&)>& child) {
  const std::uint64_t failures = input_->image->failures();
  const UdfDir dir = open_directory(directory.path);
  Listing listing;
  if (dir == nullptr) listing = {EIO, "libudfread cannot open the directory"};
  if (input_->image->failures() != failures) {
    listing = {EIO,
               "the directory cannot be read whole: " + describe(input_->image->last_failure())};
  }
  udfread_dirent found{};
  while (dir != nullptr && udfread_readdir(dir.get(), &found) != nullptr) {
    const std::string_view name = found.d_name == nullptr ? "" : found.d_name;
    if (name == "." || name == ".." || name.empty()) continue;
    Entry entry;
    entry.path = name;
    entry.type = found.d_type == UDF_DT_DIR ? EntryType::directory : EntryType::file;
    examine(dir.get(), found.d_name, entry);
    child(std::move(entry));
  }
  return listing;
}

wire::ReadDone UdfFileSystem::read(const wire::ReadRequest& request, Content& content) {
  const std::size_t slash = request.path.rfind('/');
  const std::string parent = slash == std::string::npos ? "" : request.path.substr(0, slash);
  const std::string name =
      slash == std::string::npos ? request.path : request.path.substr(slash + 1);
  const UdfDir dir = open_directory(parent);
  if (dir == nullptr) return io_failure("libudfread cannot open the file's directory");
  const UdfFile file(udfread_file_openat(dir.get(), name.c_str()));
  if (file == nullptr) return io_failure("libudfread cannot open the file");
  const auto size =
      static_cast<std::uint64_t>(std::max<std::int64_t>(udfread_file_size(file.get()), 0));
  if (auto checked = check_size(size, 0, input_->image->size(), true);
      checked.error_type != events::FileErrorType::none) {
    return checked;
  }
  return content.send_filled(size, [&](std::uint64_t, char* out, std::size_t count) {
    return udfread_file_read(file.get(), out, count) == static_cast<ssize_t>(count);
  });
}

}  // namespace

Opened open_udf(Image& image, const wire::FileSystemId& id, Facts* facts) {
  auto input = std::make_unique<BlockInput>();
  input->base.read = read_blocks;
  input->base.size = count_blocks;
  input->image = &image;
  input->offset = id.offset;
  UdfHandle udf(udfread_init());
  if (udf == nullptr || udfread_open_input(udf.get(), &input->base) < 0) {
    return Error{Errc::invalid, "libudfread finds no UDF file system"};
  }
  if (facts != nullptr) {
    facts->filesystem = "udf";
    const char* label = udfread_get_volume_id(udf.get());
    facts->label = label == nullptr ? "" : label;
  }
  return std::unique_ptr<FileSystem>(
      std::make_unique<UdfFileSystem>(std::move(input), std::move(udf)));
}

}  // namespace ntt::reader
