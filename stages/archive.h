// archive: packs the image and its mapfile into <medium>.tar.zst and reads it back before it says
// so.

#pragma once

#include <string>

#include "stages/stage.h"

namespace ntt::stages {

struct ArchiveRequest {
  events::SourceInfo source;  // anything but an image or an imaged device is a skip
  std::string image_path;
  std::string mapfile_path;  // empty or absent: none
  std::string archive_root;  // NTT_IMAGES_ROOT
};
Result<StageReport> run_archive(StageContext& context, const ArchiveRequest& request);

}  // namespace ntt::stages
