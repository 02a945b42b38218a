// The fold of links into inodes by two external sorts: by inode, then back by ordinal.

#include "stages/inode_fold.h"

#include <tuple>

namespace ntt::stages {

namespace {
constexpr std::size_t kLinkBytesMax = 48U << 20U;
constexpr std::size_t kDecisionBytesMax = 16U << 20U;

bool can_be_linked(const events::Entry& entry) {
  return entry.inode != 0 && entry.allocated && entry.type != events::EntryType::directory;
}
}  // namespace

InodeFold::InodeFold(const std::string& temporary_directory)
    : links_(temporary_directory, kLinkBytesMax),
      decisions_(temporary_directory, kDecisionBytesMax) {}

bool InodeFold::LinkLess::operator()(const Link& a, const Link& b) const {
  return std::tie(a.volume, a.device, a.inode, a.type, a.rank, a.ordinal) <
         std::tie(b.volume, b.device, b.inode, b.type, b.rank, b.ordinal);
}

bool InodeFold::same_inode(const Link& a, const Link& b) {
  return std::tie(a.volume, a.device, a.inode, a.type) ==
         std::tie(b.volume, b.device, b.inode, b.type);
}

events::Status InodeFold::add(const events::GenerationRow& row, std::optional<std::uint32_t> rule) {
  const events::Entry& entry = *row.entry;
  totals_.paths += 1;
  if (rule) totals_.excluded += 1;
  Link link{};
  link.device = entry.device;
  link.inode = entry.inode;
  link.ordinal = row.ordinal.value;
  link.size = entry.size;
  link.volume = row.volume.value;
  link.rule = rule.value_or(kNoRule);
  link.rank = rule ? 2 : entry.error_number != 0 ? 1 : 0;
  link.type = static_cast<char>(entry.type);
  if (can_be_linked(entry)) return links_.add(link);
  count_inode(link, entry.allocated);
  if (!rule) return {};
  return decisions_.add({link.ordinal, kNoLeader, link.rule});
}

void InodeFold::count_inode(const Link& leader, bool allocated) {
  totals_.inodes += 1;
  if (leader.type != static_cast<char>(events::EntryType::file)) {
    totals_.non_files += 1;
  } else if (allocated && leader.rule == kNoRule) {
    totals_.files += 1;
    totals_.file_bytes += leader.size;
  }
}

events::Status InodeFold::fold_links() {
  std::optional<Link> leader;
  return links_.for_each([&](const Link& link) -> events::Status {
    const bool leads = !leader || !same_inode(*leader, link);
    if (leads) {
      leader = link;
      count_inode(link, true);
      if (link.rule == kNoRule) return {};
    }
    return decisions_.add({link.ordinal, leads ? kNoLeader : leader->ordinal, link.rule});
  });
}

events::Status InodeFold::for_each_decision(
    const std::function<events::Status(const events::LoadDecision&)>& visit) {
  if (auto folded = fold_links(); !folded) return folded;
  return decisions_.for_each([&](const Decision& decision) {
    events::LoadDecision out;
    out.ordinal = {decision.ordinal};
    if (decision.rule != kNoRule) out.rule = decision.rule;
    if (decision.leader != kNoLeader) out.same_inode_as = events::Ordinal{decision.leader};
    return visit(out);
  });
}

}  // namespace ntt::stages
