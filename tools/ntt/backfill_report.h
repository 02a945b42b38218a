// What `ntt backfill` says of the media that it looked at.

#pragma once

#include <string>
#include <vector>

#include "stages/adopt.h"
#include "tools/ntt/json.h"

namespace ntt::tools {

struct BackfilledMedium {
  std::string id;
  std::string name;
  std::optional<events::Timestamp> table_enum_done;
  std::optional<events::Timestamp> table_copy_done;
  stages::AdoptReport report;
};

// One object a medium; docs/json.md describes it.
Json json_of(const BackfilledMedium& medium, bool dry_run);

// A table of the media, and one of the conflicts if there are any.
void print_backfilled(const std::vector<BackfilledMedium>& media, bool color);

}  // namespace ntt::tools
