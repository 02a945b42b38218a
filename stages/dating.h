// Dating: when an earlier system loaded and copied a medium, given every time that anybody wrote
// down. docs/adopting.md has the rule in words. Pure.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "events/payload.h"
#include "events/types.h"

namespace ntt::stages {

using events::Timestamp;

// An old log's line that says "success".
struct ClaimedTime {
  Timestamp at;
  std::int64_t resolution = 1;  // microseconds that its last digit counts
};

// A timestamp of the table `medium`.
struct TableTime {
  Timestamp at;
  std::size_t media = 1;  // that have the very same one in this column; several: set by hand
};

// What there is to date one medium by.
struct TimesFound {
  std::vector<ClaimedTime> load_claims;
  std::vector<ClaimedTime> copy_claims;
  std::optional<TableTime> table_load;  // medium.enum_done
  std::optional<TableTime> table_copy;  // medium.copy_done
  // The least and the greatest inode.processed_at: when the first and the last file were copied.
  std::optional<Timestamp> first_processed;
  std::optional<Timestamp> last_processed;
  std::optional<Timestamp> archive_written;  // the archive file's own time
};

struct Dated {
  std::optional<Timestamp> at;              // absent: nothing dates it
  std::string dated_by;                     // Evidence::dated_by
  std::string time_is;                      // Evidence::time_is
  std::vector<events::EvidenceTime> times;  // all that were considered
  std::vector<std::string> conflicts;
  bool table_is_wrong = false;  // the table has a time, and it is not the chosen one
};

struct DatedPair {
  Dated load;
  Dated copy;
};

// Never gives a load that is later than its copy.
DatedPair date(const TimesFound& found);

// When the archive was written: by the first old log's line that says so and is not before the
// file's own time, else by that, as a bound.
Dated date_archive(const std::vector<ClaimedTime>& claims, const std::optional<Timestamp>& written);

}  // namespace ntt::stages
