// ntt retract: withdraws an event; history keeps both.

#include <iostream>
#include <memory>

#include "tools/ntt/by_hand.h"
#include "tools/ntt/media.h"
#include "tools/ntt/row_json.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::Event;
using events::Log;
using events::Result;

namespace {

struct RetractOptions {
  std::uint64_t seq = 0;
  std::string why;
  ByHandOptions by_hand;
};

// The event, if it may be retracted.
Result<Event> retractable(const Log& log, events::Sequence seq) {
  auto event = log.read(seq);
  if (!event && event.error().code == Errc::not_found) {
    auto head = log.head();
    if (!head) return std::move(head).error();
    return Error{Errc::not_found, "event " + std::to_string(seq.value) +
                                      " is not in the log, which ends at event " +
                                      std::to_string(head->seq.value)};
  }
  if (!event) return event;
  auto others = read_medium_events(log, event->medium);
  if (!others) return std::move(others).error();
  const std::string refusal = projector::why_not_retractable(*event, *others);
  if (!refusal.empty()) return Error{Errc::invalid, "not retracted: " + refusal};
  return event;
}

void print_report(const Context& context, const Event& event, const HandReport& report,
                  const RetractOptions& options) {
  const std::string what = "event " + std::to_string(event.seq.value) + " (" + event.type + " of " +
                           events::to_rfc3339(event.occurred_at) + ", medium " + event.medium.text +
                           ")";
  if (options.by_hand.dry_run) {
    std::cout << "would retract " << what << "\n";
  } else {
    std::cout << "retracted " << what << " by event " << report.seq.value << "\n";
  }
  print_changes(context, report);
}

int run(Context& context, const RetractOptions& options) {
  if (options.why.find_first_not_of(" \t\n") == options.why.npos) {
    return fail_usage("--why: say why the event is withdrawn; whoever reads the log wants to know");
  }
  if (auto text = check_text("--why", options.why); !text) return fail_usage(text.error().message);
  auto log = open_log_by_hand(context, options.by_hand);
  if (!log) return fail(log.error());
  auto event = retractable(**log, {options.seq});
  if (!event) return fail(event.error());
  auto report = add_by_hand(context, **log, event->medium,
                            hand_event(events::Retraction{options.seq, options.why}, event->seq),
                            options.by_hand, /*unless_same=*/false);
  if (!report) return fail(report.error());
  log->reset();
  const std::string tables = project_by_hand(context, *report, options.by_hand);
  if (options.by_hand.json) {
    print_json({{"retracts", options.seq},
                {"type", event->type},
                {"medium", event->medium.text},
                {"why", options.why},
                {"event", report->seq ? Json(report->seq.value) : Json(nullptr)},
                {"dry_run", options.by_hand.dry_run},
                {"changes", json_of(report->changes)},
                {"tables", tables}});
  } else {
    print_report(context, *event, *report, options);
  }
  return kDone;
}

}  // namespace

Command retract_command() {
  auto options = std::make_shared<RetractOptions>();
  Command command;
  command.name = "retract";
  command.summary = "Withdraws an event: folds treat it as absent, the log keeps it";
  command.examples =
      "  ntt retract 417 --why 'wrong disk in the drive' --dry-run    shows what would change\n"
      "  ntt retract 417 --why 'wrong disk in the drive'\n"
      "  ntt retract 431 --why 'it was the right disk'    a retraction too: 417 counts again";
  command.options = {
      {"seq", &options->seq, "SEQ", "the event's sequence number", true, {}},
      {"--why", &options->why, "TEXT", "the reason, which the log keeps", true, {}},
  };
  for (Option& option : by_hand_options(options->by_hand)) {
    command.options.push_back(std::move(option));
  }
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
