// The lines of the earlier system's logs: bytes in, what they say out. Pure.
//
// A log is JSON, one object a line, written by several programs over the years; domain words are
// theirs. What a line says is a claim of the program that wrote it, never an observation of ours.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "events/types.h"

namespace ntt::stages {

// A line's own time.
struct LegacyTime {
  std::string text;  // as it is written there
  events::Timestamp at;
  bool has_offset = false;       // false: of unknown zone, `at` reads it as UTC
  std::uint64_t resolution = 1;  // microseconds that its last digit counts; 1000000: whole seconds
  bool operator==(const LegacyTime&) const = default;
};

// Which medium a line is about, and the key that says so.
struct LegacyMedium {
  events::MediumId id;
  std::string key;
  bool operator==(const LegacyMedium&) const = default;
};

// What the line means for the lines below it that name no medium.
enum class LegacyRole { none, opens, ends };

struct LegacyReading {
  // Empty: a line of a known form. Else why it is none: "blank", "null", "truncated" (it is the
  // beginning of JSON), "not_json", "not_an_object", "no_stage", "unknown_stage", "no_time" or
  // "bad_time".
  std::string reason;
  std::string stage;                        // its word for what happened; "" unless of a known form
  std::map<std::string, std::string> says;  // its members, as LegacyClaim::says; "" unless known
  std::optional<LegacyTime> time;           // known or not
  std::optional<LegacyMedium> medium;       // named by the line itself, known or not
  // Whether it is about a medium that it names, rightly or not: then no other line tells.
  bool names_medium = false;
  LegacyRole role = LegacyRole::none;
  bool operator==(const LegacyReading&) const = default;
};

// `line` has no newline at its end, and may be any bytes.
LegacyReading read_legacy_line(std::string_view line);

// A time as the old logs write it: RFC 3339 with an offset, or ISO 8601 without a zone; a space may
// stand for the T. Nothing for any other text.
std::optional<LegacyTime> read_legacy_time(std::string_view text);

}  // namespace ntt::stages
