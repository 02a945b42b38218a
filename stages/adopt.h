// Adopt: what an earlier system's tables, store and archive say of one medium becomes events of the
// kinds that a run here would have left, backfilled and with the evidence for each.
//
// Claims nothing that was not seen: every stored file's blob is looked for in the store, the
// archive is read to its end. Times are chosen by dating.h. The order of the events, and what is
// said where something is missing: docs/adopting.md.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stages/dating.h"
#include "stages/legacy_rows.h"
#include "stages/stage.h"

namespace ntt::stages {

struct AdoptContext {
  events::Log& log;
  events::Clock& clock;
  Progress& progress;
  const std::atomic<bool>& cancelled;
  events::RunId run;
  events::Actor actor;
};

struct AdoptRequest {
  events::MediumId medium;
  std::string database;                    // its name
  std::map<std::string, std::string> row;  // of the table `medium`, see LegacyMedium
  std::optional<Timestamp> added_at;
  bool has_partition = false;  // there is a place for its rows
  std::uint64_t inodes = 0;    // rows
  std::uint64_t paths = 0;
  // What tells these rows from what they may be later: two that are equal are the same rows.
  std::map<std::string, std::string> counts;
  std::vector<LegacyVolume> volumes;
  TimesFound times;  // `archive_written` is found here
  std::vector<ClaimedTime> archive_claims;
  std::string ambiguous_id;  // why several media may stand behind the id; empty: one does
  std::string by_hash_root;
  std::string archive_path;  // where its archive would be; empty: not asked for
  std::string raw_path;      // where its .raw file would be; empty: not asked for
  std::string temporary_directory;
  // A dry run deposits nothing in the store.
  bool dry_run = false;
};

enum class AdoptOutcome {
  complete,    // loaded and copied
  incomplete,  // loaded, and `why` says why its copy is not complete
  not_loaded,  // there are no rows; `why`
  native,      // taken in here already: left alone
  changed,     // adopted before, on other evidence; `why` says what to do
  withdrawn,   // this adoption was retracted; `why` says by what
  error,       // it could not be read; `why`. Never from adopt_medium, which gives an Error then
};
std::string_view to_string(AdoptOutcome outcome);

struct AdoptReport {
  AdoptOutcome outcome = AdoptOutcome::not_loaded;
  std::string why;
  Dated load;  // what was chosen; empty words where there is nothing to date
  Dated copy;
  std::uint64_t paths = 0;
  std::uint64_t files = 0;  // to be copied
  std::uint64_t stored = 0;
  std::uint64_t failed = 0;
  std::uint64_t pending = 0;
  std::uint64_t excluded = 0;          // paths
  std::uint64_t unverified = 0;        // files that share an inode number with another volume's
  std::string archive;                 // whole | damaged | missing | unreadable | "": not asked for
  std::vector<std::string> conflicts;  // of load, copy and archive
  bool interrupted = false;
};

// Appends what is not in the log yet. Run again after an interruption, it goes on: what is there
// already is met again and adds nothing; if the rows changed meanwhile, it begins anew. Errors:
// those of the log, of `rows`, and of the store (its root is missing).
Result<AdoptReport> adopt_medium(const AdoptContext& context, const AdoptRequest& request,
                                 LegacyRows& rows);

}  // namespace ntt::stages
