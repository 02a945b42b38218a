// InodeFold decides, for the entries of a manifest, which are links of one inode, and which entry
// stands for it.
//
// Entries are the same inode when volume, device, inode number and type agree. Directories are
// never folded (two of one number are bind mounts or damage, and each was listed on its own), nor
// are deleted entries (their number may be another file's by now), nor numbers of 0 (unknown).
// The entry that stands for an inode is the first that is neither excluded nor unreadable, else
// the first that is not excluded, else the first.

#pragma once

#include "events/batch.h"
#include "events/generation.h"
#include "stages/external_sort.h"

namespace ntt::stages {

struct FoldTotals {
  std::uint64_t paths = 0;
  std::uint64_t inodes = 0;
  std::uint64_t excluded = 0;    // paths
  std::uint64_t files = 0;       // inodes to copy
  std::uint64_t file_bytes = 0;  // their sizes
  std::uint64_t non_files = 0;   // inodes that are not regular files
};

// Not thread-safe. First add() every entry in order, then for_each_decision() once.
class InodeFold {
 public:
  explicit InodeFold(const std::string& temporary_directory);

  events::Status add(const events::GenerationRow& row, std::optional<std::uint32_t> rule);

  // Rising ordinals; entries of which there is nothing to say are left out. Totals are complete
  // afterwards.
  events::Status for_each_decision(
      const std::function<events::Status(const events::LoadDecision&)>& visit);
  [[nodiscard]] const FoldTotals& totals() const { return totals_; }

 private:
  static constexpr std::uint32_t kNoRule = UINT32_MAX;
  static constexpr std::uint64_t kNoLeader = UINT64_MAX;

  struct Link {
    std::uint64_t device;
    std::uint64_t inode;
    std::uint64_t ordinal;
    std::uint64_t size;
    std::uint32_t volume;
    std::uint32_t rule;
    std::uint8_t rank;  // 0: could be copied, 1: has an error, 2: excluded
    char type;
  };
  struct LinkLess {
    bool operator()(const Link& a, const Link& b) const;
  };
  struct Decision {
    std::uint64_t ordinal;
    std::uint64_t leader;
    std::uint32_t rule;
  };
  struct DecisionLess {
    bool operator()(const Decision& a, const Decision& b) const { return a.ordinal < b.ordinal; }
  };

  static bool same_inode(const Link& a, const Link& b);
  void count_inode(const Link& leader, bool allocated);
  events::Status fold_links();

  FoldTotals totals_;
  ExternalSort<Link, LinkLess> links_;
  ExternalSort<Decision, DecisionLess> decisions_;
};

}  // namespace ntt::stages
