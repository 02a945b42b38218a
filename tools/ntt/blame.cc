// ntt blame: which event set each column of a medium's row.

#include "projector/blame.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "tools/ntt/context.h"
#include "tools/ntt/media.h"
#include "tools/ntt/row_json.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Event;
using events::Sequence;
using projector::ColumnBlame;

namespace {

struct BlameOptions {
  std::string medium;
  bool history = false;
  bool json = false;
};

// `events` are in the order of the log; null when there is none with this number.
const Event* event_of(const std::vector<Event>& events, Sequence seq) {
  const auto found = std::lower_bound(events.begin(), events.end(), seq,
                                      [](const Event& event, Sequence s) { return event.seq < s; });
  return found != events.end() && found->seq == seq ? &*found : nullptr;
}

Json json_of_event(const std::vector<Event>& events, Sequence seq) {
  const Event* event = event_of(events, seq);
  return event == nullptr ? Json(nullptr) : reference_to(*event);
}

Json json_of_blame(const ColumnBlame& blame, const std::vector<Event>& events, bool history) {
  Json json = {{"column", blame.column},
               {"value", json_of(blame.value)},
               {"event", json_of_event(events, blame.set_by)},
               {"retraction", json_of_event(events, blame.retraction)}};
  if (!history) return json;
  json["history"] = Json::array();
  for (const auto& former : blame.former) {
    json["history"].push_back(
        {{"value", json_of(former.value)}, {"event", json_of_event(events, former.set_by)}});
  }
  return json;
}

void add_line(Table& table, const std::string& column, const projector::RowValue& value,
              const Event* event, const std::string& remark) {
  constexpr std::size_t kValueWidth = 48;
  std::vector<std::string> cells = {column, cut(line_of(value), kValueWidth)};
  if (event == nullptr) {
    cells.insert(cells.end(), {"-", "-", "-", "-", "-", "-", "-"});
  } else {
    cells.insert(
        cells.end(),
        {std::to_string(event->seq.value), event->type, events::to_rfc3339(event->occurred_at),
         events::to_rfc3339(event->recorded_at), std::string(events::to_string(event->origin)),
         event->run.is_zero() ? "-" : events::to_uuid_string(event->run), name_of(event->actor)});
  }
  cells.push_back(remark);
  table.add(std::move(cells));
}

void print_table(const std::vector<ColumnBlame>& blames, const std::vector<Event>& events,
                 bool history, bool color) {
  Table table(
      {"column", "value", "event", "type", "occurred", "recorded", "origin", "run", "actor", ""});
  for (const ColumnBlame& blame : blames) {
    const std::string remark = !blame.retraction ? ""
                               : blame.retraction == blame.set_by
                                   ? "retracted"
                                   : "since retraction " + std::to_string(blame.retraction.value);
    add_line(table, std::string(blame.column), blame.value, event_of(events, blame.set_by), remark);
    if (!history) continue;
    for (auto former = blame.former.rbegin(); former != blame.former.rend(); ++former) {
      add_line(table, "  before", former->value, event_of(events, former->set_by), "");
    }
  }
  std::cout << table.text(color);
}

int run(Context& context, const BlameOptions& options) {
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  auto medium = find_medium(**log, options.medium);
  if (!medium) return fail(medium.error());
  auto events = read_medium_events(**log, *medium);
  if (!events) return fail(events.error());
  auto blames = projector::blame_medium(*events);
  if (!blames) return fail(blames.error());
  if (options.json) {
    for (const ColumnBlame& blame : *blames) {
      print_json(json_of_blame(blame, *events, options.history));
    }
  } else {
    print_table(*blames, *events, options.history,
                wants_color(context.settings.color, STDOUT_FILENO));
  }
  return kDone;
}

}  // namespace

Command blame_command() {
  auto options = std::make_shared<BlameOptions>();
  Command command;
  command.name = "blame";
  command.summary = "Which event set each column of a medium's row, when, and who recorded it";
  command.examples =
      "  ntt blame 8e61cad2\n"
      "  ntt blame 8e61cad2 --history     also what each column had been before, newest first\n"
      "  ntt blame 8e61cad2 --json | jq -r 'select(.column == \"copy_done\").event.seq'";
  command.options = {
      {"medium", &options->medium, "MEDIUM", "its hash, or four or more digits of it", true, {}},
      {"--history", &options->history, "", "also every former value and its event", false, {}},
      {"--json", &options->json, "", "one JSON object a column", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
