// The entries of one generation with what became of each, read from the log alone.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "events/generation.h"
#include "events/payload.h"

namespace ntt::tools {

struct ChosenGeneration {
  events::GenerationRef ref;
  events::LoadSuccess load;
};

// The generation with that number, or the current one. Errc::not_found: the medium has none such.
events::Result<ChosenGeneration> choose_generation(const events::Log& log,
                                                   const events::MediumId& medium,
                                                   std::optional<std::uint32_t> number);

// What became of an entry, in the words of the tables `path` and `inode`.
struct EntryFate {
  std::string_view disposition;
  std::string exclude_reason;
  std::optional<events::BlobId> blob;
  std::string reason;  // why it is unreadable or failed
};

// In order of ordinal. A further link of an inode has the fate of that inode, unless it has one of
// its own. Reads the generation twice; memory: a few batches, and about 50 bytes for each inode
// with several links.
events::Status visit_generation(
    const events::Log& log, const ChosenGeneration& generation,
    const std::function<events::Status(const events::GenerationRow&, const EntryFate&)>& visit);

}  // namespace ntt::tools
