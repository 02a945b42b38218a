// ntt diff: what a rebuild with this program would change, before it is done.

#include <map>
#include <memory>

#include "projector/checkpoint.h"
#include "projector/examination.h"
#include "tools/ntt/difference_json.h"
#include "tools/ntt/progress.h"
#include "tools/ntt/signals.h"
#include "tools/ntt/tables.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using projector::Difference;
using projector::Examination;

namespace {

struct DiffOptions {
  std::string medium;
  bool summary = false;
  bool json = false;
};

// How many differences of a kind: by table, kind and column.
using Summary = std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t>;

void print_summary(const Summary& summary, bool json) {
  Table table({"table", "what", "column", "differences"});
  for (const auto& [what, count] : summary) {
    const auto& [name, kind, column] = what;
    if (json) {
      print_json({{"table", name},
                  {"kind", kind},
                  {"column", column.empty() ? Json(nullptr) : Json(column)},
                  {"differences", count}});
    } else {
      table.add({name, kind, column.empty() ? "-" : column, with_commas(count)});
    }
  }
  if (!json && !table.is_empty()) std::cout << table.text(false);
}

void print_verdict(const Examination& examination, std::uint64_t rows, std::uint64_t found) {
  std::cout << (found == 0 ? "no difference" : counted(found, "difference")) << " in "
            << with_commas(rows) << " rows, up to event " << examination.position().seq.value
            << "\n";
  if (examination.live_version() != 0 &&
      examination.live_version() != projector::kProjectionVersion) {
    std::cout << "the tables were folded by version " << examination.live_version()
              << " of the rules, this program has version " << projector::kProjectionVersion
              << "\n";
  }
  if (found != 0) std::cout << "`ntt rebuild` makes the tables say what the log says\n";
}

int compare(Examination& examination, const events::Log& log, const DiffOptions& options) {
  if (!examination.witness_problem().empty()) {
    return fail({events::Errc::corruption, examination.witness_problem()});
  }
  Summary summary;
  std::uint64_t found = 0;
  auto rows = examination.compare(log, false, [&](const Difference& difference) -> events::Status {
    found += 1;
    if (options.summary) {
      summary[{difference.table, std::string(projector::to_string(difference.kind)),
               difference.column}] += 1;
    } else if (options.json) {
      print_json(json_of(difference, log));
    } else {
      std::cout << text_of(difference, log) << "\n";
    }
    return {};
  });
  if (!rows) return fail(rows.error());
  print_summary(summary, options.json);
  if (!options.json) print_verdict(examination, *rows, found);
  return found == 0 ? kDone : kFound;
}

int run(Context& context, const DiffOptions& options) {
  end_on_signals();
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  std::optional<events::MediumId> medium;
  if (!options.medium.empty()) {
    auto found = find_medium(**log, options.medium);
    if (!found) return fail(found.error());
    medium = *found;
  }
  auto url = owner_url(context.settings);
  if (!url) return fail(url.error());
  auto examination = [&] {
    LiveProgress progress(progress_style(context.settings.progress));
    return Examination::begin(*url, **log, medium, table_progress(progress, "diff"));
  }();
  if (!examination) return fail(examination.error());
  return compare(**examination, **log, options);
}

}  // namespace

Command diff_command() {
  auto options = std::make_shared<DiffOptions>();
  Command command;
  command.name = "diff";
  command.summary = "What a rebuild would change, row by row, and by which event";
  command.examples =
      "  ntt diff                       after a fix of the folds; changes nothing\n"
      "  ntt diff --summary             how many, by table and column\n"
      "  ntt diff --medium 0965 --json\n"
      "Exit code 3: there are differences.";
  command.options = {
      {"--medium", &options->medium, "MEDIUM", "its rows only", false, {}},
      {"--summary", &options->summary, "", "counts instead of rows", false, {}},
      {"--json", &options->json, "", "one JSON object a difference", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
