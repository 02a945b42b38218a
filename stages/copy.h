// copy: reads every pending regular file once, hashes it and stores each content once.

#pragma once

#include <string>

#include "stages/source.h"
#include "stages/stage.h"

namespace ntt::stages {

struct CopyRequest {
  std::string store;          // the by-hash root
  unsigned workers = 0;       // 0: one for each processor, at most 8
  bool retry_failed = false;  // try again what has outcome partial or failed
};

// One failing file is an outcome of that file; a full disk is copy_error, and a later run goes on
// after the last batch.
Result<StageReport> run_copy(StageContext& context, Source& source, const CopyRequest& request);

}  // namespace ntt::stages
