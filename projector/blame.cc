// Two walks over a medium's story: one with what was retracted since, one without.

#include "projector/blame.h"

#include <algorithm>
#include <set>

#include "events/retractions.h"
#include "projector/fold_order.h"
#include "projector/medium_steps.h"

namespace ntt::projector {

namespace {

using events::Event;
using events::Result;
using events::Status;

constexpr std::string_view kLastSeq = "last_seq";

struct Change {
  Sequence by;
  bool is_retraction = false;
  RowValue value;
};

// Adds events one by one and notes what each column becomes.
class Walk {
 public:
  Walk() : row_(medium_row(base())), changes_(row_.size()) {}

  Status add(const Event& event) {
    if (event.type == events::Retraction::kType) return retract(event);
    walked_.push_back(&event);
    if (retracted_.contains(event.seq.value)) return {};
    if (auto applied = steps_.apply(event); !applied) return applied;
    return note(event);
  }

  [[nodiscard]] const std::vector<std::vector<Change>>& changes() const { return changes_; }

 private:
  // A medium of which no event says anything.
  static MediumState base() {
    MediumSteps nothing;
    return nothing.finish().value();
  }

  Status note(const Event& event) {
    auto state = steps_.state();
    if (!state) return std::move(state).error();
    state->medium = event.medium;
    auto row = medium_row(*state);
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i].value == row_[i].value) continue;
      changes_[i].push_back({event.seq, event.type == events::Retraction::kType, row[i].value});
    }
    row_ = std::move(row);
    return {};
  }

  // What a retraction takes away cannot be undone, so the rest is folded again. Retractions are
  // rare.
  Status retract(const Event& event) {
    const auto later = [](const Event& a, const Event* b) { return a.seq < b->seq; };
    retractions_.insert(std::upper_bound(retractions_.begin(), retractions_.end(), event, later),
                        &event);
    events::Retractions in_log_order;
    for (const Event* retraction : retractions_) in_log_order.add(*retraction);
    auto retracted = in_log_order.retracted();
    if (!retracted) return std::move(retracted).error();
    if (*retracted == retracted_) return {};
    retracted_ = std::move(*retracted);
    steps_ = MediumSteps();
    for (const Event* walked : walked_) {
      if (retracted_.contains(walked->seq.value)) continue;
      if (auto applied = steps_.apply(*walked); !applied) return applied;
    }
    return note(event);
  }

  MediumSteps steps_;
  std::vector<RowColumn> row_;                // after the last event
  std::vector<std::vector<Change>> changes_;  // of each column
  std::vector<const Event*> walked_;          // but for the retractions
  std::vector<const Event*> retractions_;     // in the order of the log
  std::set<std::uint64_t> retracted_;
};

ColumnBlame blame_column(const RowColumn& column, const RowColumn& base,
                         const std::vector<Change>& counting, const std::vector<Change>& all) {
  ColumnBlame blame;
  blame.column = column.name;
  blame.value = column.value;
  if (!counting.empty()) blame.set_by = counting.back().by;
  if (all.empty()) return blame;
  if (all.back().is_retraction) blame.retraction = all.back().by;
  const bool taken_away = blame.retraction && std::holds_alternative<std::monostate>(blame.value);
  if (counting.empty() || taken_away) blame.set_by = all.back().by;
  // That there was nothing before the first value goes without saying.
  if (!std::holds_alternative<std::monostate>(base.value)) blame.former.push_back({base.value, {}});
  for (auto change = all.begin(); change != std::prev(all.end()); ++change) {
    blame.former.push_back({change->value, change->by});
  }
  return blame;
}

}  // namespace

Result<std::vector<ColumnBlame>> blame_medium(const std::vector<Event>& medium_events) {
  auto state = fold_medium(medium_events);
  if (!state) return std::move(state).error();
  auto story = story_order(medium_events);
  if (!story) return std::move(story).error();
  Walk counting;
  Walk all;
  const bool same = std::all_of(story->begin(), story->end(),
                                [](const PlacedEvent& placed) { return placed.counts; });
  for (const PlacedEvent& placed : *story) {
    // Withdrawn, and nobody can read what it said.
    if (!placed.counts && !events::check_payload(*placed.event)) continue;
    if (auto added = all.add(*placed.event); !added) return std::move(added).error();
    if (same || !placed.counts) continue;
    if (auto added = counting.add(*placed.event); !added) return std::move(added).error();
  }
  const auto row = medium_row(*state);
  const auto base = medium_row(fold_medium({}).value());
  std::vector<ColumnBlame> out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i].name == kLastSeq) {
      out.push_back({row[i].name, row[i].value, state->last_seq, {}, {}});
      continue;
    }
    const auto& changes = all.changes()[i];
    out.push_back(blame_column(row[i], base[i], same ? changes : counting.changes()[i], changes));
  }
  return out;
}

}  // namespace ntt::projector
