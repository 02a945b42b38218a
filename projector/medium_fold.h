// The fold of a medium: what its row in `medium` and its attempts in `stage_attempt` are, given its
// events. Pure: no clock, no environment, no I/O. `ntt status` uses it on the log alone.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "events/event.h"
#include "events/payload.h"

namespace ntt::projector {

using events::Sequence;
using events::Timestamp;

// A timestamp of the tables together with the event that it is.
struct Stamp {
  Timestamp at;
  Sequence seq;
  bool operator==(const Stamp&) const = default;
};

// One attempt of a stage, or of cleanup at one file: its start and, if it has one, its end. A skip
// without a start is no attempt; a success or an error whose start the log does not have (a
// backfilled one) is listed with its own seq and time as start_seq and started_at. An attempt whose
// end was retracted has no end; it is retracted and not interrupted, for it did come to one.
struct StageAttempt {
  std::string stage;  // "enum", "load", ...
  Sequence start_seq;
  Timestamp started_at;
  events::RunId run;
  std::optional<Stamp> end;
  std::string outcome;  // "success", "error", "skip"; "retracted"; or "" while it has no end
  std::string error;    // the short word of an error or the reason of a skip
  std::string message;
  Sequence retracted_by;  // what withdrew its end; 0: nothing, or another end counts
  events::Origin origin = events::Origin::native;  // of its end, or of its start without one
  bool operator==(const StageAttempt&) const = default;
};

struct MediumState {
  events::MediumId medium;
  std::string medium_human;
  std::optional<Stamp> added_at;          // the first event of the medium that has a time
  std::string health;                     // ok | incomplete | corrupt | failed
  std::optional<std::string> image_path;  // bytes; NULL in the table for a directory
  std::optional<std::uint64_t> size;      // bytes
  std::string source_kind;
  std::string source_path;  // bytes
  // load_success and copy_success of the current generation, unless nothing dates them.
  std::optional<Stamp> enum_done;
  std::optional<Stamp> copy_done;
  std::optional<Stamp> archive_done;
  std::optional<Stamp> verify_done;
  std::string message;                // the operator's label
  std::string diagnostics;            // how it was identified, in lines of text
  std::vector<std::string> problems;  // in words: failed volumes, unreadable entries, mismatches
  std::uint32_t generation = 0;       // current; 0: never loaded
  std::optional<events::LoadSuccess> load;      // payload behind enum_done or, undated, instead
  std::optional<events::EnumSuccess> manifest;  // the enum_success that load names
  std::optional<events::CopySuccess> copy;      // payload behind copy_done or, undated, instead
  // Of the events that `load` and `copy` are of.
  events::Origin load_origin = events::Origin::native;
  events::Origin copy_origin = events::Origin::native;
  bool is_damaged = false;  // verify found blobs or the archive changed, missing or unreadable
  Sequence load_seq;        // seq of the current load_success; 0: none
  Sequence copy_seq;        // seq of the copy_success that `copy` is of; 0: none
  Sequence last_seq;        // the last event that changed what is above this line
  std::optional<Stamp> image_deleted;    // the image at image_path was, and not made again since
  std::vector<StageAttempt> attempts;    // in order of start
  std::vector<StageAttempt> claims;      // what old logs say was attempted: legacy_fold.h
  std::vector<Sequence> unknown_events;  // of types that this version does not know: skipped
  bool operator==(const MediumState&) const = default;
};

// Folds all events of one medium, batches left out or ignored. The order of the vector is the
// log's; the fold takes them in the order of fold_order.h. Errc::corruption names the event that
// cannot be folded (Error::event): its payload cannot be read, or contradicts another.
//
// What a line of an old log says (legacy_claim) sets names, label, source and health, and is listed
// in `claims`; it never sets one of the four timestamps, whatever it says. Nor does the row of an
// earlier system's table (legacy_medium). A backfilled load or copy that nothing dates
// (Evidence::time_is "unknown") is complete all the same: `load` and `copy` are set, and the
// timestamp is not.
//
// copy_done is the latest copy_success that names the current load_success (by its seq, or by its
// generation where it knows no seq). One that is dated before that load (a clock went back) does
// not count and is listed as a problem, so copy_done >= enum_done always.
events::Result<MediumState> fold_medium(const std::vector<events::Event>& medium_events);

// ok: all rescued; incomplete: 90 % or more; corrupt: 20 % or more; failed: less, or nothing to
// rescue from.
std::string judge_health(std::uint64_t rescued_bytes, std::uint64_t total_bytes);

}  // namespace ntt::projector
