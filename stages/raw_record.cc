// Parsing of one legacy record and of its path.

#include "stages/raw_record.h"

#include <charconv>

namespace ntt::stages {

namespace {

using events::Entry;
using events::EntryType;
using events::Errc;
using events::Error;
using events::Result;

constexpr char kSeparator = '\x1c';
constexpr std::string_view kMountRoot = "/mnt/ntt/";

template <class Number>
bool read_number(std::string_view text, Number& out, int base = 10) {
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, out, base);
  return problem == std::errc{} && stop == end && !text.empty();
}

// A letter of %y, or octal digits of %m.
bool read_type(std::string_view text, Entry& entry) {
  constexpr std::string_view kLetters = "fdlbcps";
  if (text.size() == 1 && kLetters.find(text[0]) != std::string_view::npos) {
    entry.type = static_cast<EntryType>(text[0]);
    return true;
  }
  if (text == "D" || text == "U" || text == "?" || text == "u")
    return true;  // find's unknown types
  return text.size() <= 5 && read_number(text, entry.mode, 8) && entry.mode <= 07777;
}

// "-12", "1759340000" or "1759340000.1234567890"; find prints a fraction that counts upwards from
// the whole seconds, also before 1970.
bool read_time(std::string_view text, Entry& entry) {
  const std::size_t dot = text.find('.');
  std::int64_t seconds = 0;
  if (!read_number(text.substr(0, dot), seconds)) return false;
  std::int64_t fraction = 0;
  if (dot != std::string_view::npos) {
    const std::string_view digits = text.substr(dot + 1);
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
      return false;
    }
    for (std::size_t i = 0; i < 9; ++i) {
      fraction = fraction * 10 + (i < digits.size() ? digits[i] - '0' : 0);
    }
  }
  events::Nanos nanos = 0;
  if (__builtin_mul_overflow(seconds, std::int64_t{1'000'000'000}, &nanos) ||
      __builtin_add_overflow(nanos, fraction, &nanos)) {
    return true;  // a time that does not fit is left out
  }
  entry.modify_time = nanos;
  return true;
}

bool is_partition_name(std::string_view name) {
  std::uint32_t number = 0;
  return name.size() >= 2 && name[0] == 'p' && read_number(name.substr(1), number);
}

std::string_view first_component(std::string_view path) {
  return path.substr(0, path.find('/'));
}

}  // namespace

Result<Entry> parse_raw_record(std::string_view record) {
  Entry entry;
  std::string_view fields[6];
  for (std::size_t i = 0; i < 6; ++i) {
    const std::size_t end = record.find(kSeparator);
    if (end == std::string_view::npos) {
      return Error{Errc::invalid, "it has " + std::to_string(i + 1) + " of 7 fields"};
    }
    fields[i] = record.substr(0, end);
    record.remove_prefix(end + 1);
  }
  const char* wrong = !read_type(fields[0], entry)                ? "type"
                      : !read_number(fields[1], entry.device)     ? "device"
                      : !read_number(fields[2], entry.inode)      ? "inode"
                      : !read_number(fields[3], entry.link_count) ? "link count"
                      : !read_number(fields[4], entry.size)       ? "size"
                      : !read_time(fields[5], entry)              ? "time"
                      : record.empty()                            ? "path"
                                                                  : nullptr;
  if (wrong != nullptr)
    return Error{Errc::invalid, std::string("its ") + wrong + " is no such thing"};
  entry.path = record;
  return entry;
}

RawPathRule::RawPathRule(std::string_view first) {
  if (first.empty()) return;
  if (first.front() != '/') {  // carved files: <medium>/<directory>/<file>
    const std::string_view medium = first_component(first);
    if (medium.size() < first.size()) prefix_ = medium;
    return;
  }
  std::string_view start = first;
  while (start.size() > 1 && start.back() == '/') start.remove_suffix(1);
  if (start.substr(0, kMountRoot.size()) == kMountRoot) {
    const std::string_view beneath = start.substr(kMountRoot.size());
    const std::string_view medium = first_component(beneath);
    prefix_ = start.substr(0, kMountRoot.size() + medium.size());
    const std::string_view rest = beneath.substr(medium.size());
    partitions_ = !rest.empty() && is_partition_name(first_component(rest.substr(1)));
  } else if (start != "/") {
    prefix_ = start;
  }
}

RawPathRule::Place RawPathRule::place(std::string_view path) const {
  Place place;
  const bool beneath =
      path.substr(0, prefix_.size()) == prefix_ &&
      (path.size() == prefix_.size() || path[prefix_.size()] == '/' || prefix_.empty());
  place.path = beneath ? path.substr(prefix_.size()) : path;
  const auto skip_slashes = [&] {
    while (!place.path.empty() && place.path.front() == '/') place.path.remove_prefix(1);
  };
  skip_slashes();
  if (!beneath || !partitions_) return place;
  const std::string_view name = first_component(place.path);
  if (!is_partition_name(name)) return place;
  CHECK(read_number(name.substr(1), place.volume));
  place.path.remove_prefix(name.size());
  skip_slashes();
  return place;
}

}  // namespace ntt::stages
