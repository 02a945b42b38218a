// The table `unfolded_event`: what could not be folded, and which medium is stopped by it.

#pragma once

#include <vector>

#include "events/log.h"
#include "projector/pg.h"
#include "projector/projector.h"

namespace ntt::projector {

// In words; names the event once.
std::string unfolded_reason(const events::Event& event, const events::Error& error);

// Those of the session's schema, in order of seq.
events::Result<std::vector<UnfoldedEvent>> read_unfolded(Pg& pg);

// Makes them the rows of the table.
events::Status write_unfolded(Pg& pg, const std::vector<UnfoldedEvent>& unfolded);

}  // namespace ntt::projector
