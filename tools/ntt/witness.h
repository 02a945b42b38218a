// Witnesses: what others saw of a log, and whether it still is so.

#pragma once

#include <vector>

#include "events/log.h"
#include "tools/ntt/context.h"
#include "tools/ntt/trust.h"

namespace ntt::tools {

struct WitnessReport {
  std::string name;  // as it was given: a file, or "db"
  std::string kind;  // checkpoint, head or db
  events::Sequence seq;
  events::Sha256Digest root;
  std::string signature;  // of a checkpoint: "verified", "failed" or "not_checked"
  std::string key;        // that verified it, or did not; empty: none is known
  bool agrees = false;
  std::string problem;           // empty if it agrees
  events::Sequence first, last;  // between which the log is not what it was; 0: not known
};

// Reads the witnesses and compares the log with each. `key` is the one given, if any. A witness
// that cannot be read is an error: not to have been compared is not to agree.
events::Result<std::vector<WitnessReport>> compare_witnesses(
    const Context& context, const events::Log& log, const std::vector<std::string>& names,
    const std::optional<events::VerifierKey>& key);

}  // namespace ntt::tools
