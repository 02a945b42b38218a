// Takes ISO 9660 directory records apart (ECMA-119, SUSP 1.12, RRIP 1.12, Joliet).

#include "stages/reader/iso_names.h"

#include <algorithm>
#include <chrono>

namespace ntt::reader {

namespace {

constexpr std::size_t kRecordBytesMin = 34;
constexpr std::size_t kNameOffset = 33;
constexpr int kContinuationsMax = 64;
constexpr std::uint32_t kContinuationBytesMax = 64U << 10U;
constexpr std::size_t kNameBytesMax = 4096;
std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<std::uint8_t>(bytes[at]) : std::uint8_t{0};
}

// The little-endian half of a both-endian number.
std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(byte_at(bytes, at)) |
         static_cast<std::uint32_t>(byte_at(bytes, at + 1)) << 8U |
         static_cast<std::uint32_t>(byte_at(bytes, at + 2)) << 16U |
         static_cast<std::uint32_t>(byte_at(bytes, at + 3)) << 24U;
}

// `zone`: quarters of an hour east of UTC.
std::optional<events::Nanos> time_of(int year, unsigned month, unsigned day, int hour, int minute,
                                     int second, int hundredths, int zone) {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  if (zone < -52 || zone > 52) zone = 0;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds =
      days * 86400 + hour * 3600LL + minute * 60LL + second - std::int64_t{zone} * 900;
  return seconds * events::kNanosPerSecond + std::int64_t{hundredths} * 10'000'000;
}

// Walks system use fields and follows continuations; calls `field` with signature and data.
void for_each_field(std::string_view area, const ReadContinuation& read,
                    const std::function<void(std::string_view, std::string_view)>& field) {
  std::string continued;
  for (int hops = 0; hops < kContinuationsMax; ++hops) {
    std::optional<std::string_view> next;
    while (area.size() >= 4) {
      const std::size_t length = byte_at(area, 2);
      if (length < 4 || length > area.size()) break;
      const std::string_view signature = area.substr(0, 2);
      const std::string_view data = area.substr(4, length - 4);
      if (signature == "ST") break;
      if (signature == "CE" && data.size() >= 24) {
        next = data;
      } else {
        field(signature, data);
      }
      area.remove_prefix(length);
    }
    if (!next) return;
    const std::uint32_t bytes = std::min(number_at(*next, 16), kContinuationBytesMax);
    std::string piece = read(number_at(*next, 0), number_at(*next, 8), bytes);
    continued = std::move(piece);
    area = continued;
  }
}

// Appends the components of one SL field; `open` says that the last component goes on.
void take_symlink(std::string_view data, std::string& target, bool& open) {
  data.remove_prefix(std::min<std::size_t>(1, data.size()));  // flags: more SL fields follow
  while (data.size() >= 2 && target.size() < kNameBytesMax * 16) {
    const std::uint8_t flags = byte_at(data, 0);
    const std::size_t length = std::min<std::size_t>(byte_at(data, 1), data.size() - 2);
    if (!target.empty() && !open && target.back() != '/') target += '/';
    if ((flags & 0x08U) != 0) {
      target.assign(1, '/');
    } else if ((flags & 0x02U) != 0) {
      target += '.';
    } else if ((flags & 0x04U) != 0) {
      target += "..";
    } else {
      target += data.substr(2, length);
    }
    open = (flags & 0x01U) != 0;
    data.remove_prefix(2 + length);
  }
}

void take_times(std::string_view data, RockRidge& out) {
  const std::uint8_t flags = byte_at(data, 0);
  const std::size_t width = (flags & 0x80U) != 0 ? 17 : 7;
  data.remove_prefix(std::min<std::size_t>(1, data.size()));
  std::optional<events::Nanos>* const targets[] = {&out.birth_time, &out.modify_time,
                                                   &out.access_time, &out.change_time};
  for (unsigned i = 0; i < 4; ++i) {
    if ((flags & (1U << i)) == 0) continue;
    if (data.size() < width) return;
    *targets[i] =
        width == 7 ? iso_short_time(data.substr(0, 7)) : iso_long_time(data.substr(0, 17));
    data.remove_prefix(width);
  }
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | code >> 6U);
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | code >> 12U);
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | code >> 18U);
    put(0x80U | (code >> 12U & 0x3FU));
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

}  // namespace

