// A checkpoint as others keep it: size and root of a log in a signed note
// (c2sp.org/tlog-checkpoint).
//
// Pure. The projection's own position in the log has nothing to do with this.
//
// Format: see PROOFS.md.

#pragma once

#include "events/note.h"

namespace ntt::events {

struct CheckpointNote {
  std::string origin;      // which log: "ntt/<log id>" for ours
  std::uint64_t size = 0;  // events under the root
  Sha256Digest root;       // RFC 6962 tree head over them
  std::string extensions;  // further lines of the text, each with its newline; ours have none
  bool operator==(const CheckpointNote&) const = default;

  // The same tree of the same log.
  [[nodiscard]] bool is_same_tree(const CheckpointNote& other) const {
    return origin == other.origin && size == other.size && root == other.root;
  }
};

// The origin of a log, which is its key's name too.
std::string origin_of(const std::string& log_id);

// The lines that are signed. `checkpoint` must be one that could be parsed (CHECK).
std::string to_note_text(const CheckpointNote& checkpoint);

// Reads a note's text; does not look at signatures. Errc::invalid for any other text.
Result<CheckpointNote> parse_checkpoint(const SignedNote& note);

}  // namespace ntt::events
