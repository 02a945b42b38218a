// The file that carries one proof: everything that checking it takes, but for whom to trust.
//
// One JSON object. Every key has to be there, and none that is not known: what is in such a file is
// checked or refused. Nothing is said twice: an event's number is in its envelope, a tree's size in
// its checkpoint.
//
// Format: see docs/proofs.md.

#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "events/envelope.h"
#include "events/proof.h"

namespace ntt::tools {

// What an event carries beside its payload, with the salt of its digest.
struct ProvenAttachment {
  events::Salt salt{};
  std::string bytes;
  bool operator==(const ProvenAttachment&) const = default;
};

struct InclusionProof {
  std::string envelope;  // as it was hashed
  events::Salt data_salt{};
  std::string data;
  std::optional<ProvenAttachment> attachment;  // left out: the envelope has its digest
  events::MerklePath path;
  std::string checkpoint;  // a signed note
  bool operator==(const InclusionProof&) const = default;
};

struct ConsistencyProof {
  std::string from_checkpoint;  // the older one
  events::MerklePath path;
  std::string checkpoint;
  bool operator==(const ConsistencyProof&) const = default;
};

using Proof = std::variant<InclusionProof, ConsistencyProof>;

std::string to_text(const Proof& proof);

// Errc::invalid says what is missing, too much or of the wrong form.
events::Result<Proof> parse_proof(std::string_view text);

}  // namespace ntt::tools
