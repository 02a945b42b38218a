// What kind of event a type name stands for, as far as the projector cares.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ntt::projector {

// The stages of the pipeline, and cleanup, which a person starts.
inline constexpr std::array<std::string_view, 7> kStages = {"image",   "enum",   "load",   "copy",
                                                            "archive", "verify", "cleanup"};

enum class Phase : std::uint8_t { none, start, batch, success, error, skip };

enum class Subject : std::uint8_t {
  image,  // the stages, in the order of kStages
  enumerate,
  load,
  copy,
  archive,
  verify,
  cleanup,
  identified,
  labelled,
  mapfile,
  retraction,
  claim,   // a line of an old log, of a known form
  legacy,  // a row of the table medium of an earlier system
  other,   // nothing that a row depends on, or a type that this version does not know
};

struct EventKind {
  Subject subject = Subject::other;
  Phase phase = Phase::none;  // of a stage
  [[nodiscard]] bool is(Subject s, Phase p) const { return subject == s && phase == p; }
  [[nodiscard]] bool is_stage() const { return subject <= Subject::cleanup; }
};

EventKind kind_of(std::string_view type);

}  // namespace ntt::projector
