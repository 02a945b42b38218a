// Checking a proof with nothing but the proof and what the verifier trusts. Pure.

#pragma once

#include <vector>

#include "events/checkpoint_note.h"
#include "tools/ntt/proof_file.h"

namespace ntt::tools {

// What the verifier has from elsewhere than the proof. With neither, no proof holds: anybody can
// make a tree.
struct Trust {
  std::optional<events::VerifierKey> key;
  std::optional<events::CheckpointNote> checkpoint;  // one that the verifier kept, or was given
};

enum class CheckOutcome { holds, fails, not_checked };
std::string_view to_string(CheckOutcome outcome);

struct ProofCheck {
  std::string name;  // event, payload, attachment, inclusion, origin, consistency, signature, ...
  CheckOutcome outcome = CheckOutcome::not_checked;
  std::string detail;  // for people
};

struct ProofVerdict {
  std::string kind;                    // inclusion or consistency
  bool holds = false;                  // nothing fails, and something trusted vouches for the root
  std::vector<ProofCheck> checks;      // in the order in which they were made
  std::optional<events::Event> event;  // inclusion: what it is about, if it decodes
  std::optional<events::CheckpointNote> from;  // consistency: the older checkpoint
  std::optional<events::CheckpointNote> checkpoint;
  std::vector<std::string> proven;      // sentences; none unless the proof holds
  std::vector<std::string> not_proven;  // what it does not say, whether it holds or not
};

ProofVerdict check_proof(const Proof& proof, const Trust& trust);

}  // namespace ntt::tools
