// What a user trusts, as it is given on the command line: verifier keys and checkpoints.

#pragma once

#include <optional>
#include <string>

#include "events/checkpoint_note.h"
#include "tools/ntt/settings.h"

namespace ntt::tools {

struct CheckpointFile {
  events::SignedNote note;
  events::CheckpointNote checkpoint;
};
events::Result<CheckpointFile> read_checkpoint_file(const std::string& path);

// A verifier key itself, or the file that holds one.
events::Result<events::VerifierKey> read_verifier_key(const std::string& text_or_path);

// The verifier key of one of our own logs, if it is kept here.
events::Result<std::optional<events::VerifierKey>> known_key(const Settings& settings,
                                                             const std::string& origin);

}  // namespace ntt::tools
