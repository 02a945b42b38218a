// What of an expression the indexes of the log can serve.

#pragma once

#include "events/log.h"
#include "tools/ntt/where_tree.h"

namespace ntt::tools {

// Adds to `filter` the conditions that every event has to meet for which `root` holds.
void narrow_filter(const WhereNode& root, events::Filter& filter);

}  // namespace ntt::tools
