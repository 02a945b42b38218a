// The tables `medium`, `stage_attempt` and `volume`: rows of folded media.

#pragma once

#include <map>
#include <vector>

#include "events/log.h"
#include "projector/event_projection.h"
#include "projector/medium_fold.h"
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
  MediumState state;
  std::string partition_suffix;
  Sequence stored_load_seq;
  bool outcomes_changed = false;  // of the current generation
  bool is_forced = false;         // its partitions are written anew, whatever they hold
};

events::Result<StoredMedia> read_stored_media(Pg& pg);

// Folds every touched medium as of `last`. New media get their partitions' names.
events::Result<std::vector<FoldedMedium>> fold_media(const events::Log& log, Sequence last,
                                                     const std::vector<TouchedMedium>& touched,
                                                     const StoredMedia& stored);

events::Status project_media(Pg& pg, const std::vector<FoldedMedium>& media);

}  // namespace ntt::projector
