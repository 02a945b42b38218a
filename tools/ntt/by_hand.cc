// Adding one event by hand.

#include "tools/ntt/by_hand.h"

#include <unistd.h>

#include "events/emitter.h"
#include "tools/ntt/media.h"
#include "tools/ntt/messages.h"
#include "tools/ntt/progress.h"
#include "tools/ntt/row_json.h"
#include "tools/ntt/tables.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Log;
using events::MediumId;
using events::NewEvent;
using events::Result;

namespace {

// As the log is going to have it, behind its last event.
events::Event foreseen(const NewEvent& event, events::Sequence seq) {
  events::Event out;
  out.seq = seq;
  out.id = event.id;
  out.type = event.type;
  out.version = event.version;
  out.medium = event.medium;
  out.occurred_at = out.recorded_at = event.occurred_at;
  out.cause = event.cause;
  out.actor = event.actor;
  out.data = event.data;
  return out;
}

}  // namespace

std::vector<Option> by_hand_options(ByHandOptions& options) {
  return {
      {"--dry-run", &options.dry_run, "", "only show what would change", false, {}},
      {"--no-project",
       &options.no_project,
       "",
       "only record; `ntt project` follows later",
       false,
       {}},
      {"--json", &options.json, "", "one JSON object", false, {}},
  };
}

Result<std::unique_ptr<Log>> open_log_by_hand(Context& context, const ByHandOptions& options) {
  // Also before writing: there is nothing to correct in a log that is not there.
  auto reading = open_log_for_reading(context.settings);
  if (options.dry_run || !reading) return reading;
  reading->reset();
  return open_log_for_writing(context);
}

Result<HandReport> add_by_hand(Context& context, Log& log, const MediumId& medium,
                               const HandEvent& event, const ByHandOptions& options,
                               bool unless_same) {
  auto known = read_medium_events(log, medium);
  if (!known) return std::move(known).error();
  auto head = log.head();
  if (!head) return std::move(head).error();
  NewEvent added;
  added.id = events::new_event_id(context.clock);
  added.type = event.type;
  added.version = event.version;
  added.medium = medium;
  added.occurred_at = context.clock.now();
  added.cause = event.cause;
  added.actor = events::this_actor();
  added.data = event.data;
  // What is added to a medium that is stopped shows once it goes on.
  const bool is_stopped = projector::fold_partly(*known).stop.has_value();
  auto changes = projector::effect_of(std::move(*known), foreseen(added, head->seq.next()));
  HandReport report{{}, std::move(changes)};
  if (options.dry_run || (unless_same && report.changes.empty() && !is_stopped)) return report;
  auto seq = log.append_one(added);
  if (!seq) return std::move(seq).error();
  report.seq = *seq;
  return report;
}

std::string project_by_hand(Context& context, const HandReport& report,
                            const ByHandOptions& options) {
  if (!report.seq || options.no_project) return "behind";
  auto projected = [&context] {
    LiveProgress progress(progress_style(context.settings.progress));
    return project(context, progress);
  }();
  if (projected) {
    warn_of_unfolded(projected->unfolded);
    return "current";
  }
  say_warning(projected.error().message);
  say_warning("event " + std::to_string(report.seq.value) +
              " is in the log; `ntt project` brings the tables up to it");
  return "behind";
}

void print_changes(const Context& context, const HandReport& report) {
  if (report.changes.empty()) {
    std::cout << "no column of the medium's row changes\n";
    return;
  }
  constexpr std::size_t kValueWidth = 60;
  Table table({"column", "before", "after"});
  for (const auto& change : report.changes) {
    table.add({std::string(change.name), cut(line_of(change.before), kValueWidth),
               cut(line_of(change.after), kValueWidth)});
  }
  std::cout << table.text(wants_color(context.settings.color, STDOUT_FILENO));
}

}  // namespace ntt::tools
