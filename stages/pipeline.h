// The whole pipeline for one medium: identify, image, enum, load, copy, archive, verify.

#pragma once

#include <string>
#include <vector>

#include "events/log.h"
#include "stages/exclusion.h"
#include "stages/stage.h"

namespace ntt::stages {

struct PipelineRequest {
  events::SourceInfo source;  // kind: image, device, directory or raw
  std::string label;
  std::string until = "verify";  // the last stage to run
  bool force = false;            // enumerate and load again, as a new generation
  bool retry_failed = false;
  bool deleted_entries = false;
  bool cross_filesystems = false;
  unsigned workers = 0;
  std::string reader_program;
  ExclusionRules rules;
  // Roots, all set.
  std::string by_hash_root;
  std::string archive_root;
  std::string image_root;  // where images of devices are written
  std::string temporary_directory;
  std::vector<std::string> command_line;
};

struct PipelineReport {
  events::MediumId medium;
  bool done = false;  // every stage asked for ended in success or skip
  bool interrupted = false;
  std::string failed_stage;
  std::vector<std::pair<std::string, StageReport>> stages;  // in the order they ran
};

// Errors: those of identify and of the log. A stage that ended in error is in the report.
Result<PipelineReport> run_pipeline(events::Log& log, events::Clock& clock, Progress& progress,
                                    const std::atomic<bool>& cancelled, PipelineRequest request);

}  // namespace ntt::stages
