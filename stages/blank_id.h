// The ids that earlier recipes gave to media of which nothing could be read, or whose ends are
// blank: any number of disks have them. docs/adopting.md names the recipes.

#pragma once

#include <map>
#include <string>

namespace ntt::stages {

// Id: what was hashed, in words. Takes a tenth of a second.
std::map<std::string, std::string> blank_ids();

}  // namespace ntt::stages
