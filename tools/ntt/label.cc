// ntt label: says what is written on a medium.

#include <iostream>
#include <memory>

#include "tools/ntt/by_hand.h"
#include "tools/ntt/row_json.h"

namespace ntt::tools {

namespace {

struct LabelOptions {
  std::string medium;
  std::string text;
  ByHandOptions by_hand;
};

int run(Context& context, const LabelOptions& options) {
  if (options.text.empty()) {
    return fail_usage("an empty label; to take one back, `ntt retract` its medium_labelled event");
  }
  if (auto text = check_text("the label", options.text); !text) {
    return fail_usage(text.error().message);
  }
  auto log = open_log_by_hand(context, options.by_hand);
  if (!log) return fail(log.error());
  auto medium = find_medium(**log, options.medium);
  if (!medium) return fail(medium.error());
  auto report =
      add_by_hand(context, **log, *medium, hand_event(events::MediumLabelled{options.text}),
                  options.by_hand, /*unless_same=*/true);
  if (!report) return fail(report.error());
  log->reset();
  const std::string tables = project_by_hand(context, *report, options.by_hand);
  if (options.by_hand.json) {
    print_json({{"medium", medium->text},
                {"label", options.text},
                {"event", report->seq ? Json(report->seq.value) : Json(nullptr)},
                {"dry_run", options.by_hand.dry_run},
                {"changes", json_of(report->changes)},
                {"tables", tables}});
    return kDone;
  }
  if (report->changes.empty()) {
    std::cout << "medium " << medium->text << " has that label already\n";
    return kDone;
  }
  if (report->seq) {
    std::cout << "labelled medium " << medium->text << " by event " << report->seq.value << "\n";
  } else {
    std::cout << "would label medium " << medium->text << "\n";
  }
  print_changes(context, *report);
  return kDone;
}

}  // namespace

Command label_command() {
  auto options = std::make_shared<LabelOptions>();
  Command command;
  command.name = "label";
  command.summary = "Says what is written on a medium";
  command.examples =
      "  ntt label 8e61cad2 'HR, 2009, box 4'\n"
      "The earlier label stays in the log: `ntt blame 8e61cad2 --history`.";
  command.options = {
      {"medium", &options->medium, "MEDIUM", "its hash, or four or more digits of it", true, {}},
      {"text", &options->text, "TEXT", "the label", true, {}},
  };
  for (Option& option : by_hand_options(options->by_hand)) {
    command.options.push_back(std::move(option));
  }
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
