// ntt audit: every row that the log does not justify, and every invariant that fails.

#include <map>
#include <memory>

#include "events/bytes.h"
#include "projector/checkpoint.h"
#include "tools/ntt/audit_checks.h"
#include "tools/ntt/difference_json.h"
#include "tools/ntt/media.h"
#include "tools/ntt/progress.h"
#include "tools/ntt/signals.h"
#include "tools/ntt/tables.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Status;
using projector::Difference;
using projector::Examination;
using projector::RepairPlan;

namespace {

struct AuditOptions {
  bool deep = false;
  bool repair = false;
  bool json = false;
};

class Audit {
 public:
  Audit(Context& context, const AuditOptions& options, const events::Log& log)
      : context_(context), options_(options), log_(log) {}

  int run();

 private:
  Status examine(Examination& examination, RepairPlan& plan);
  Status compare(Examination& examination, RepairPlan* plan);
  Status check_files(Examination& examination);
  events::Result<std::unique_ptr<Examination>> begin(const std::string& url);
  Status repair(std::unique_ptr<Examination> examination, const RepairPlan& plan,
                const std::string& url);
  void report(const Finding& finding);
  int conclude();

  Context& context_;
  const AuditOptions& options_;
  const events::Log& log_;
  bool log_is_whole_ = true;
  std::map<std::string, std::uint64_t> found_;  // by check
  std::uint64_t notes_ = 0;
  std::uint64_t repaired_ = 0;
};

void Audit::report(const Finding& finding) {
  if (finding.is_note) {
    notes_ += 1;
  } else {
    found_[finding.check] += 1;
  }
  if (options_.json) {
    Json json;
    json["check"] = finding.check;
    json["note"] = finding.is_note;
    json["medium"] = finding.medium.empty() ? Json(nullptr) : Json(finding.medium);
    json["subject"] = events::escape_bytes(finding.subject);
    json["message"] = finding.message;
    json["event"] = json_of_event_behind(log_, finding.event);
    json["difference"] = finding.difference ? json_of(*finding.difference, log_) : Json(nullptr);
    print_json(json);
    return;
  }
  std::cout << (finding.is_note ? "note" : "FOUND") << "  " << finding.check << "  ";
  if (finding.difference) {
    std::cout << text_of(*finding.difference, log_) << "\n";
  } else {
    std::cout << events::escape_bytes(finding.subject) << ": " << finding.message << "\n";
  }
}

Status Audit::compare(Examination& examination, RepairPlan* plan) {
  auto rows = examination.compare(log_, true, [&](const Difference& difference) -> Status {
    if (plan != nullptr) plan->add(difference);
    report({"tables", difference.medium, difference.table + " (" + difference.key + ")",
            std::string(to_string(difference.kind)), difference.event, false, difference});
    return {};
  });
  if (!rows) return std::move(rows).error();
  return {};
}

Status Audit::check_files(Examination& examination) {
  LiveProgress progress(progress_style(context_.settings.progress));
  const auto tell = [this](const Finding& finding) { report(finding); };
  auto checked =
      audit_store(examination, context_.settings.by_hash_root, options_.deep, progress, tell);
  if (!checked) return checked;
  return audit_archives(examination, options_.deep, tell);
}

Status Audit::examine(Examination& examination, RepairPlan& plan) {
  if (!examination.witness_problem().empty()) {
    report(
        {"checkpoint", "", "projection_checkpoint", examination.witness_problem(), {}, false, {}});
  }
  if (examination.live_version() != 0 &&
      examination.live_version() != projector::kProjectionVersion) {
    report({"version",
            "",
            "projection_checkpoint",
            "the tables were folded by version " + std::to_string(examination.live_version()) +
                " of the rules, this program has version " +
                std::to_string(projector::kProjectionVersion),
            {},
            false,
            {}});
  }
  auto head = log_.head();
  if (!head) return std::move(head).error();
  if (examination.witness_problem().empty() && examination.position().seq < head->seq) {
    report({"lag",
            "",
            "projection_checkpoint",
            "the tables are at event " + std::to_string(examination.position().seq.value) +
                ", the log at " + std::to_string(head->seq.value) + ": `ntt project`",
            {},
            true,
            {}});
  }
  for (const projector::UnfoldedEvent& event : examination.unfolded()) {
    const bool is_stop = event.lacking == projector::Lacking::medium;
    const std::string name = "event " + std::to_string(event.seq.value);
    report({"fold",
            event.medium.text,
            name,
            is_stop ? "the medium is stopped before it: " + event.reason + "; " + remedy(event.seq)
                    : "left out: " + event.reason,
            event.seq,
            event.lacking == projector::Lacking::nothing,
            {}});
  }
  if (auto done = compare(examination, &plan); !done) return done;
  auto done = audit_events(examination, [this](const Finding& finding) { report(finding); });
  if (!done) return done;
  return check_files(examination);
}

events::Result<std::unique_ptr<Examination>> Audit::begin(const std::string& url) {
  LiveProgress progress(progress_style(context_.settings.progress));
  return Examination::begin(url, log_, {}, table_progress(progress, "audit"));
}

// Then the tables are examined once more, by a new fold: what still differs is found.
Status Audit::repair(std::unique_ptr<Examination> examination, const RepairPlan& plan,
                     const std::string& url) {
  if (plan.is_empty()) return {};
  if (!log_is_whole_ || !examination->witness_problem().empty()) {
    return events::Error{events::Errc::corruption,
                         "nothing was repaired: the log is damaged, or is not the one that the "
                         "tables were made from. Restore it; `ntt verify log` says whether it is "
                         "whole"};
  }
  if (auto done = examination->repair(plan); !done) return done;
  examination.reset();
  repaired_ = found_["tables"];
  found_.erase("tables");
  auto again = begin(url);
  if (!again) return std::move(again).error();
  if (auto done = compare(**again, nullptr); !done) return done;
  if ((*again)->live_version() == projector::kProjectionVersion) found_.erase("version");
  if (!options_.json) {
    std::cout << "repaired " << with_commas(repaired_ - std::min(repaired_, found_["tables"]))
              << " of " << with_commas(repaired_) << "\n";
    for (const std::string& table : plan.tables()) std::cout << "  table   " << table << "\n";
    for (const std::string& medium : plan.touched()) std::cout << "  medium  " << medium << "\n";
  }
  if (found_["tables"] != 0 && !plan.beyond().empty()) {
    return events::Error{events::Errc::invalid,
                         "some differences are of the schema itself: `ntt rebuild` mends them"};
  }
  return {};
}

int Audit::conclude() {
  std::uint64_t total = 0;
  for (const auto& [check, count] : found_) total += count;
  if (!options_.json) {
    std::cout << (total == 0 ? "nothing found" : with_commas(total) + " found");
    for (const auto& [check, count] : found_) {
      if (count != 0) std::cout << ", " << check << ": " << with_commas(count);
    }
    std::cout << (notes_ == 0 ? "" : "; notes: " + with_commas(notes_)) << "\n";
  }
  return total == 0 ? kDone : kFound;
}

int Audit::run() {
  {
    LiveProgress progress(progress_style(context_.settings.progress));
    auto whole = audit_log(log_, progress, [this](const Finding& finding) { report(finding); });
    if (!whole) return fail(whole.error());
    log_is_whole_ = *whole;
  }
  auto url = owner_url(context_.settings);
  if (!url) return fail(url.error());
  auto examination = begin(*url);
  if (!examination && examination.error().code == events::Errc::corruption) {
    report({"fold", "", "log", examination.error().message, {}, false, {}});
    return conclude();
  }
  if (!examination) return fail(examination.error());
  RepairPlan plan;
  if (auto done = examine(**examination, plan); !done) return fail(done.error());
  if (options_.repair) {
    auto repaired = repair(std::move(*examination), plan, *url);
    if (!repaired) {
      conclude();
      return fail(repaired.error());
    }
  }
  return conclude();
}

int run(Context& context, const AuditOptions& options) {
  end_on_signals();
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  return Audit(context, options, **log).run();
}

}  // namespace

