// A link's inode comes before the link, but nothing at the inode says that links follow: so a first
// reading finds the inodes whose fate has to be kept.

#include "tools/ntt/generation_rows.h"

#include <algorithm>
#include <map>
#include <vector>

#include "events/retractions.h"
#include "projector/disposition.h"
#include "tools/ntt/media.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::Event;
using events::GenerationRow;
using events::Log;
using events::MediumId;
using events::Ordinal;
using events::Result;
using events::Sequence;
using events::Status;

namespace {

// Every load_success of the medium that is not retracted.
Result<std::map<Sequence, events::LoadSuccess>> loads_of(const Log& log, const MediumId& medium) {
  std::vector<Event> found;
  events::Retractions retractions;
  events::Filter filter;
  filter.medium = medium;
  filter.types = {events::LoadSuccess::kType, events::Retraction::kType};
  auto scanned = log.scan(filter, [&](const Event& event) {
    retractions.add(event);
    if (event.type == events::LoadSuccess::kType) found.push_back(event);
    return true;
  });
  if (!scanned) return std::move(scanned).error();
  const auto retracted = retractions.retracted();
  if (!retracted) return retracted.error();
  std::map<Sequence, events::LoadSuccess> loads;
  for (const Event& event : found) {
    if (retracted->contains(event.seq.value)) continue;
    auto payload = events::payload_of<events::LoadSuccess>(event);
    if (!payload) {
      return std::move(payload).error().within("event " + std::to_string(event.seq.value));
    }
    loads.emplace(event.seq, std::move(*payload));
  }
  return loads;
}

// The fates of inodes that have further links.
class KeptFates {
 public:
  // First all of these, then settle(), then the rest.
  void expect(Ordinal inode) { ordinals_.push_back(inode); }
  void settle() {
    std::sort(ordinals_.begin(), ordinals_.end());
    ordinals_.erase(std::unique(ordinals_.begin(), ordinals_.end()), ordinals_.end());
    kept_.resize(ordinals_.size());
  }
  void keep(Ordinal inode, const EntryFate& fate) {
    const auto at = position(inode);
    if (!at) return;
    kept_[*at] = {fate.disposition, fate.blob.value_or(events::BlobId{})};
    if (!fate.reason.empty()) reasons_[inode] = fate.reason;
    if (fate.exclude_reason == "not_allocated") not_allocated_.push_back(inode);
  }
  // Fills what the link does not say itself.
  void complete(Ordinal inode, EntryFate& link) const {
    const auto at = position(inode);
    if (at && link.disposition.empty()) {
      link.disposition = kept_[*at].disposition;
      if (!kept_[*at].blob.is_zero()) link.blob = kept_[*at].blob;
      const bool deleted = std::binary_search(not_allocated_.begin(), not_allocated_.end(), inode);
      if (deleted) link.exclude_reason = "not_allocated";
    }
    const auto reason = reasons_.find(inode);
    if (link.reason.empty() && reason != reasons_.end()) link.reason = reason->second;
  }

 private:
  struct Kept {
    std::string_view disposition;
    events::BlobId blob;
  };
  [[nodiscard]] std::optional<std::size_t> position(Ordinal inode) const {
    const auto found = std::lower_bound(ordinals_.begin(), ordinals_.end(), inode);
    if (found == ordinals_.end() || *found != inode) return std::nullopt;
    return static_cast<std::size_t>(found - ordinals_.begin());
  }
  std::vector<Ordinal> ordinals_;  // sorted once settled
  std::vector<Kept> kept_;         // in step with ordinals_
  std::map<Ordinal, std::string> reasons_;
  std::vector<Ordinal> not_allocated_;  // rising, as the entries come
};

std::string reason_of(const GenerationRow& row) {
  if (row.copy != nullptr && !row.copy->error_message.empty()) return row.copy->error_message;
  if (row.entry->error_number == 0) return row.entry->error_message;
  return "errno " + std::to_string(row.entry->error_number) + ": " + row.entry->error_message;
}

EntryFate own_fate(const GenerationRow& row, const events::LoadSuccess& load) {
  EntryFate fate;
  fate.disposition = projector::disposition_of(row);
  if (row.rule) {
    const bool known = *row.rule < load.rules.size();
    fate.exclude_reason =
        "pattern_match: " + (known ? load.rules[*row.rule] : "rule " + std::to_string(*row.rule));
  } else if (fate.disposition == "excluded") {
    fate.exclude_reason = "not_allocated";
  }
  const bool stored = fate.disposition == "stored" || fate.disposition == "duplicate";
  if (stored && row.copy != nullptr) fate.blob = row.copy->blob;
  fate.reason = reason_of(row);
  return fate;
}

}  // namespace

Result<ChosenGeneration> choose_generation(const Log& log, const MediumId& medium,
                                           std::optional<std::uint32_t> number) {
  auto head = log.head();
  if (!head) return std::move(head).error();
  ChosenGeneration out;
  out.ref.medium = medium;
  out.ref.last = head->seq;
  if (number) {
    auto loads = loads_of(log, medium);
    if (!loads) return std::move(loads).error();
    for (const auto& [seq, load] : *loads) {
      if (load.generation != *number) continue;
      out.ref.load_success = seq;
      out.load = load;
    }
  } else {
    auto visited = visit_media(log, medium, [&](const projector::PartialFold& fold) {
      if (fold.stop) warn_of_stop(medium, *fold.stop);
      if (fold.stop) out.ref.last_batch = {fold.stop->at.value - 1};
      if (!fold.state.load) return;
      out.ref.load_success = fold.state.load_seq;
      out.load = *fold.state.load;
    });
    if (!visited) return std::move(visited).error();
  }
  if (!out.ref.load_success) {
    const std::string which = number ? "no generation " + std::to_string(*number) : "no generation";
    return Error{Errc::not_found, "medium " + medium.text + " has " + which +
                                      ": it has not been loaded" +
                                      (number ? " as often, or that load was retracted" : "")};
  }
  out.ref.manifest = {out.load.manifest};
  out.ref.load_start = {out.load.load};
  return out;
}

Status visit_generation(
    const Log& log, const ChosenGeneration& generation,
    const std::function<Status(const GenerationRow&, const EntryFate&)>& visit) {
  if (!generation.ref.manifest) return {};  // an adopted load may have no manifest
  KeptFates fates;
  auto looked = events::read_generation(log, generation.ref, [&fates](const GenerationRow& row) {
    if (row.same_inode_as) fates.expect(*row.same_inode_as);
    return Status{};
  });
  if (!looked) return looked;
  fates.settle();
  return events::read_generation(log, generation.ref, [&](const GenerationRow& row) {
    EntryFate fate = own_fate(row, generation.load);
    if (row.same_inode_as) {
      fates.complete(*row.same_inode_as, fate);
    } else {
      fates.keep(row.ordinal, fate);
    }
    return visit(row, fate);
  });
}

}  // namespace ntt::tools
