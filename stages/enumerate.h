// enum: walks a source and records every entry in enum_batch events.

#pragma once

#include "stages/source.h"
#include "stages/stage.h"

namespace ntt::stages {

struct EnumRequest {
  bool force = false;  // make a new manifest though there is one
  bool deleted_entries = false;
  bool cross_filesystems = false;
};

// An interrupted manifest is continued when the source still begins with the recorded entries.
// All volumes failed: enum_error. Some failed: success, with each volume's outcome.
Result<StageReport> run_enum(StageContext& context, Source& source, const EnumRequest& request);

}  // namespace ntt::stages
