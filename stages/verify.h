// verify: reads every blob of the current generation and the archive again, and compares the
// hashes.

#pragma once

#include <string>

#include "stages/stage.h"

namespace ntt::stages {

struct VerifyRequest {
  std::string store;
  std::string temporary_directory;
  bool force = false;
};
Result<StageReport> run_verify(StageContext& context, const VerifyRequest& request);

}  // namespace ntt::stages
