// The tables `medium`, `stage_attempt`, `volume` and `retracted_event`: rows of folded media.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "events/log.h"
#include "projector/event_projection.h"
#include "projector/medium_fold.h"
#include "projector/partial_fold.h"
#include "projector/pg.h"

namespace ntt::projector {

// What the table `medium` says before it is changed.
struct StoredMedium {
  std::string partition_suffix;
  Sequence load_seq;  // of the generation in its partitions; 0: none
};
using StoredMedia = std::map<std::string, StoredMedium>;

// A touched medium: its new state, and what its partitions are called.
struct FoldedMedium {
  TouchedMedium touched;
  MediumState state;
  std::optional<FoldStop> stop;                      // what its state is that of before
  std::map<std::uint64_t, std::uint64_t> retracted;  // its events that are, and by which
  std::string partition_suffix;
  Sequence stored_load_seq;
  Sequence stored_stop;    // the event that it was stopped at; 0: none
  bool is_forced = false;  // its partitions are written anew, whatever they hold

  // Whether outcomes of the current generation may be others than its partitions have.
  [[nodiscard]] bool outcomes_changed() const;
};

events::Result<StoredMedia> read_stored_media(Pg& pg);

// Folds every touched medium as of `last`, as far as it goes. New media get their partitions'
// names. `known`: what could not be folded before.
events::Result<std::vector<FoldedMedium>> fold_media(const events::Log& log, Sequence last,
                                                     const std::vector<TouchedMedium>& touched,
                                                     const StoredMedia& stored,
                                                     const std::vector<UnfoldedEvent>& known);

// Folds a medium again, only what is before `stop`.
events::Status stop_medium(const events::Log& log, Sequence last, FoldStop stop,
                           FoldedMedium& medium);

// Needs the rows of `event`.
events::Status project_media(Pg& pg, const std::vector<FoldedMedium>& media);

}  // namespace ntt::projector
