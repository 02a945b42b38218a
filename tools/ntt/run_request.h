// What `ntt run` was asked for, whichever command line said so.

#pragma once

#include <cstdint>
#include <string>

#include "tools/ntt/context.h"

namespace ntt::tools {

inline constexpr std::uint64_t kWorkersThatFit = UINT64_MAX;  // nobody asked for a number

struct RunRequest {
  std::string kind;  // image | directory | raw | device
  std::string path;
  std::string label;
  std::string until = "verify";
  bool force = false;
  bool retry_failed = false;
  bool deleted = false;
  bool cross_filesystems = false;
  std::string rules;  // a file; empty: the setting ignore_patterns
  std::uint64_t workers = kWorkersThatFit;
  bool no_project = false;  // leave the tables as they are
  bool json = false;
};

// Runs the pipeline, then brings the tables up to date. kDone also when the database is out of
// reach: the work is done and recorded, a warning says that the tables will follow.
int run_pipeline_command(Context& context, const RunRequest& request);

}  // namespace ntt::tools
