// image: rescues a device or a damaged image with GNU ddrescue, and records what the mapfile says.

#pragma once

#include <string>

#include "stages/stage.h"

namespace ntt::stages {

struct ImageRequest {
  events::SourceInfo source;
  std::string image_path;  // written; resumed when it and the mapfile exist
  std::string mapfile_path;
  bool force = false;
};
Result<StageReport> run_image(StageContext& context, const ImageRequest& request);

}  // namespace ntt::stages
