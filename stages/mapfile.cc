// The mapfile parser. Lines are comments (#), one status line ("pos status [pass]"), then blocks
// ("pos size status"); numbers are hexadecimal, octal or decimal as in C.

#include "stages/mapfile.h"

#include <charconv>
#include <optional>

#include "events/bytes.h"
#include "events/hash.h"
#include "stages/small_file.h"

namespace ntt::stages {

namespace {

using events::Errc;
using events::Error;
using events::Result;

constexpr std::size_t kRegionsMax = 1000;
constexpr std::size_t kFileBytesMax = 256U << 20U;
constexpr std::string_view kBlank = " \t\r";

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

std::optional<std::uint64_t> read_number(std::string_view word) {
  int base = 10;
  if (word.substr(0, 2) == "0x" || word.substr(0, 2) == "0X") {
    base = 16;
    word.remove_prefix(2);
  } else if (word.size() > 1 && word.front() == '0') {
    base = 8;
  }
  std::uint64_t value = 0;
  const char* end = word.data() + word.size();
  const auto [stop, problem] = std::from_chars(word.data(), end, value, base);
  if (problem != std::errc{} || stop != end || word.empty()) return std::nullopt;
  return value;
}

// Takes the lines one by one; a problem is text, without the line's number.
class Parser {
 public:
  std::string take(std::string_view line) {
    const std::string_view first = take_word(line);
    if (first.empty() || first.front() == '#') return {};
    const auto position = read_number(first);
    if (!position) return "its first word is not a position";
    return has_status_line_ ? take_block(*position, line) : take_status_line(line);
  }

  [[nodiscard]] bool has_status_line() const { return has_status_line_; }
  [[nodiscard]] Mapfile finish() && { return std::move(map_); }

 private:
  std::string take_status_line(std::string_view line) {
    constexpr std::string_view kStatuses = "?*/-FG+";
    const std::string_view status = take_word(line);
    const std::string_view pass = take_word(line);
    if (status.size() != 1 || kStatuses.find(status[0]) == std::string_view::npos) {
      return "a status line (position, status, pass) should come before the blocks";
    }
    if ((!pass.empty() && !read_number(pass)) || !take_word(line).empty()) {
      return "the status line is malformed";
    }
    has_status_line_ = true;
    return {};
  }

  std::string take_block(std::uint64_t position, std::string_view line) {
    const auto size = read_number(take_word(line));
    const std::string_view status = take_word(line);
    if (!size || status.size() != 1 || !take_word(line).empty()) {
      return "a block is position, size and status";
    }
    if (has_block_ && position != end_) return "the block does not begin where the last one ended";
    if (__builtin_add_overflow(position, *size, &end_) || *size == 0) {
      return "the block's size is impossible";
    }
    if (!has_block_) map_.begin = position;
    has_block_ = true;
    map_.end = end_;
    std::uint64_t* const count = bytes_of(status[0]);
    if (count == nullptr) return "the block's status is none of ? * / - +";
    *count += *size;
    map_.total_bytes += *size;
    if (status[0] == '-') map_.bad_regions += 1;
    if (status[0] == '+') return {};
    if (map_.regions.size() < kRegionsMax) {
      map_.regions.push_back({position, *size, std::string(status)});
    }
    auto& unrescued = map_.unrescued;
    if (!unrescued.empty() && unrescued.back().offset + unrescued.back().length == position) {
      unrescued.back().length += *size;
    } else {
      unrescued.push_back({position, *size});
    }
    return {};
  }

  std::uint64_t* bytes_of(char status) {
    switch (status) {
      case '+':
        return &map_.rescued_bytes;
      case '-':
        return &map_.bad_bytes;
      case '?':
        return &map_.non_tried_bytes;
      case '*':
        return &map_.non_trimmed_bytes;
      case '/':
        return &map_.non_scraped_bytes;
      default:
        return nullptr;
    }
  }

  Mapfile map_;
  std::uint64_t end_ = 0;
  bool has_block_ = false;
  bool has_status_line_ = false;
};

}  // namespace

bool looks_like_mapfile(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.substr(0, 10) == "# Mapfile." || line.substr(0, 17) == "# Rescue Logfile.";
}

Result<Mapfile> parse_mapfile(std::string_view text) {
  Parser parser;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string problem = parser.take(text.substr(0, end));
    if (!problem.empty()) {
      return Error{Errc::invalid, "line " + std::to_string(number) + ": " + problem};
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!parser.has_status_line()) return Error{Errc::invalid, "it has no status line"};
  return std::move(parser).finish();
}

namespace {

Result<std::string> read_text(const std::string& path) {
  auto text = read_small_file(path, kFileBytesMax);
  if (!text) return std::move(text).error().within("mapfile");
  if (looks_like_mapfile(*text)) return text;
  return Error{Errc::not_found,
               "mapfile " + events::escape_bytes(path) + ": ddrescue did not write this file"};
}

Result<Mapfile> parse_named(const std::string& path, const std::string& text) {
  auto map = parse_mapfile(text);
  if (!map) return std::move(map).error().within("mapfile " + events::escape_bytes(path));
  return map;
}

}  // namespace

Result<events::MapfileObserved> read_mapfile(const std::string& path) {
  auto text = read_text(path);
  if (!text) return std::move(text).error();
  auto map = parse_named(path, *text);
  if (!map) return std::move(map).error();
  events::MapfileObserved observed;
  observed.path = {path};
  observed.blake3 = events::Blake3::of(*text).hex();
  observed.total_bytes = map->total_bytes;
  observed.rescued_bytes = map->rescued_bytes;
  observed.bad_bytes = map->bad_bytes;
  observed.non_tried_bytes = map->non_tried_bytes;
  observed.non_trimmed_bytes = map->non_trimmed_bytes;
  observed.non_scraped_bytes = map->non_scraped_bytes;
  observed.bad_regions = map->bad_regions;
  observed.regions = std::move(map->regions);
  return observed;
}

Result<std::vector<ByteRange>> read_unrescued(const std::string& path, std::uint64_t image_bytes) {
  auto text = read_text(path);
  if (!text) return std::move(text).error();
  auto map = parse_named(path, *text);
  if (!map) return std::move(map).error();
  if (map->begin > 0) map->unrescued.insert(map->unrescued.begin(), {0, map->begin});
  if (map->end < image_bytes) map->unrescued.push_back({map->end, image_bytes - map->end});
  return std::move(map->unrescued);
}

}  // namespace ntt::stages
