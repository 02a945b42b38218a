// ntt log: the events, filtered.

#include <algorithm>
#include <iostream>
#include <memory>

#include "tools/ntt/context.h"
#include "tools/ntt/event_writer.h"
#include "tools/ntt/selection.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::Event;
using events::Log;
using events::Result;
using events::Sequence;
using events::Status;

namespace {

struct LogOptions {
  std::string medium;
  std::string type;
  std::string origin;
  std::string run;
  std::string actor;
  std::string since;
  std::string until;
  std::string recorded_since;
  std::string recorded_until;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::string where;
  std::uint64_t limit = 0;
  std::string format;
  bool json = false;
  bool follow = false;
};

// All that is to be known before the log is opened. Errors are of usage.
Result<Selection> selection_of(const LogOptions& options) {
  Selection selection;
  events::Filter& filter = selection.filter;
  filter.type_glob = options.type;
  selection.actor = options.actor;
  const std::tuple<const char*, const std::string*, std::optional<events::Timestamp>*> times[] = {
      {"--since", &options.since, &filter.occurred_from},
      {"--until", &options.until, &filter.occurred_until},
      {"--recorded-since", &options.recorded_since, &filter.recorded_from},
      {"--recorded-until", &options.recorded_until, &filter.recorded_until}};
  for (const auto& [flag, text, target] : times) {
    if (text->empty()) continue;
    auto time = events::parse_timestamp(*text);
    if (!time) return std::move(time).error().within(flag);
    *target = *time;
  }
  if (!options.run.empty()) {
    filter.run = events::RunId::from_hex(options.run);
    if (!filter.run) {
      return Error{Errc::invalid,
                   "--run: '" + options.run + "' is not the id of a run; `ntt runs` shows them"};
    }
  }
  if (!options.origin.empty()) {
    auto origin = events::parse_origin(options.origin);
    if (!origin) return std::move(origin).error().within("--origin");
    filter.origin = *origin;
  }
  if (options.first != 0) filter.first = {options.first};
  if (options.last != 0) filter.last = {options.last};
  if (filter.first > filter.last) {
    return Error{Errc::invalid, "--first " + std::to_string(options.first) + " is after --last " +
                                    std::to_string(options.last)};
  }
  if (!options.where.empty()) {
    auto where = Where::parse(options.where);
    if (!where) return std::move(where).error().within("--where");
    selection.where = std::move(*where);
  }
  return selection;
}

Status write_events(const Log& log, const Selection& selection, EventWriter& writer) {
  auto scanned = scan(log, selection, [&writer](const Event& event) {
    writer.write(event);
    return static_cast<bool>(std::cout);
  });
  std::cout.flush();
  return scanned;
}

// Everything after `seen`, until interrupted or past the last event asked for.
Status follow(const Context& context, const Log& log, Selection& selection, Sequence seen,
              EventWriter& writer) {
  constexpr std::chrono::milliseconds kPause(500);
  const Sequence first = selection.filter.first;
  const Sequence last = selection.filter.last;
  while (!context.cancelled && std::cout && seen < last) {
    auto head = log.wait_past(seen, kPause);
    if (!head) return std::move(head).error();
    if (*head <= seen) continue;
    selection.filter.first = std::max(first, seen.next());
    selection.filter.last = std::min(last, *head);
    if (auto written = write_events(log, selection, writer); !written) return written;
    seen = *head;
  }
  return {};
}

// What the log has now, or the newest `limit` of it, then what comes.
Status write_all(const Context& context, const Log& log, Selection& selection,
                 const LogOptions& options, EventWriter& writer) {
  auto head = log.head();
  if (!head) return std::move(head).error();
  const events::Filter asked = selection.filter;
  selection.filter.last = std::min(asked.last, head->seq);
  if (options.limit != 0) {
    auto begin = begin_of_newest(log, selection, options.limit);
    if (!begin) return std::move(begin).error();
    selection.filter.first = std::max(selection.filter.first, *begin);
  }
  if (auto written = write_events(log, selection, writer); !written) return written;
  if (!options.follow) return {};
  selection.filter = asked;
  return follow(context, log, selection, head->seq, writer);
}

int run(Context& context, const LogOptions& options) {
  if (options.json && !options.format.empty() && options.format != "jsonl") {
    return fail_usage("--json is --format jsonl; it does not go with --format " + options.format);
  }
  auto selection = selection_of(options);
  if (!selection) return fail_usage(selection.error().message);
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  if (!options.medium.empty()) {
    auto medium = find_medium(**log, options.medium);
    if (!medium) return fail(medium.error());
    selection->filter.medium = *medium;
  }
  const auto writer = make_event_writer(options.json ? "jsonl" : options.format);
  writer->begin();
  auto written = write_all(context, **log, *selection, options, *writer);
  writer->end();
  std::cout.flush();
  return written ? kDone : fail(written.error());
}

std::vector<Option> options_of(LogOptions& options) {
  const std::vector<std::string> origins = {"native", "imported", "backfilled"};
  return {
      {"--medium", &options.medium, "MEDIUM", "of this medium", false, {}},
      {"--type", &options.type, "TYPE", "of this type; * and ? stand for others", false, {}},
      {"--since", &options.since, "TIME", "that occurred at or after it (RFC 3339)", false, {}},
      {"--until", &options.until, "TIME", "that occurred before it", false, {}},
      {"--recorded-since",
       &options.recorded_since,
       "TIME",
       "that the log took at or after it",
       false,
       {}},
      {"--recorded-until",
       &options.recorded_until,
       "TIME",
       "that the log took before it",
       false,
       {}},
      {"--first", &options.first, "SEQ", "from this sequence number on", false, {}},
      {"--last", &options.last, "SEQ", "up to this sequence number", false, {}},
      {"--run", &options.run, "ID", "of this run", false, {}},
      {"--origin", &options.origin, "ORIGIN", "of this origin", false, origins},
      {"--actor",
       &options.actor,
       "TEXT",
       "whose host, user or program has it in it, or is it where * ? [ stand for others",
       false,
       {}},
      {"--where", &options.where, "EXPR", "for which it holds (docs/asking.md)", false, {}},
      {"-n,--limit", &options.limit, "N", "only the newest N", false, {}},
      {"-f,--follow", &options.follow, "", "stay, and print new events as they come", false, {}},
      {"--format", &options.format, "FORMAT", "table, json, jsonl or csv", false, event_formats()},
      {"--json", &options.json, "", "one JSON object a line: --format jsonl", false, {}},
  };
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
      "  ntt log --where 'data.inode_count > 1000 and origin != \"native\"'\n"
      "  ntt log --where 'data.volumes[*].outcome in [\"encrypted\", \"unknown\"]'\n"
      "  ntt log --actor alice --format csv > alice.csv\n"
      "  ntt log --follow                            goes on with what comes";
  command.options = options_of(*options);
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
