// A slot's place follows from its number; its name is checked against what libtsk made of it.

#include "stages/reader/fat_short_name.h"

namespace ntt::reader {

namespace {

constexpr std::size_t kBootBytes = 512;
constexpr std::size_t kSlotBytes = 32;
constexpr std::uint64_t kFirstInode = 3;
constexpr std::uint8_t kStandsForE5 = 0x05;  // E5 in the first byte marks a deleted entry
constexpr std::uint8_t kLowerBase = 0x08;
constexpr std::uint8_t kLowerExtension = 0x10;

std::uint64_t little_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) {
    value = value << 8U | static_cast<std::uint8_t>(bytes[at + i]);
  }
  return value;
}

std::string part_of(std::string_view slot, std::size_t begin, std::size_t count, bool lower) {
  std::string part(slot.substr(begin, count));
  part.resize(part.find_last_not_of(' ') + 1);
  for (char& c : part) {
    if (lower && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return part;
}

// Whether libtsk may have made `altered` of `name`.
bool is_altered_form(std::string_view name, std::string_view altered) {
  if (name.size() != altered.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    const bool is_plain = byte >= 0x20 && byte <= 0x7E;
    if (altered[i] != (is_plain ? name[i] : '^')) return false;
  }
  return true;
}

}  // namespace

std::optional<FatSlots> find_fat_slots(Image& image, std::uint64_t volume) {
  std::string boot(kBootBytes, '\0');
  if (!image.try_read(volume, boot.data(), boot.size())) return std::nullopt;
  const std::uint64_t sector_bytes = little_endian(boot, 11, 2);
  const std::uint64_t reserved = little_endian(boot, 14, 2);
  const std::uint64_t fats = little_endian(boot, 16, 1);
  std::uint64_t fat_sectors = little_endian(boot, 22, 2);
  if (fat_sectors == 0) fat_sectors = little_endian(boot, 36, 4);
  if (sector_bytes < kBootBytes || reserved == 0 || fats == 0 || fat_sectors == 0) {
    return std::nullopt;
  }
  return FatSlots{volume + (reserved + fats * fat_sectors) * sector_bytes};
}

std::string fat_short_name(std::string_view slot) {
  const auto flags = static_cast<std::uint8_t>(slot[12]);
  std::string name = part_of(slot, 0, 8, (flags & kLowerBase) != 0);
  const std::string extension = part_of(slot, 8, 3, (flags & kLowerExtension) != 0);
  if (!name.empty() && static_cast<std::uint8_t>(name[0]) == kStandsForE5) name[0] = '\xE5';
  if (!extension.empty()) name += "." + extension;
  return name;
}

std::optional<std::string> read_fat_short_name(Image& image, const FatSlots& slots,
                                               std::uint64_t inode, std::string_view altered) {
  if (inode < kFirstInode) return std::nullopt;
  std::string slot(kSlotBytes, '\0');
  const std::uint64_t at = slots.first_byte + (inode - kFirstInode) * kSlotBytes;
  if (!image.try_read(at, slot.data(), slot.size())) return std::nullopt;
  std::string name = fat_short_name(slot);
  if (!is_altered_form(name, altered)) return std::nullopt;
  return name;
}

}  // namespace ntt::reader
