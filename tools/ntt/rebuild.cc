// ntt rebuild: the tables made anew from the log, beside the live ones, and put in their place.

#include "projector/rebuild.h"

#include <memory>

#include "tools/ntt/medium_json.h"
#include "tools/ntt/progress.h"
#include "tools/ntt/signals.h"
#include "tools/ntt/tables.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using projector::RebuildReport;

namespace {

struct RebuildOptions {
  std::string medium;
  bool drop_previous = false;
  bool roll_back = false;
  bool json = false;
};

void print_report(const RebuildReport& report, bool json) {
  if (json) {
    Json tables = Json::object();
    for (const auto& count : report.counts) {
      tables[count.table] = {{"before", count.before}, {"now", count.now}};
    }
    print_json({{"to", report.to.value},
                {"rows", report.rows},
                {"previous", projector::kPreviousSchema},
                {"tables", std::move(tables)},
                {"unfolded", json_of(report.unfolded)}});
    return;
  }
  std::cout << "the tables are rebuilt from events 1 to " << report.to.value << ": "
            << with_commas(report.rows) << " inode and path rows written\n";
  Table table({"table", "rows before", "rows now"});
  for (const auto& count : report.counts) {
    table.add({count.table, with_commas(count.before), with_commas(count.now)});
  }
  std::cout << table.text(false) << "what was live is schema " << projector::kPreviousSchema
            << ": `ntt rebuild --rollback` puts it back, `ntt rebuild --drop-previous` drops it\n";
}

int rebuild_all(Context& context, const events::Log& log, const std::string& url, bool json) {
  auto report = [&] {
    LiveProgress progress(progress_style(context.settings.progress));
    return projector::rebuild(url, log, table_progress(progress, "rebuild"));
  }();
  if (!report) return fail(report.error());
  print_report(*report, json);
  return warn_of_unfolded(report->unfolded) ? kFailed : kDone;
}

int rebuild_one(Context& context, const events::Log& log, const std::string& url,
                const RebuildOptions& options) {
  auto medium = find_medium(log, options.medium);
  if (!medium) return fail(medium.error());
  auto report = [&] {
    LiveProgress progress(progress_style(context.settings.progress));
    return projector::rebuild_medium(url, log, *medium, table_progress(progress, "rebuild"));
  }();
  if (!report) return fail(report.error());
  if (options.json) {
    print_json({{"medium", medium->text},
                {"rows", report->rows},
                {"unfolded", json_of(report->unfolded)}});
  } else {
    std::cout << "medium " << medium->text << " is rebuilt in place: " << with_commas(report->rows)
              << " inode and path rows written\n";
  }
  return warn_of_unfolded(report->unfolded) ? kFailed : kDone;
}

int roll_back(const std::string& url, bool json) {
  if (auto done = projector::roll_back_rebuild(url); !done) return fail(done.error());
  if (json) {
    print_json({{"previous", projector::kPreviousSchema}});
  } else {
    std::cout << "the previous tables are live again; what was live is now schema "
              << projector::kPreviousSchema << ". `ntt project` brings them up to the log\n";
  }
  return kDone;
}

int drop_previous(const std::string& url, bool json) {
  auto dropped = projector::drop_previous(url);
  if (!dropped) return fail(dropped.error());
  if (json) {
    print_json({{"dropped", *dropped}});
  } else {
    std::cout << (*dropped ? "dropped schema " : "there is no schema ")
              << projector::kPreviousSchema << "\n";
  }
  return kDone;
}

int run(Context& context, const RebuildOptions& options) {
  end_on_signals();
  const int given = static_cast<int>(!options.medium.empty()) +
                    static_cast<int>(options.drop_previous) + static_cast<int>(options.roll_back);
  if (given > 1) {
    return fail_usage(
        "--medium, --rollback and --drop-previous are three different things: give "
        "one of them");
  }
  auto url = owner_url(context.settings);
  if (!url) return fail(url.error());
  if (options.roll_back) return roll_back(*url, options.json);
  if (options.drop_previous) return drop_previous(*url, options.json);
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  if (!options.medium.empty()) return rebuild_one(context, **log, *url, options);
  return rebuild_all(context, **log, *url, options.json);
}

}  // namespace

Command rebuild_command() {
  auto options = std::make_shared<RebuildOptions>();
  Command command;
  command.name = "rebuild";
  command.summary = "Makes the tables anew from the log and puts them in the place of the old ones";
  command.examples =
      "  ntt rebuild                     beside the live tables, then in their place\n"
      "  ntt rebuild --rollback          back to what was live before\n"
      "  ntt rebuild --drop-previous     when all is well\n"
      "  ntt rebuild --medium 0965       one medium, in place\n"
      "`ntt diff` shows what would change. Exit code 1: a medium is stopped before an event that "
      "cannot be folded; all others are rebuilt.";
  command.options = {
      {"--medium", &options->medium, "MEDIUM", "this medium only, in one transaction", false, {}},
      {"--rollback", &options->roll_back, "", "exchange live and previous tables", false, {}},
      {"--drop-previous", &options->drop_previous, "", "drop the previous tables", false, {}},
      {"--json", &options->json, "", "one JSON object", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
