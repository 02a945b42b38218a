// ntt project: brings the tables up to the log.

#include <memory>

#include "tools/ntt/json.h"
#include "tools/ntt/media.h"
#include "tools/ntt/medium_json.h"
#include "tools/ntt/messages.h"
#include "tools/ntt/progress.h"
#include "tools/ntt/signals.h"
#include "tools/ntt/tables.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::Result;
using events::Sequence;
using projector::Lacking;
using projector::Projector;
using projector::ProjectReport;

namespace {

struct ProjectOptions {
  bool follow = false;
  bool json = false;
};

Result<std::unique_ptr<Projector>> connect(const Settings& settings) {
  auto url = owner_url(settings);
  if (!url) return std::move(url).error();
  return Projector::connect(*url);
}

Result<ProjectReport> catch_up(Projector& projector, const events::Log& log,
                               stages::Progress& progress) {
  return projector.catch_up(log, table_progress(progress, "project"));
}

void print_report(const ProjectReport& report, bool json) {
  if (json) {
    print_json({{"from", report.from.value},
                {"to", report.to.value},
                {"rows", report.rows},
                {"unfolded", json_of(report.unfolded)}});
  } else {
    std::cout << "tables are at event " << report.to.value << " (were at " << report.from.value
              << "), " << with_commas(report.rows) << " rows written\n";
  }
  std::cout.flush();
}

// Catches up after each new event, until a signal comes. A server that went away is waited for.
int follow(Context& context, const ProjectOptions& options) {
  constexpr std::chrono::milliseconds kPause(500);
  std::unique_ptr<Projector> projector;
  std::optional<Sequence> position;  // nothing: not caught up once
  while (!context.cancelled) {
    auto log = open_log_for_reading(context.settings);
    if (!log) return fail(log.error());
    LiveProgress progress(progress_style(context.settings.progress));
    if (!projector) {
      auto connected = connect(context.settings);
      if (!connected && connected.error().code != Errc::unavailable) {
        return fail(connected.error());
      }
      if (connected) projector = std::move(*connected);
    }
    auto head = (*log)->head();
    if (!head) return fail(head.error());
    if (projector && head->seq != position) {
      auto report = catch_up(*projector, **log, progress);
      if (report) {
        if (report->to != position) {
          print_report(*report, options.json);
          warn_of_unfolded(report->unfolded);
        }
        position = report->to;
      } else if (report.error().code == Errc::unavailable) {
        say_warning(report.error().message + "; trying again");
        projector.reset();
      } else if (report.error().code == Errc::conflict) {
        say_info(report.error().message + "; trying again");  // another projector is at it
      } else {
        return fail(report.error());
      }
    }
    auto waited =
        (*log)->wait_past(projector && position ? *position : Sequence{UINT64_MAX}, kPause);
    if (!waited) return fail(waited.error());
  }
  return kDone;
}

int run(Context& context, const ProjectOptions& options) {
  if (options.follow) return follow(context, options);
  end_on_signals();
  auto report = [&context] {
    LiveProgress progress(progress_style(context.settings.progress));
    return project(context, progress);
  }();
  if (!report) return fail(report.error());
  print_report(*report, options.json);
  return warn_of_unfolded(report->unfolded) ? kFailed : kDone;
}

}  // namespace

bool warn_of_unfolded(const std::vector<projector::UnfoldedEvent>& unfolded) {
  bool is_stopped = false;
  for (const projector::UnfoldedEvent& event : unfolded) {
    if (event.lacking == Lacking::medium) {
      is_stopped = true;
      warn_of_stop(event.medium, {event.seq, event.reason});
    } else if (event.lacking == Lacking::blobs) {
      say_warning("table blobs lacks what event " + std::to_string(event.seq.value) +
                  " says: " + event.reason);
    } else {
      say_warning(event.reason + "; nothing is folded from it");
    }
  }
  return is_stopped;
}

projector::ProjectProgress table_progress(stages::Progress& progress, std::string stage) {
  return [&progress, stage = std::move(stage)](std::string_view what, std::uint64_t done,
                                               std::uint64_t total) {
    progress.update(stage, what, done, total, 0, 0);
  };
}

Result<ProjectReport> project(Context& context, stages::Progress& progress) {
  auto log = open_log_for_reading(context.settings);
  if (!log) return std::move(log).error();
  auto projector = connect(context.settings);
  if (!projector) return std::move(projector).error();
  return catch_up(**projector, **log, progress);
}

Command project_command() {
  auto options = std::make_shared<ProjectOptions>();
  Command command;
  command.name = "project";
  command.summary = "Brings the PostgreSQL tables up to the log";
  command.examples =
      "  ntt project             after the database was away\n"
      "  ntt project --follow    stays and keeps the tables current\n"
      "Exit code 1: a medium is stopped before an event that cannot be folded; the others are "
      "projected.";
  command.options = {
      {"-f,--follow", &options->follow, "", "stay, and fold new events as they come", false, {}},
      {"--json", &options->json, "", "one JSON object a catch-up", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
