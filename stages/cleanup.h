// cleanup: deletes the files of a medium that are no longer needed, once log and disk both prove
// it.
//
// What may go is the gate's to say (cleanup_gate.h). Before the first file goes, everything is read
// again: the image whole, every blob and the archive by a verify that is recorded, and the archive
// member by member. Then, for each file: cleanup_start is on the disk before the file is unlinked,
// and cleanup_done after its directory is synced.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stages/named_files.h"
#include "stages/stage.h"

namespace ntt::stages {

struct CleanupCandidate {
  std::string kind;                    // image, mapfile, raw, archive, source or generation
  std::string path;                    // bytes; empty for earlier generations
  std::optional<std::uint64_t> bytes;  // on the disk; none: it is not there
  bool may = false;
  std::string why;  // why it may be deleted, or everything that speaks against it
  std::vector<events::Sequence> evidence;
  // What a run made of it: "deleted"; "gone" (it was begun before, and is finished now); "refused"
  // (what was read again is not what the log says); "failed" (the system did not delete it);
  // "interrupted"; or "" when nothing was tried.
  std::string outcome;
  events::Sequence event;  // the cleanup_done or cleanup_error; 0: none
};

// Looks at log and disk and changes nothing. Reads no contents.
Result<std::vector<CleanupCandidate>> plan_cleanup(const events::Log& log,
                                                   const events::MediumId& medium,
                                                   const NamedFiles& named);

struct CleanupRequest {
  std::string store;  // the by-hash root
  std::string temporary_directory;
};

// Deletes what may be deleted, and gives an interrupted deletion its end if the file is gone.
// Errors are those of the log; what could not be deleted is in the candidates.
Result<std::vector<CleanupCandidate>> run_cleanup(StageContext& context, const NamedFiles& named,
                                                  const CleanupRequest& request);

}  // namespace ntt::stages
