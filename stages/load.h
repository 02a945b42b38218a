// load: checks that the manifest is whole, applies the exclusion rules and folds hard links.

#pragma once

#include "stages/exclusion.h"
#include "stages/stage.h"

namespace ntt::stages {

struct LoadRequest {
  ExclusionRules rules;
  std::string temporary_directory;  // for sorting what does not fit in memory
  bool force = false;
};
Result<StageReport> run_load(StageContext& context, const LoadRequest& request);

}  // namespace ntt::stages