Command audit_command() {
  auto options = std::make_shared<AuditOptions>();
  Command command;
  command.name = "audit";
  command.summary = "Finds every row that the log does not justify, and every broken invariant";
  command.examples =
      "  ntt audit                 log, tables, store and archives against each other\n"
      "  ntt audit --deep          reads the content of every blob and archive, too\n"
      "  ntt audit --repair        brings rows back to what the log says\n"
      "  ntt audit --json | jq -r 'select(.check == \"tables\") | .difference'\n"
      "Exit code 3: something was found.";
  command.options = {
      {"--deep", &options->deep, "", "hash every blob and archive", false, {}},
      {"--repair", &options->repair, "", "project again what differs", false, {}},
      {"--json", &options->json, "", "one JSON object a finding", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

int verify_tables(Context& context, bool json) {
  end_on_signals();
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  auto url = owner_url(context.settings);
  if (!url) return fail(url.error());
  auto examination = [&] {
    LiveProgress progress(progress_style(context.settings.progress));
    return Examination::begin(*url, **log, {}, table_progress(progress, "verify"));
  }();
  if (!examination) return fail(examination.error());
  std::uint64_t differences = 0;
  auto rows = (*examination)->compare(**log, true, [&](const Difference& difference) -> Status {
    differences += 1;
    if (!json) std::cout << text_of(difference, **log) << "\n";
    return {};
  });
  if (!rows) return fail(rows.error());
  const std::string& problem = (*examination)->witness_problem();
  const bool holds = differences == 0 && problem.empty();
  const events::Head& position = (*examination)->position();
  if (json) {
    print_json({{"intact", holds},
                {"seq", position.seq.value},
                {"root", position.root.hex()},
                {"version", (*examination)->live_version()},
                {"rows", *rows},
                {"differences", differences},
                {"problem", problem.empty() ? Json(nullptr) : Json(problem)}});
  } else if (holds) {
    std::cout << "the tables are the fold of events 1 to " << position.seq.value << ", root "
              << position.root.hex() << ": " << with_commas(*rows) << " rows compared\n";
  } else {
    std::cout << "the tables are not the fold of the log: " << counted(differences, "difference")
              << (problem.empty() ? "" : "; " + problem) << "\n";
  }
  return holds ? kDone : kFound;
}

}  // namespace ntt::tools
