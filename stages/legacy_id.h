// The ids of imported lines: functions of the lines, so that no line is taken in twice. Pure.

#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <string>

#include "events/types.h"

namespace ntt::stages {

// The id of a line's event; EVENTS.md has the recipe, which never changes. `line` is the BLAKE3 of
// the line without its newline, `repeat` how many equal lines its file has up to and with it.
events::EventId legacy_event_id(const events::Blake3Digest& line, std::uint64_t repeat);

// Counts equal lines of one file, in bounded memory: it remembers at least the last million
// distinct lines. Lines have their second in them, so equal ones stand close together; those that
// are further apart than that count as one.
class RepeatCounter {
 public:
  explicit RepeatCounter(std::size_t remembered = 1'000'000) : remembered_(remembered) {
    recent_.max_load_factor(kLoad);
  }

  // How many lines of this digest there were, with this one.
  std::uint64_t count(const events::Blake3Digest& line);

 private:
  struct Hash {
    std::size_t operator()(const events::EventId& key) const;
  };
  using Counts = tsl::robin_map<events::EventId, std::uint64_t, Hash>;  // by half a digest

  static constexpr float kLoad = 0.96F;  // a million in 2^20 places of 32 bytes

  std::size_t remembered_;
  Counts recent_;
  Counts older_;  // what was recent before that was full
};

}  // namespace ntt::stages
