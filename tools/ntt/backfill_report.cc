// Reports as a table for people, or as JSON.

#include "tools/ntt/backfill_report.h"

#include <iostream>

#include "events/bytes.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using stages::AdoptOutcome;
using stages::Dated;

namespace {

Json dated_json(const Dated& dated) {
  Json times = Json::array();
  for (const auto& time : dated.times) {
    times.push_back(
        {{"source", time.source}, {"at", time.at}, {"verdict", time.verdict}, {"why", time.why}});
  }
  return {{"at", dated.at ? json_of(*dated.at) : Json(nullptr)},
          {"time_is", dated.time_is.empty() ? Json(nullptr) : Json(dated.time_is)},
          {"dated_by", dated.dated_by.empty() ? Json(nullptr) : Json(dated.dated_by)},
          {"times", std::move(times)}};
}

// "2025-10-10T15:41:03Z", with what it is if it is not the thing itself.
std::string short_time(const Dated& dated) {
  if (!dated.at) return dated.time_is == "unknown" ? "unknown" : "-";
  const std::string at = events::to_rfc3339(*dated.at).substr(0, 19) + "Z";
  return (dated.time_is == "upper_bound" ? "<= " : "") + at;
}

std::string word(AdoptOutcome outcome) {
  std::string text(to_string(outcome));
  if (outcome == AdoptOutcome::not_loaded) text = "not loaded";
  if (outcome == AdoptOutcome::native) text = "ours already";
  return text;
}

std::string files_of(const stages::AdoptReport& report) {
  std::string text = with_commas(report.stored) + " stored";
  if (report.failed > 0) text += ", " + with_commas(report.failed) + " failed";
  if (report.pending > 0) text += ", " + with_commas(report.pending) + " not stored";
  return report.paths == 0 ? "-" : text;
}

}  // namespace

Json json_of(const BackfilledMedium& medium, bool dry_run) {
  const stages::AdoptReport& report = medium.report;
  const auto time = [](const auto& at) { return at ? json_of(*at) : Json(nullptr); };
  return {
      {"medium", medium.id},
      {"medium_human", medium.name},
      {"outcome", std::string(to_string(report.outcome))},
      {"why", report.why.empty() ? Json(nullptr) : Json(report.why)},
      {"enum_done", dated_json(report.load)},
      {"copy_done", dated_json(report.copy)},
      {"table",
       {{"enum_done", time(medium.table_enum_done)}, {"copy_done", time(medium.table_copy_done)}}},
      {"paths", report.paths},
      {"excluded", report.excluded},
      {"files", report.files},
      {"stored", report.stored},
      {"failed", report.failed},
      {"pending", report.pending},
      {"unverified", report.unverified},
      {"archive", report.archive.empty() ? Json(nullptr) : Json(report.archive)},
      {"conflicts", report.conflicts},
      {"dry_run", dry_run},
      {"interrupted", report.interrupted}};
}

void print_backfilled(const std::vector<BackfilledMedium>& media, bool color) {
  Table table({"medium", "name", "outcome", "enum_done", "copy_done", "files", "archive", ""});
  Table conflicts({"medium", "conflict, and what was chosen"});
  for (const BackfilledMedium& medium : media) {
    const stages::AdoptReport& report = medium.report;
    table.add({cut(medium.id, 12), cut(events::escape_bytes(medium.name), 24), word(report.outcome),
               short_time(report.load), short_time(report.copy), files_of(report),
               report.archive.empty() ? "-" : report.archive, cut(report.why, 100)});
    for (const std::string& conflict : report.conflicts) {
      conflicts.add({cut(medium.id, 12), conflict});
    }
  }
  if (!table.is_empty()) std::cout << table.text(color);
  if (!conflicts.is_empty()) std::cout << "\n" << conflicts.text(color);
}

}  // namespace ntt::tools
