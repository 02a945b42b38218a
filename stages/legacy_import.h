// Import of the earlier system's logs: every line becomes one event. EVENTS.md, "The past".

#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "events/clock.h"
#include "events/log.h"
#include "stages/stage.h"

namespace ntt::stages {

struct LegacyImportRequest {
  std::vector<std::string> files;  // "-": standard input
  events::RunId run;
  events::Actor actor;
  bool dry_run = false;  // nothing is appended; needs some 50 bytes of memory for each new line
};

struct LegacyImportReport {
  std::uint64_t lines = 0;
  std::uint64_t events = 0;      // appended, or in a dry run: that would be
  std::uint64_t duplicates = 0;  // lines whose event the log had, or a line before them made
  // Of the lines, duplicates too:
  std::uint64_t claims = 0;
  std::uint64_t unattributed = 0;              // claims about no medium
  std::map<std::string, std::uint64_t> other;  // legacy_line, by reason
  bool interrupted = false;  // `cancelled` was set; what was read until then is in the log

  // Every line is an event or a duplicate of one.
  [[nodiscard]] bool adds_up() const { return lines == events + duplicates; }
};

struct LegacyImportContext {
  // Null for a dry run without a log. Nobody else may append meanwhile.
  events::Log* log = nullptr;
  Progress& progress;
  const std::atomic<bool>& cancelled;
};

// Reads all files, whatever their order is in the request: they are taken in the order of their
// first times, so that a line finds the one that it belongs to. Appends in groups, each all or
// nothing; bounded memory. An error names the file; every group before it is in the log, and
// running it again goes on. A file that is missing is found before the first line is taken in.
Result<LegacyImportReport> import_legacy_logs(const LegacyImportContext& context,
                                              const LegacyImportRequest& request);

}  // namespace ntt::stages
