// The key by which the base name of a path is found: path.name_key, which has an index.
//
// The upper 32 bits are the FNV-1a hash of the extension (what follows the last dot of the base
// name; nothing where there is none), the lower 32 bits that of the whole base name, both with
// ASCII letters in lower case. So one index serves exact names, names that differ in case, and
// extensions. A hash can be that of several names: who asks compares the path too.

#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace ntt::projector {

// What follows the last slash.
std::string_view base_name(std::string_view path);

// The key of a base name. SQL's name_key() gives the same.
std::int64_t name_key(std::string_view name);

// The least and the greatest key of names that end in this extension. `name` is a base name, or the
// end of one, with a dot in it.
std::pair<std::int64_t, std::int64_t> extension_keys(std::string_view name);

}  // namespace ntt::projector