std::optional<IsoRecord> parse_iso_record(std::string_view sector_rest) {
  const std::size_t length = byte_at(sector_rest, 0);
  if (length < kRecordBytesMin || length > sector_rest.size()) return std::nullopt;
  IsoRecord record;
  record.bytes = sector_rest.substr(0, length);
  const std::size_t name_length = byte_at(record.bytes, 32);
  if (name_length == 0 || kNameOffset + name_length > length) return std::nullopt;
  record.name = record.bytes.substr(kNameOffset, name_length);
  const std::size_t behind_name = kNameOffset + name_length + (name_length % 2 == 0 ? 1 : 0);
  record.system_use = record.bytes.substr(std::min(behind_name, length));
  record.attribute_blocks = byte_at(record.bytes, 1);
  record.extent = number_at(record.bytes, 2);
  record.length = number_at(record.bytes, 10);
  record.flags = byte_at(record.bytes, 25);
  record.unit_size = byte_at(record.bytes, 26);
  return record;
}

std::optional<events::Nanos> iso_short_time(std::string_view bytes) {
  if (bytes.size() < 7) return std::nullopt;
  return time_of(1900 + byte_at(bytes, 0), byte_at(bytes, 1), byte_at(bytes, 2), byte_at(bytes, 3),
                 byte_at(bytes, 4), byte_at(bytes, 5), 0,
                 static_cast<std::int8_t>(byte_at(bytes, 6)));
}

std::optional<events::Nanos> iso_long_time(std::string_view bytes) {
  if (bytes.size() < 17) return std::nullopt;
  const auto digits = [&](std::size_t at, std::size_t count) {
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
      if (bytes[i] < '0' || bytes[i] > '9') return -1;
      value = value * 10 + (bytes[i] - '0');
    }
    return value;
  };
  const int parts[] = {digits(0, 4),  digits(4, 2),  digits(6, 2), digits(8, 2),
                       digits(10, 2), digits(12, 2), digits(14, 2)};
  if (std::any_of(std::begin(parts), std::end(parts), [](int part) { return part < 0; })) {
    return std::nullopt;
  }
  return time_of(parts[0], static_cast<unsigned>(parts[1]), static_cast<unsigned>(parts[2]),
                 parts[3], parts[4], parts[5], parts[6],
                 static_cast<std::int8_t>(byte_at(bytes, 16)));
}

std::optional<std::size_t> rock_ridge_skip(std::string_view root_system_use) {
  // CD-XA records have 14 bytes of their own in front.
  for (const std::size_t at : {std::size_t{0}, std::size_t{14}}) {
    if (root_system_use.size() < at + 7) continue;
    const std::string_view field = root_system_use.substr(at, 7);
    if (field.substr(0, 2) == "SP" && byte_at(field, 4) == 0xBE && byte_at(field, 5) == 0xEF) {
      return byte_at(field, 6);
    }
  }
  return std::nullopt;
}

RockRidge parse_rock_ridge(std::string_view system_use, std::size_t skip,
                           const ReadContinuation& read) {
  RockRidge out;
  bool symlink_open = false;
  const auto take = [&](std::string_view signature, std::string_view data) {
    if (signature == "NM" && !data.empty()) {
      out.present = true;
      const bool is_dot_or_dotdot = (byte_at(data, 0) & 0x06U) != 0;
      if (!is_dot_or_dotdot && out.name.size() < kNameBytesMax) out.name += data.substr(1);
    } else if (signature == "PX" && data.size() >= 32) {
      out.present = true;
      out.mode = number_at(data, 0);
      out.link_count = number_at(data, 8);
      out.uid = number_at(data, 16);
      out.gid = number_at(data, 24);
    } else if (signature == "SL") {
      take_symlink(data, out.symlink_target, symlink_open);
    } else if (signature == "TF") {
      take_times(data, out);
    } else if (signature == "CL" && data.size() >= 8) {
      out.child_link = number_at(data, 0);
    } else if (signature == "RE") {
      out.relocated = true;
    } else if (signature == "ZF") {
      out.compressed = true;
    }
  };
  for_each_field(system_use.substr(std::min(skip, system_use.size())), read, take);
  return out;
}

std::string plain_iso_name(std::string_view name) {
  name = name.substr(0, name.find(';'));
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  return std::string(name);
}

std::string joliet_name(std::string_view utf16_be) {
  const auto unit = [&](std::size_t i) {
    return static_cast<std::uint32_t>(byte_at(utf16_be, i) << 8U | byte_at(utf16_be, i + 1));
  };
  std::string out;
  for (std::size_t i = 0; i + 1 < utf16_be.size(); i += 2) {
    std::uint32_t code = unit(i);
    if (code == ';') break;
    const std::uint32_t low = i + 3 < utf16_be.size() ? unit(i + 2) : 0;
    if (code >= 0xD800 && code < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
      i += 2;
    }
    append_utf8(out, code);
  }
  return out;
}

}  // namespace ntt::reader
