// The names of a medium's partitions: inode_p_<suffix> and path_p_<suffix>.

#pragma once

#include <set>
#include <string>

#include "events/types.h"

namespace ntt::projector {

// The suffix is the first 8 characters of the medium's id. If another medium has it already, it is
// as much longer as it takes; media ask in the order in which the log first speaks of them, so the
// names are a function of the log. Letters become lower case, what an SQL name cannot have becomes
// '_'.
class PartitionNames {
 public:
  void keep(const std::string& suffix) { taken_.insert(suffix); }
  std::string assign(const events::MediumId& medium);

 private:
  std::set<std::string> taken_;
};

}  // namespace ntt::projector
