// identify: which medium is this, and what does it look like.

#pragma once

#include <string>

#include "events/payload.h"
#include "stages/stage.h"

namespace ntt::stages {

struct Identity {
  events::MediumId medium;
  events::MediumIdentified facts;
};

// Observes the source; writes nothing. kind is "image", "device", "directory" or "raw". `label`
// tells blank carriers apart. Errors: not_found, invalid (empty source: nothing to identify), io.
Result<Identity> identify(const events::SourceInfo& source, const std::string& label);

// Appends medium_identified (and medium_labelled when `label` is given and new) unless the log
// already says the same.
Status record_identity(StageContext& context, const Identity& identity, const std::string& label);

}  // namespace ntt::stages
