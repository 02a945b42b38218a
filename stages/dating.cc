// The rule, in the order in which evidence counts:
//
//   1. the old log's own line, if the rows do not contradict it
//   2. copy: the greatest processed_at
//   3. the table's own timestamp, if it is not one of several identical ones
//   then, as bounds only:
//   4. load: the least processed_at, for files are copied from what is loaded; then the copy's time
//   5. the archive's time, for it was made last
//   6. a timestamp that several media share
//
// The table was written right after the stage had ended, to the microsecond: where better evidence
// confirms its timestamp, that is the one that is chosen. Nothing is copied before it is loaded:
// where the two chosen times say so, the weaker one is refused, and the rule is asked again.

#include "stages/dating.h"

#include <algorithm>
#include <string_view>

#include "events/check.h"

namespace ntt::stages {

namespace {

constexpr std::int64_t kSecond = 1'000'000;
// The table's row and the log's line were written one after the other.
constexpr std::int64_t kSameMoment = 2 * kSecond;
// processed_at is when the last group of files was begun; the stage ended when it was done.
constexpr std::int64_t kLastGroup = 3600 * kSecond;

struct Candidate {
  std::string source;
  Timestamp at;
  bool is_bound = false;
  std::string why;
};

// "3 h 12 min"
std::string span(std::int64_t micros) {
  std::int64_t seconds = std::abs(micros) / kSecond;
  std::string text;
  const std::pair<std::int64_t, const char*> units[] = {
      {86400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}};
  int parts = 0;
  for (const auto& [length, name] : units) {
    if (seconds < length || parts == 2) continue;
    text += (parts > 0 ? " " : "") + std::to_string(seconds / length) + name;
    seconds %= length;
    parts += 1;
  }
  return parts > 0 ? text : "less than 1 s";
}

std::string late_or_early(Timestamp table, Timestamp chosen) {
  return span(table.micros - chosen.micros) + (table > chosen ? " later" : " earlier");
}

std::string shared_by(const TableTime& table) {
  return "one of " + std::to_string(table.media) + " identical ones: set by hand";
}

// One fact: collects what is there, then chooses.
class Dating {
 public:
  explicit Dating(std::string column) : column_(std::move(column)) {}

  void exact(std::string source, Timestamp at, std::string why) {
    candidates_.push_back({std::move(source), at, false, std::move(why)});
  }
  void bound(std::string source, Timestamp at, std::string why) {
    candidates_.push_back({std::move(source), at, true, std::move(why)});
  }
  void refuse(std::string source, Timestamp at, std::string why) {
    dated_.times.push_back({std::move(source), events::to_rfc3339(at), "refused", std::move(why)});
  }
  void conflict(std::string what) { dated_.conflicts.push_back(std::move(what)); }

  // `confirmed(chosen)`: whether the table's own timestamp is the same moment as the chosen one.
  template <class Confirmed>
  Dated choose(const std::optional<TableTime>& table, const Confirmed& confirmed) {
    if (candidates_.empty()) {
      dated_.time_is = "unknown";
      return std::move(dated_);
    }
    std::stable_sort(
        candidates_.begin(), candidates_.end(),
        [](const Candidate& a, const Candidate& b) { return a.is_bound < b.is_bound; });
    const Candidate best = candidates_.front();
    const bool is_own = table && table->media == 1 && best.source != "table";
    const bool is_confirmed = is_own && !best.is_bound && confirmed(best);
    for (const Candidate& candidate : candidates_) {
      const bool is_best = &candidate == &candidates_.front();
      const bool is_chosen = is_confirmed ? candidate.source == "table" : is_best;
      if (is_chosen) {
        dated_.at = candidate.at;
        dated_.dated_by = candidate.source;
        dated_.time_is = candidate.is_bound ? "upper_bound" : "exact";
      }
      const bool is_refuted = candidate.is_bound && !best.is_bound && candidate.at < best.at;
      dated_.times.push_back({candidate.source, events::to_rfc3339(candidate.at),
                              is_chosen                 ? "chosen"
                              : is_best && is_confirmed ? "confirms"
                              : is_refuted              ? "refused"
                              : candidate.is_bound      ? "bound"
                                                        : "unused",
                              candidate.why});
      if (is_refuted && candidate.source == "archive_file") {
        conflict("the archive is " + late_or_early(candidate.at, best.at) + " than " + column_ +
                 ", which " + best.source + " dates");
      }
    }
    note_table(table, best);
    return std::move(dated_);
  }

