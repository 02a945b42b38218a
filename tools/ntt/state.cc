// ntt state: a medium's row, as it is, as it was, or as it was known to be.

#include <iostream>
#include <memory>

#include "projector/medium_fold.h"
#include "tools/ntt/context.h"
#include "tools/ntt/media.h"
#include "tools/ntt/row_json.h"

namespace ntt::tools {

using projector::AsOf;
using projector::Moment;

namespace {

struct StateOptions {
  std::string medium;
  std::string at;
  std::string known_at;
  bool json = false;
};

events::Result<AsOf> as_of(const StateOptions& options) {
  AsOf out;
  if (!options.at.empty()) {
    auto moment = parse_moment(options.at);
    if (!moment) return std::move(moment).error().within("--at");
    out.at = *moment;
  }
  if (!options.known_at.empty()) {
    auto moment = parse_moment(options.known_at);
    if (!moment) return std::move(moment).error().within("--known-at");
    out.known_at = *moment;
  }
  return out;
}

Json json_of_moment(const std::optional<Moment>& moment) {
  if (!moment) return nullptr;
  if (const auto* time = std::get_if<events::Timestamp>(&*moment)) return json_of(*time);
  return std::get<events::Sequence>(*moment).value;
}

// A sequence number that the log has not reached says nothing of the past.
events::Status check_reached(const AsOf& as_of, events::Sequence last) {
  for (const auto& moment : {as_of.at, as_of.known_at}) {
    const auto* seq = moment ? std::get_if<events::Sequence>(&*moment) : nullptr;
    if (seq == nullptr || *seq <= last) continue;
    return events::Error{events::Errc::not_found,
                         "the log ends at event " + std::to_string(last.value) +
                             "; it has no event " + std::to_string(seq->value)};
  }
  return {};
}

void print_row(const std::vector<projector::RowColumn>& row) {
  constexpr std::size_t kNameWidth = 18;
  for (const auto& column : row) {
    std::string name(column.name);
    name.resize(kNameWidth, ' ');
    std::string text = text_of(column.value);
    for (std::size_t at = 0; (at = text.find('\n', at)) != text.npos; at += kNameWidth + 1) {
      text.insert(at + 1, kNameWidth, ' ');
    }
    std::cout << name << text << "\n";
  }
}

int run(Context& context, const StateOptions& options) {
  auto when = as_of(options);
  if (!when) return fail_usage(when.error().message);
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  auto medium = find_medium(**log, options.medium);
  if (!medium) return fail(medium.error());
  auto head = (*log)->head();
  if (!head) return fail(head.error());
  if (auto reached = check_reached(*when, head->seq); !reached) return fail(reached.error());
  auto all = read_medium_events(**log, *medium);
  if (!all) return fail(all.error());
  auto events = projector::events_as_of(std::move(*all), *when);
  if (!events) return fail(events.error());
  if (events->empty()) {
    return fail({events::Errc::not_found, "nothing of medium " + medium->text + " was " +
                                              (when->known_at ? "known" : "true") +
                                              " by then; `ntt log --medium " +
                                              medium->text.substr(0, 8) + "` lists its events"});
  }
  const auto fold = projector::fold_partly(std::move(*events));
  if (fold.stop) warn_of_stop(*medium, *fold.stop);
  const auto row = projector::medium_row(fold.state);
  if (!options.json) {
    print_row(row);
    return kDone;
  }
  Json columns = Json::object();
  for (const auto& column : row) columns[std::string(column.name)] = json_of(column.value);
  print_json({{"medium", medium->text},
              {"at", json_of_moment(when->at)},
              {"known_at", json_of_moment(when->known_at)},
              {"row", columns}});
  return kDone;
}

}  // namespace

Command state_command() {
  auto options = std::make_shared<StateOptions>();
  Command command;
  command.name = "state";
  command.summary = "A medium's row as it is, as it was true then, or as it was known then";
  command.examples =
      "  ntt state 8e61cad2                             as the log has it now (needs no database)\n"
      "  ntt state 8e61cad2 --at 2025-10-10T12:00:00Z   what was true then, by what is known now\n"
      "  ntt state 8e61cad2 --known-at 2025-10-10       what was known then\n"
      "  ntt state 8e61cad2 --known-at 417              what was known when event 417 was the "
      "last\n"
      "Together: what was known then of what was true then. docs/time.md defines both.";
  command.options = {
      {"medium", &options->medium, "MEDIUM", "its hash, or four or more digits of it", true, {}},
      {"--at", &options->at, "TIME|SEQ", "what was true by then", false, {}},
      {"--known-at", &options->known_at, "TIME|SEQ", "what was recorded by then", false, {}},
      {"--json", &options->json, "", "one JSON object", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
