// Which forms of lines there were, by the words in them.

#include "stages/legacy_line.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "stages/json_scan.h"

namespace ntt::stages {

namespace {

using Words = std::unordered_set<std::string_view>;

// What `stage` says, whichever program wrote it.
const Words& stage_words() {
  static const Words words = {
      // orchestrator
      "identify", "skip", "health", "medium_inserted", "imager_spawn", "imager_success",
      "imager_partial", "health_update", "zip_eject", "pipeline_start", "mount_image",
      "mount_success", "mount_warning", "mount_error", "lvm_metadata_stored", "mount_persisted",
      "unmount_image", "unmount_success", "enum_spawn", "loader_spawn", "copy_spawn",
      "image_delete", "enum_start", "enum_success", "enum_error", "load_start", "load_success",
      "load_error", "copy_start", "copy_success", "copy_error", "copy_incomplete", "copy_defer",
      "archive_start", "archive_success", "archive_error", "floppy_mount_failed",
      "cleanup_incomplete", "pipeline_error", "pipeline_abort", "pipeline_stopped", "pipeline_done",
      "pipeline_complete", "load_only_start", "load_only_done", "error", "done",
      // enum
      "start", "filter_enabled", "enum_complete",
      // loader
      "partition_check", "warning", "exclusions", "dedupe_start", "dedupe_complete",
      "excluded_inodes", "non_file_inodes", "partition_create", "detach_start", "attach_start",
      "attach_prep", "truncate_start", "timing",
      // archiver
      "archive_exists", "archive_overwrite", "archive_no_inodes", "copy_verified",
      "archive_create_start", "archive_verified", "source_remove_start", "source_removed",
      "archive_done",
      // floppy
      "read_start", "read_success", "read_partial", "read_failed", "flux_start", "flux_complete",
      // mime-backfill
      "script_start", "missing_file", "detection_error", "batch_complete", "batch_error",
      "db_connection_error", "script_complete"};
  return words;
}

// What `event` says in the backup's first log.
const Words& backup_words() {
  static const Words words = {"start", "progress",    "batch_complete",
                              "error", "interrupted", "stop"};
  return words;
}

// What `record.extra` says, by `event` or by `type`, in the logs that loguru wrote.
const Words& loguru_words() {
  static const Words words = {"start",          "pgdump_complete",
                              "batch_complete", "progress",
                              "error",          "stop",
                              "missing_path",   "stat_mismatch",
                              "stat_error",     "permission_skipped",
                              "critical_error", "verification_failure",
                              "batch_success",  "summary",
                              "final_summary"};
  return words;
}

std::string text_of(const JsonScan& object, std::string_view key) {
  const JsonMember* member = object.find(key);
  return member != nullptr && member->is_text() ? member->text() : "";
}

JsonScan object_in(const JsonScan& object, std::string_view key) {
  const JsonMember* member = object.find(key);
  return member != nullptr ? scan_json(member->value) : JsonScan{};
}

// The line's word for what happened, or why it has none.
struct Form {
  std::string stage;
  std::string reason;
};

Form known_word(std::string word, const Words& words) {
  if (words.contains(word)) return {std::move(word), ""};
  return {"", "unknown_stage"};
}

Form form_of(const JsonScan& line) {
  if (line.find("stage") != nullptr) return known_word(text_of(line, "stage"), stage_words());
  if (line.find("event") != nullptr) return known_word(text_of(line, "event"), backup_words());
  if (line.find("record") != nullptr) {
    const JsonScan extra = object_in(object_in(line, "record"), "extra");
    for (const char* key : {"event", "type"}) {
      if (extra.find(key) != nullptr) return known_word(text_of(extra, key), loguru_words());
    }
  }
  // The log of identified drives has a record and no word.
  if (line.find("hash_v2_hybrid") != nullptr) return {"drive_identification", ""};
  return {"", "no_stage"};
}

// The text that is the line's time; nothing when it has none.
std::optional<std::string> time_text_of(const JsonScan& line) {
  for (const char* key : {"ts", "timestamp"}) {
    if (const JsonMember* member = line.find(key)) return member->text();
  }
  const JsonScan time = object_in(object_in(line, "record"), "time");
  if (const JsonMember* member = time.find("repr")) return member->text();
  return std::nullopt;
}

bool is_lower_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The 32 or 64 hex digits that a file name begins with.
std::string_view hex_at_front(std::string_view name) {
  std::size_t digits = 0;
  while (digits < name.size() && is_lower_hex(name[digits])) ++digits;
  if (digits != 32 && digits != 64) return {};
  if (digits < name.size() && is_word(name[digits])) return {};
  return name.substr(0, digits);
}

// Media were mounted at /mnt/ntt/<id>, their partitions below that.
std::string_view id_in_mount(std::string_view path) {
  constexpr std::string_view kMounts = "/mnt/ntt/";
  if (!path.starts_with(kMounts)) return {};
  path.remove_prefix(kMounts.size());
  return path.substr(0, path.find('/'));
}

// Files that belong to a medium were named after it.
std::string_view id_in_path(std::string_view path) {
  const std::string_view name = path.substr(path.find_last_of('/') + 1);
  if (const auto hex = hex_at_front(name); !hex.empty()) return hex;
  constexpr std::string_view kRaw = ".raw";
  return name.ends_with(kRaw) ? name.substr(0, name.size() - kRaw.size()) : std::string_view();
}

void find_medium(const JsonScan& line, LegacyReading& reading) {
  for (const char* key : {"medium_hash", "session_hash"}) {
    const JsonMember* member = line.find(key);
    if (member == nullptr) continue;
    reading.names_medium = true;
    if (auto id = events::MediumId::parse(text_of(line, key))) reading.medium = {*id, key};
    return;
  }
  for (const char* key : {"out", "file", "raw", "raw_file", "img", "map", "image", "image_path",
                          "archive", "mnt", "mount"}) {
    const JsonMember* member = line.find(key);
    if (member == nullptr || !member->is_text()) continue;
    std::string storage;
    const std::string_view path = member->text_in(storage);
    const std::string_view mounted = id_in_mount(path);
    auto id = events::MediumId::parse(mounted.empty() ? id_in_path(path) : mounted);
    if (!id) continue;
    reading.names_medium = true;
    reading.medium = {*id, key};
    return;
  }
}

LegacyRole role_of(std::string_view stage) {
  static const Words opening = {"identify", "start", "pipeline_start", "load_only_start",
                                "archive_start"};
  static const Words ending = {"done", "error", "skip", "load_only_done", "archive_done"};
  if (opening.contains(stage)) return LegacyRole::opens;
  return ending.contains(stage) ? LegacyRole::ends : LegacyRole::none;
}

LegacyReading unreadable(std::string_view line, JsonShape shape) {
  constexpr std::string_view kBlanks = " \t\r";
  LegacyReading reading;
  const std::size_t begin = line.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) {
    reading.reason = "blank";
  } else if (line.substr(begin, line.find_last_not_of(kBlanks) + 1 - begin) == "null") {
    reading.reason = "null";
  } else if (shape == JsonShape::other) {
    reading.reason = "not_an_object";
  } else {
    reading.reason = shape == JsonShape::truncated ? "truncated" : "not_json";
  }
  return reading;
}

}  // namespace

