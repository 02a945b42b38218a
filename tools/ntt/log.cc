// ntt log: the events, filtered.

#include <unistd.h>

#include <deque>
#include <memory>

#include "events/bytes.h"
#include "tools/ntt/context.h"
#include "tools/ntt/event_json.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Event;
using events::Filter;
using events::Log;
using events::Result;
using events::Sequence;

namespace {

struct LogOptions {
  std::string medium;
  std::string type;
  std::string since;
  std::string until;
  std::string run;
  std::string origin;
  std::uint64_t limit = 0;
  bool json = false;
  bool follow = false;
};

// All but the medium, for which the log is needed. Errors are of usage.
Result<Filter> filter_of(const LogOptions& options) {
  Filter filter;
  filter.type_glob = options.type;
  if (!options.since.empty()) {
    auto time = events::parse_timestamp(options.since);
    if (!time) return std::move(time).error().within("--since");
    filter.occurred_from = *time;
  }
  if (!options.until.empty()) {
    auto time = events::parse_timestamp(options.until);
    if (!time) return std::move(time).error().within("--until");
    filter.occurred_until = *time;
  }
  if (!options.run.empty()) {
    filter.run = events::RunId::from_hex(options.run);
    if (!filter.run) {
      return events::Error{
          events::Errc::invalid,
          "--run: '" + options.run + "' is not the id of a run; `ntt log --json` " + "shows them"};
    }
  }
  if (!options.origin.empty()) {
    auto origin = events::parse_origin(options.origin);
    if (!origin) return std::move(origin).error().within("--origin");
    filter.origin = *origin;
  }
  return filter;
}

void print_event(const Event& event, bool json, std::size_t width) {
  if (json) {
    print_json(json_of(event));
    return;
  }
  char number[24];
  std::snprintf(number, sizeof number, "%6llu", static_cast<unsigned long long>(event.seq.value));
  std::string type = event.type;
  type.resize(std::max<std::size_t>(type.size(), 17), ' ');
  std::string medium = event.medium.text.substr(0, 8);
  medium.resize(8, ' ');
  const std::string line = std::string(number) + "  " + events::to_rfc3339(event.occurred_at) +
                           "  " + medium + "  " + type + "  " + event.data;
  std::cout << (width > 0 ? cut(line, width) : line) << "\n";
}

// Prints what matches, or the newest `limit` of it, and returns the last sequence number seen.
events::Status print_matching(const Log& log, const Filter& filter, const LogOptions& options) {
  const std::size_t width = terminal_width(STDOUT_FILENO);
  std::deque<Event> newest;
  auto scanned = log.scan(filter, [&](const Event& event) {
    if (options.limit == 0) {
      print_event(event, options.json, width);
      return static_cast<bool>(std::cout);
    }
    newest.push_back(event);
    if (newest.size() > options.limit) newest.pop_front();
    return true;
  });
  for (const Event& event : newest) print_event(event, options.json, width);
  std::cout.flush();
  return scanned;
}

int follow(const Context& context, const Log& log, Filter filter, const LogOptions& options,
           Sequence seen) {
  constexpr std::chrono::milliseconds kPause(500);
  LogOptions all = options;
  all.limit = 0;
  while (!context.cancelled && std::cout) {
    auto last = log.wait_past(seen, kPause);
    if (!last) return fail(last.error());
    if (*last <= seen) continue;
    filter.first = seen.next();
    filter.last = *last;
    if (auto printed = print_matching(log, filter, all); !printed) return fail(printed.error());
    seen = *last;
  }
  return kDone;
}

int run(Context& context, const LogOptions& options) {
  auto filter = filter_of(options);
  if (!filter) return fail_usage(filter.error().message);
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  if (!options.medium.empty()) {
    auto medium = find_medium(**log, options.medium);
    if (!medium) return fail(medium.error());
    filter->medium = *medium;
  }
  auto head = (*log)->head();
  if (!head) return fail(head.error());
  filter->last = head->seq;
  if (auto printed = print_matching(**log, *filter, options); !printed) {
    return fail(printed.error());
  }
  return options.follow ? follow(context, **log, *filter, options, head->seq) : kDone;
}

}  // namespace

Command log_command() {
  auto options = std::make_shared<LogOptions>();
  Command command;
  command.name = "log";
  command.summary = "The events of the log";
  command.examples =
      "  ntt log --limit 20                          the newest 20\n"
      "  ntt log --medium 8e61cad2 --type '*_success'\n"
      "  ntt log --since 2025-10-01 --until 2025-11-01 --json\n"
      "  ntt log --follow                            goes on with what comes";
  command.options = {
      {"--medium", &options->medium, "MEDIUM", "of this medium", false, {}},
      {"--type", &options->type, "TYPE", "of this type; * and ? stand for others", false, {}},
      {"--since", &options->since, "TIME", "that occurred at or after it (RFC 3339)", false, {}},
      {"--until", &options->until, "TIME", "that occurred before it", false, {}},
      {"--run", &options->run, "ID", "of this run", false, {}},
      {"--origin",
       &options->origin,
       "ORIGIN",
       "of this origin",
       false,
       {"native", "imported", "backfilled"}},
      {"-n,--limit", &options->limit, "N", "only the newest N", false, {}},
      {"-f,--follow", &options->follow, "", "stay, and print new events as they come", false, {}},
      {"--json", &options->json, "", "one JSON object a line", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
