// Records of an ISO 9660 directory: names, dates and the Rock Ridge fields behind them.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "events/batch.h"

namespace ntt::reader {

// One directory record, checked to lie whole within its sector.
struct IsoRecord {
  std::string_view bytes;  // the record
  std::string_view name;   // identifier as recorded
  std::string_view system_use;
  std::uint32_t extent = 0;           // logical block
  std::uint32_t length = 0;           // bytes
  std::uint8_t attribute_blocks = 0;  // extended attribute record in front of the data
  std::uint8_t flags = 0;
  std::uint8_t unit_size = 0;  // not 0: interleaved

  static constexpr std::uint8_t kDirectory = 0x02;
  static constexpr std::uint8_t kAssociated = 0x04;
  static constexpr std::uint8_t kMoreExtents = 0x80;
};

// The record at the front of `sector_rest`; none when it is malformed.
std::optional<IsoRecord> parse_iso_record(std::string_view sector_rest);

// 7 bytes of a record or 17 of a volume descriptor.
std::optional<events::Nanos> iso_short_time(std::string_view bytes);
std::optional<events::Nanos> iso_long_time(std::string_view bytes);

// What Rock Ridge says about an entry.
struct RockRidge {
  bool present = false;
  std::string name;
  std::string symlink_target;
  std::optional<std::uint32_t> mode;  // st_mode
  std::uint32_t link_count = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::optional<events::Nanos> modify_time;
  std::optional<events::Nanos> access_time;
  std::optional<events::Nanos> change_time;
  std::optional<events::Nanos> birth_time;
  std::optional<std::uint32_t> child_link;  // the directory really lies at this block
  bool relocated = false;                   // shown elsewhere, through a child link
  bool compressed = false;                  // zisofs
};

// Reads `length` bytes at `offset` of logical block `block` for a continuation; empty: unreadable.
using ReadContinuation =
    std::function<std::string(std::uint32_t block, std::uint32_t offset, std::uint32_t length)>;
RockRidge parse_rock_ridge(std::string_view system_use, std::size_t skip,
                           const ReadContinuation& read);

// The bytes that precede Rock Ridge fields in every record, if the root's own record says that
// there are any fields at all.
std::optional<std::size_t> rock_ridge_skip(std::string_view root_system_use);

std::string plain_iso_name(std::string_view name);   // without version and empty extension
std::string joliet_name(std::string_view utf16_be);  // UTF-8; unpaired surrogates as WTF-8

}  // namespace ntt::reader
