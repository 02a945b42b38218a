// ntt note: puts a remark into a medium's history.

#include <iostream>
#include <memory>

#include "tools/ntt/by_hand.h"

namespace ntt::tools {

namespace {

struct NoteOptions {
  std::string medium;
  std::string text;
  ByHandOptions by_hand;
};

int run(Context& context, const NoteOptions& options) {
  if (options.text.find_first_not_of(" \t\n") == options.text.npos) {
    return fail_usage("an empty note says nothing");
  }
  if (auto text = check_text("the note", options.text); !text) {
    return fail_usage(text.error().message);
  }
  auto log = open_log_by_hand(context, options.by_hand);
  if (!log) return fail(log.error());
  auto medium = find_medium(**log, options.medium);
  if (!medium) return fail(medium.error());
  auto report = add_by_hand(context, **log, *medium, hand_event(events::Note{options.text}),
                            options.by_hand, /*unless_same=*/false);
  if (!report) return fail(report.error());
  log->reset();
  const std::string tables = project_by_hand(context, *report, options.by_hand);
  if (options.by_hand.json) {
    print_json({{"medium", medium->text},
                {"text", options.text},
                {"event", report->seq ? Json(report->seq.value) : Json(nullptr)},
                {"dry_run", options.by_hand.dry_run},
                {"tables", tables}});
  } else if (report->seq) {
    std::cout << "noted as event " << report->seq.value << " of medium " << medium->text << "\n";
  } else {
    std::cout << "would add a note to medium " << medium->text << "\n";
  }
  return kDone;
}

}  // namespace

Command note_command() {
  auto options = std::make_shared<NoteOptions>();
  Command command;
  command.name = "note";
  command.summary = "Puts a remark into a medium's history; it changes nothing else";
  command.examples =
      "  ntt note 8e61cad2 'case opened, head clicks; second try with another controller'\n"
      "  ntt log --medium 8e61cad2 --type note        reads them";
  command.options = {
      {"medium", &options->medium, "MEDIUM", "its hash, or four or more digits of it", true, {}},
      {"text", &options->text, "TEXT", "the remark", true, {}},
  };
  for (Option& option : by_hand_options(options->by_hand)) {
    command.options.push_back(std::move(option));
  }
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
