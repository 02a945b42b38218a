// A table of marks. It is ours, and small, so that the same bytes give the same words on every
// machine; libmagic's words change with its version.

#include "stages/signature.h"

namespace ntt::stages {

namespace {

struct Mark {
  const char* words;
  std::size_t offset;
  std::string_view bytes;
};

using namespace std::string_view_literals;

constexpr Mark kHeadMarks[] = {
    {"GPT partition table", 512, "EFI PART"sv},
    {"GPT partition table (4096-byte sectors)", 4096, "EFI PART"sv},
    {"Apple driver map", 0, "ER"sv},
    {"Apple partition map", 512, "PM\0\0"sv},
    {"NTFS boot sector", 3, "NTFS    "sv},
    {"exFAT boot sector", 3, "EXFAT   "sv},
    {"FAT12 boot sector", 54, "FAT12   "sv},
    {"FAT16 boot sector", 54, "FAT16   "sv},
    {"FAT32 boot sector", 82, "FAT32   "sv},
    {"ext2/ext3/ext4 superblock", 1080, "\x53\xef"sv},
    {"XFS superblock", 0, "XFSB"sv},
    {"Btrfs superblock", 65600, "_BHRfS_M"sv},
    {"HFS volume header", 1024, "BD"sv},
    {"HFS+ volume header", 1024, "H+"sv},
    {"HFSX volume header", 1024, "HX"sv},
    {"APFS container", 32, "NXSB"sv},
    {"ISO 9660 volume descriptor", 32769, "CD001"sv},
    {"UDF descriptor", 34817, "NSR0"sv},
    {"UDF descriptor", 36865, "NSR0"sv},
    {"UDF descriptor", 38913, "NSR0"sv},
    {"squashfs", 0, "hsqs"sv},
    {"ReiserFS superblock", 65588, "ReIsEr"sv},
    {"JFS superblock", 32768, "JFS1"sv},
    {"UFS1 superblock", 9564, "\x54\x19\x01\x00"sv},
    {"UFS2 superblock", 66908, "\x19\x01\x54\x19"sv},
    {"LUKS header", 0, "LUKS\xba\xbe"sv},
    {"BitLocker boot sector", 3, "-FVE-FS-"sv},
    {"LVM2 physical volume", 536, "LVM2 001"sv},
    {"LVM1 physical volume", 0, "HM\x01\x00"sv},
    {"Linux RAID superblock 1.1", 0, "\xfc\x4e\x2b\xa9"sv},
    {"Linux RAID superblock 1.2", 4096, "\xfc\x4e\x2b\xa9"sv},
    {"Linux swap", 4086, "SWAPSPACE2"sv},
    {"Linux swap", 4086, "SWAP-SPACE"sv},
    {"tar archive", 257, "ustar"sv},
    {"gzip data", 0, "\x1f\x8b\x08"sv},
    {"bzip2 data", 0, "BZh"sv},
    {"xz data", 0,
     "\xfd"
     "7zXZ\0"sv},
    {"zstd data", 0, "\x28\xb5\x2f\xfd"sv},
    {"zip archive", 0, "PK\x03\x04"sv},
    {"7-Zip archive", 0, "7z\xbc\xaf\x27\x1c"sv},
    {"RAR archive", 0, "Rar!\x1a\x07"sv},
    {"EWF (EnCase) image", 0, "EVF\x09\x0d\x0a\xff\x00"sv},
    {"QCOW image", 0, "QFI\xfb"sv},
    {"VMDK image", 0, "KDMV"sv},
    {"VHDX image", 0, "vhdxfile"sv},
    {"VDI image", 64, "\x7f\x10\xda\xbe"sv},
};

constexpr std::size_t kTrailerBytes = 512;
constexpr Mark kTrailerMarks[] = {
    {"GPT partition table (backup)", 0, "EFI PART"sv},
    {"VHD image", 0, "conectix"sv},
    {"Apple disk image", 0, "koly"sv},
};

bool has_mark(std::string_view bytes, const Mark& mark) {
  return bytes.size() >= mark.offset + mark.bytes.size() &&
         bytes.substr(mark.offset, mark.bytes.size()) == mark.bytes;
}

}  // namespace

std::vector<std::string> signatures_of(std::string_view head, std::string_view tail) {
  std::vector<std::string> found;
  const auto add = [&](const char* words) {
    if (found.empty() || found.back() != words) found.emplace_back(words);
  };
  if (has_mark(head, {"", 510, "\x55\xaa"sv})) add("boot sector or MBR partition table");
  for (const Mark& mark : kHeadMarks) {
    if (has_mark(head, mark)) add(mark.words);
  }
  if (tail.size() < kTrailerBytes) return found;
  const std::string_view trailer = tail.substr(tail.size() - kTrailerBytes);
  for (const Mark& mark : kTrailerMarks) {
    if (has_mark(trailer, mark)) add(mark.words);
  }
  return found;
}

}  // namespace ntt::stages
