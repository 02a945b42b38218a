// Type names to kinds: one hash look-up, for a fold asks it of every event.

#include "projector/event_kind.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace ntt::projector {

namespace {

struct Names {
  std::vector<std::string> kept;  // what the keys below refer to
  std::unordered_map<std::string_view, EventKind> kinds;

  Names() {
    constexpr std::array<std::string_view, 6> kPhases = {"",         "_start", "_batch",
                                                         "_success", "_error", "_skip"};
    kept.reserve(kStages.size() * kPhases.size());
    for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
      for (std::size_t phase = 1; phase < kPhases.size(); ++phase) {
        kept.push_back(std::string(kStages[stage]) + std::string(kPhases[phase]));
        kinds[kept.back()] = {static_cast<Subject>(stage), static_cast<Phase>(phase)};
      }
    }
    kinds["cleanup_done"] = {Subject::cleanup, Phase::success};
    for (const char* unused : {"cleanup_batch", "cleanup_success", "cleanup_skip"}) {
      kinds.erase(unused);
    }
    kinds["medium_identified"] = {Subject::identified, Phase::none};
    kinds["medium_labelled"] = {Subject::labelled, Phase::none};
    kinds["mapfile_observed"] = {Subject::mapfile, Phase::none};
    kinds["legacy_claim"] = {Subject::claim, Phase::none};
    kinds["legacy_medium"] = {Subject::legacy, Phase::none};
    kinds["retraction"] = {Subject::retraction, Phase::none};
  }
};

}  // namespace

EventKind kind_of(std::string_view type) {
  static const Names names;
  const auto found = names.kinds.find(type);
  return found == names.kinds.end() ? EventKind{} : found->second;
}

}  // namespace ntt::projector