std::optional<LegacyTime> read_legacy_time(std::string_view text) {
  constexpr std::size_t kSecondsEnd = 19;  // 2025-10-10T15:41:03
  if (text.size() < kSecondsEnd) return std::nullopt;
  std::size_t digits = 0;
  if (text.size() > kSecondsEnd && text[kSecondsEnd] == '.') {
    while (kSecondsEnd + 1 + digits < text.size() && text[kSecondsEnd + 1 + digits] >= '0' &&
           text[kSecondsEnd + 1 + digits] <= '9') {
      ++digits;
    }
    if (digits == 0) return std::nullopt;
  }
  const std::size_t zone = digits == 0 ? kSecondsEnd : kSecondsEnd + 1 + digits;
  LegacyTime time;
  time.text = text;
  time.has_offset = zone < text.size();
  std::string whole(text);
  if (!time.has_offset) whole += 'Z';
  // `date +%z` writes no colon.
  if (time.has_offset && text.size() == zone + 5) whole.insert(zone + 3, ":");
  auto at = events::parse_timestamp(whole);
  if (!at) return std::nullopt;
  time.at = *at;
  time.resolution = 1;
  for (std::size_t i = digits; i < 6; ++i) time.resolution *= 10;
  return time;
}

LegacyReading read_legacy_line(std::string_view line) {
  const JsonScan scan = scan_json(line);
  if (scan.shape != JsonShape::object) return unreadable(line, scan.shape);
  LegacyReading reading;
  Form form = form_of(scan);
  reading.reason = std::move(form.reason);
  const auto time = time_text_of(scan);
  if (time) reading.time = read_legacy_time(*time);
  find_medium(scan, reading);
  if (reading.reason.empty() && !reading.time) reading.reason = time ? "bad_time" : "no_time";
  if (!reading.reason.empty()) return reading;
  reading.role = role_of(form.stage);
  reading.stage = std::move(form.stage);
  for (const JsonMember& member : scan.members) {
    if (member.value != "null") reading.says.insert_or_assign(member.key, member.text());
  }
  return reading;
}

}  // namespace ntt::stages
