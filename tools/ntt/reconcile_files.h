// Archives against media, and images and `.raw` files against generations.

#pragma once

#include <atomic>
#include <string>

#include "events/log.h"
#include "stages/stage.h"
#include "tools/ntt/discrepancy.h"

namespace ntt::tools {

struct FileRequest {
  std::string archive_root;
  bool rehash = false;  // read every archive
};

struct FileCounts {
  std::uint64_t media = 0;
  std::uint64_t archives = 0;  // recorded
  std::uint64_t sources = 0;   // recorded
};

// Looks at each recorded file where the log has it, and at the archives in the root. Memory: the
// paths of the archives of the log. Errors: unavailable (cancelled), the log's, io (a root that is
// there and cannot be listed).
events::Result<FileCounts> reconcile_files(const events::Log& log, const FileRequest& request,
                                           stages::Progress& progress,
                                           const std::atomic<bool>& cancelled,
                                           const TellDiscrepancy& tell);

}  // namespace ntt::tools
