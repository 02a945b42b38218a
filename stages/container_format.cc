// The table of magic numbers behind container_format().

#include "stages/container_format.h"

#include <cstddef>

namespace ntt::stages {

namespace {

using std::string_view_literals::operator""sv;

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  std::string_view name;
};

constexpr Magic kMagics[] = {
    {257, "ustar"sv, "a tar archive"},
    {0, "\x1f\x8b"sv, "a gzip file"},
    {0, "BZh"sv, "a bzip2 file"},
    {0,
     "\xfd"
     "7zXZ\0"sv,
     "an xz file"},
    {0, "\x28\xb5\x2f\xfd"sv, "a zstd file"},
    {0, "\x04\x22\x4d\x18"sv, "an lz4 file"},
    {0, "LZIP"sv, "an lzip file"},
    {0, "\x1f\x9d"sv, "a compress (.Z) file"},
    {0, "PK\x03\x04"sv, "a zip archive"},
    {0, "PK\x05\x06"sv, "an empty zip archive"},
    {0, "7z\xbc\xaf\x27\x1c"sv, "a 7-Zip archive"},
    {0, "Rar!\x1a\x07"sv, "a RAR archive"},
    {0, "070701"sv, "a cpio archive"},
    {0, "!<arch>\n"sv, "an ar archive"},
    {0, "EVF\x09\x0d\x0a\xff\0"sv, "an EnCase (E01) image"},
    {0, "EVF2\x0d\x0a\x81\0"sv, "an EnCase (Ex01) image"},
    {0, "AFF10"sv, "an AFF image"},
    {0, "QFI\xfb"sv, "a qcow image"},
    {0, "KDMV"sv, "a VMDK image"},
    {0, "# Disk DescriptorFile"sv, "a VMDK descriptor"},
    {0, "conectix"sv, "a VHD image"},
    {0, "vhdxfile"sv, "a VHDX image"},
    {64, "\x7f\x10\xda\xbe"sv, "a VirtualBox (VDI) image"},
    {0, "WithoutFreeSpace"sv, "a Parallels image"},
    {0, "%PDF-"sv, "a PDF document"},
};

}  // namespace

std::string_view container_format(std::string_view head) {
  for (const Magic& magic : kMagics) {
    if (head.size() >= magic.offset + magic.bytes.size() &&
        head.substr(magic.offset, magic.bytes.size()) == magic.bytes) {
      return magic.name;
    }
  }
  return {};
}

}  // namespace ntt::stages