 private:
  // Where the table says something else, that is told.
  void note_table(const std::optional<TableTime>& table, const Candidate& best) {
    if (!table || !dated_.at || table->at == *dated_.at) return;
    dated_.table_is_wrong = true;
    conflict(column_ + " of the table is " + late_or_early(table->at, *dated_.at) + " than " +
             (best.is_bound ? "the bound by " : "what dates it, ") + best.source +
             (table->media > 1 ? " (" + shared_by(*table) + ")" : ""));
  }

  std::string column_;
  Dated dated_;
  std::vector<Candidate> candidates_;
};

std::vector<ClaimedTime> in_order(std::vector<ClaimedTime> claims) {
  std::sort(claims.begin(), claims.end(),
            [](const ClaimedTime& a, const ClaimedTime& b) { return a.at < b.at; });
  return claims;
}

// The whole moment that a claim may mean: its last digit counts `resolution`.
Timestamp end_of(const ClaimedTime& claim) {
  return {claim.at.micros + claim.resolution - 1};
}

// The first claim that does not come before the last file, nor before the last load of the same
// log: later ones repeat it.
void add_copy_claims(Dating& dating, const TimesFound& found) {
  std::optional<Timestamp> loaded;
  for (const ClaimedTime& claim : found.load_claims) {
    const bool is_possible = !found.first_processed || claim.at <= *found.first_processed;
    if (is_possible && (!loaded || claim.at > *loaded)) loaded = claim.at;
  }
  bool chosen = false;
  for (const ClaimedTime& claim : in_order(found.copy_claims)) {
    if (found.last_processed && end_of(claim) < *found.last_processed) {
      const std::string late = span(found.last_processed->micros - claim.at.micros);
      dating.refuse("legacy_log", claim.at, "files were still copied " + late + " later");
      dating.conflict("the old log says copy_success " + late + " before the last file was copied");
    } else if (loaded && claim.at < *loaded) {
      dating.refuse("legacy_log", claim.at, "the medium was loaded again later");
    } else if (chosen) {
      dating.refuse("legacy_log", claim.at, "said again: the copy was complete before");
    } else {
      dating.exact("legacy_log", claim.at, "");
      chosen = true;
    }
  }
}

// The last claim that does not come after the first file: a load replaced the one before it.
void add_load_claims(Dating& dating, const TimesFound& found) {
  auto claims = in_order(found.load_claims);
  bool chosen = false;
  for (auto claim = claims.rbegin(); claim != claims.rend(); ++claim) {
    if (found.first_processed && claim->at > *found.first_processed) {
      const std::string late = span(claim->at.micros - found.first_processed->micros);
      dating.refuse("legacy_log", claim->at, "files were copied " + late + " before");
      dating.conflict("the old log says load_success " + late + " after a file was copied");
    } else if (chosen) {
      dating.refuse("legacy_log", claim->at, "the medium was loaded again later");
    } else {
      dating.exact("legacy_log", claim->at, "");
      chosen = true;
    }
  }
}

void add_late_bounds(Dating& dating, const TimesFound& found,
                     const std::optional<TableTime>& table) {
  if (found.archive_written) {
    dating.bound("archive_file", *found.archive_written, "the archive was made last");
  }
  if (table && table->media > 1) dating.bound("table_batch", table->at, shared_by(*table));
}

Dated date_copy(const TimesFound& found) {
  Dating dating("copy_done");
  add_copy_claims(dating, found);
  if (found.last_processed) {
    dating.exact("processed_at", *found.last_processed, "the greatest of its files");
  }
  const auto& table = found.table_copy;
  if (table && table->media == 1) dating.exact("table", table->at, "");
  add_late_bounds(dating, found, table);
  return dating.choose(table, [&](const Candidate& best) {
    const std::int64_t later = table->at.micros - best.at.micros;
    if (found.last_processed && table->at < *found.last_processed) return false;
    const std::int64_t most = best.source == "processed_at" ? kLastGroup : kSecond + kSameMoment;
    const std::int64_t least = best.source == "processed_at" ? 0 : -kSameMoment;
    return later >= least && later <= most;
  });
}

Dated date_load(const TimesFound& found, const Dated& copy) {
  Dating dating("enum_done");
  add_load_claims(dating, found);
  const auto& table = found.table_load;
  const bool is_possible = table && (!found.first_processed || table->at <= *found.first_processed);
  if (table && table->media == 1) {
    if (is_possible) {
      dating.exact("table", table->at, "");
    } else {
      dating.refuse("table", table->at, "files were copied before");
    }
  }
  // A claim of whole seconds may be of any moment of its second: the earlier bound comes first.
  const bool is_copied_first =
      copy.at && found.first_processed && *copy.at < *found.first_processed;
  if (is_copied_first) dating.bound("copy", *copy.at, "it was loaded before it was copied");
  if (found.first_processed) {
    dating.bound("processed_at", *found.first_processed,
                 "the least of its files: it was loaded before");
  }
  if (copy.at && !is_copied_first) {
    dating.bound("copy", *copy.at, "it was loaded before it was copied");
  }
  add_late_bounds(dating, found, table);
  return dating.choose(table, [&](const Candidate& best) {
    const std::int64_t later = table->at.micros - best.at.micros;
    return is_possible && later >= -kSameMoment && later <= kSecond + kSameMoment;
  });
}

// Which of two that contradict each other is believed: the lesser.
int rank(const std::string& source) {
  static constexpr std::string_view kOrder[] = {"legacy_log", "processed_at", "table",
                                                "copy",       "archive_file", "table_batch"};
  return static_cast<int>(std::find(std::begin(kOrder), std::end(kOrder), source) -
                          std::begin(kOrder));
}

// Takes the time that was chosen out of what was found, so that the next one counts. What files say
// cannot be taken out, and never has to be.
void take_out(const std::string& source, Timestamp at, std::vector<ClaimedTime>& claims,
              std::optional<TableTime>& table, std::optional<Timestamp>& archive) {
  if (source == "legacy_log") {
    std::erase_if(claims, [at](const ClaimedTime& claim) { return claim.at == at; });
  } else if (source == "archive_file") {
    archive.reset();
  } else {
    CHECK(table);  // or this would go on for ever
    table.reset();
  }
}

void refuse_in(Dated& dated, const Dated& refused, const std::string& why) {
  dated.times.push_back({refused.dated_by, events::to_rfc3339(*refused.at), "refused", why});
  dated.conflicts.push_back(refused.dated_by + " says " + events::to_rfc3339(*refused.at) + ": " +
                            why);
}

}  // namespace

DatedPair date(const TimesFound& found) {
  TimesFound left = found;
  TimesFound left_for_load = found;
  std::vector<std::pair<Dated, std::string>> refused_loads;
  std::vector<std::pair<Dated, std::string>> refused_copies;
  DatedPair pair;
  for (;;) {
    pair.copy = date_copy(left);
    pair.load = date_load(left_for_load, pair.copy);
    if (!pair.load.at || !pair.copy.at || *pair.load.at <= *pair.copy.at) break;
    if (rank(pair.load.dated_by) <= rank(pair.copy.dated_by)) {
      refused_copies.emplace_back(pair.copy, "it was loaded later, by " + pair.load.dated_by);
      take_out(pair.copy.dated_by, *pair.copy.at, left.copy_claims, left.table_copy,
               left.archive_written);
    } else {
      refused_loads.emplace_back(pair.load, "it was copied before, by " + pair.copy.dated_by);
      take_out(pair.load.dated_by, *pair.load.at, left_for_load.load_claims,
               left_for_load.table_load, left_for_load.archive_written);
      left.load_claims = left_for_load.load_claims;
    }
  }
  for (const auto& [dated, why] : refused_loads) refuse_in(pair.load, dated, why);
  for (const auto& [dated, why] : refused_copies) refuse_in(pair.copy, dated, why);
  return pair;
}

Dated date_archive(const std::vector<ClaimedTime>& claims,
                   const std::optional<Timestamp>& written) {
  Dating dating("archive_done");
  bool chosen = false;
  for (const ClaimedTime& claim : in_order(claims)) {
    if (written && end_of(claim).micros + kSameMoment < written->micros) {
      dating.refuse("legacy_log", claim.at, "the file was written again later");
    } else if (chosen) {
      dating.refuse("legacy_log", claim.at, "said again");
    } else {
      dating.exact("legacy_log", claim.at, "");
      chosen = true;
    }
  }
  if (written) dating.bound("archive_file", *written, "the file was last written then");
  return dating.choose(std::nullopt, [](const Candidate&) { return false; });
}

}  // namespace ntt::stages
