// The files that a medium's events say are there: its archive, and what its entries were read from.
// Pure.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "events/event.h"
#include "events/result.h"

namespace ntt::tools {

struct RecordedArchive {
  std::string path;
  std::uint64_t bytes = 0;  // 0: the log does not say
  std::string blake3;       // hex; empty: the log does not say
  events::Sequence seq;     // the archive_success
};

// An image or a `.raw` file.
struct RecordedSource {
  std::string kind;  // "image" or "raw"
  std::string path;
  std::optional<std::uint64_t> size;  // as medium_identified has it for this path
  events::Sequence seq;               // the event that says it was read, or made
  bool has_entries = false;           // what was read from it is in the log
};

struct RecordedFiles {
  std::optional<RecordedArchive>
      archive;  // the one that counts, unless the log says it was deleted
  std::map<std::string, events::Sequence> former_archives;  // replaced or deleted: path, by which
  // Of the current generation; where the log does not know that, what was read or imaged last.
  std::optional<RecordedSource> source;
};

// `medium_events`: those of one medium but its batches, in the order of the log. Retracted events
// do not count; of others the latest in the medium's own time does (projector/fold_order.h). A file
// that a later cleanup_done names is not expected any more. Errors: corruption.
events::Result<RecordedFiles> recorded_files(const std::vector<events::Event>& medium_events);

}  // namespace ntt::tools
