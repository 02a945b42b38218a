// Rebuild: the tables made anew from the log and put in the place of the live ones.
//
// Readers keep reading and stages keep appending meanwhile. The live tables are not touched before
// the one transaction that renames the schemas; interrupted before it, a rebuild leaves a schema
// that the next one drops.

#pragma once

#include <string>
#include <vector>

#include "events/log.h"
#include "projector/projector.h"

namespace ntt::projector {

inline constexpr const char* kPreviousSchema = "ntt_previous";

struct TableCount {
  std::string table;
  std::uint64_t before = 0;  // rows of the tables that were live; 0 if there were none
  std::uint64_t now = 0;
};

struct RebuildReport {
  events::Sequence to;     // the tables are the fold of the events up to here
  std::uint64_t rows = 0;  // inode and path rows written
  std::vector<TableCount> counts;
  std::vector<UnfoldedEvent> unfolded;  // what the new tables lack
};

// Keeps what was live as schema ntt_previous, in the place of an older one. Errors: conflict
// (another rebuild is at work), corruption (the log is damaged, or the new tables do not hold what
// it says: nothing was changed), unavailable, invalid, io.
events::Result<RebuildReport> rebuild(const std::string& owner_url, const events::Log& log,
                                      const ProjectProgress& progress);

// Exchanges the live tables and the previous ones. Errc::not_found when there are no previous ones.
events::Status roll_back_rebuild(const std::string& owner_url);

// Whether there were any.
events::Result<bool> drop_previous(const std::string& owner_url);

// One medium in place, in one transaction, as of the tables' checkpoint: its rows of every table
// but `blobs`, which belongs to all media. The report has no position and no counts. Errors as
// Projector::catch_up, and not_found (the log has no such medium up to there).
events::Result<RebuildReport> rebuild_medium(const std::string& owner_url, const events::Log& log,
                                             const events::MediumId& medium,
                                             const ProjectProgress& progress);

}  // namespace ntt::projector
