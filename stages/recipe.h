// Recipes by which a medium gets its id: 32 hex digits, the first 128 bits of a BLAKE3 hash.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/types.h"

namespace ntt::stages {

// The recipe "dir": the hash of an absolute path, as it is written.
events::MediumId directory_id(std::string_view absolute_path);

// The recipes of ntt's own: the hash of the recipe's name and of each input, each followed by a
// newline. Inputs hold no newline (escape_bytes), so whoever has the event can compute the id.
events::MediumId id_of_inputs(std::string_view recipe, const std::vector<std::string>& inputs);

// The id that a legacy file carries as its name: 32 or 64 lower-case hex digits before `extension`.
std::optional<events::MediumId> id_in_name(std::string_view file_name, std::string_view extension);

// The absolute, lexically normal form of a path, without a trailing slash. Symbolic links stay.
std::string absolute_path(const std::string& path);

}  // namespace ntt::stages
