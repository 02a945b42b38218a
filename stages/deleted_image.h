// An image that cleanup deleted: what is known of its medium, though nothing is left to read.

#pragma once

#include <optional>

#include "stages/history.h"
#include "stages/identify.h"

namespace ntt::stages {

struct DeletedImage {
  Identity identity;    // as the log has it
  events::Sequence by;  // the cleanup_done
};

// Looks for the latest deletion of an image at this path, of whatever medium.
Result<std::optional<DeletedImage>> find_deleted_image(const events::Log& log,
                                                       const std::string& path);

// The latest deletion of the medium's image at this path, unless an image was made there since.
std::optional<events::Sequence> deletion_of(const History& history, const std::string& image_path);

}  // namespace ntt::stages
