// ntt show: one event whole, with the records of its batch on request.

#include <memory>

#include "tools/ntt/context.h"
#include "tools/ntt/event_json.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Sequence;

namespace {

struct ShowOptions {
  std::uint64_t seq = 0;
  bool batch = false;
  bool json = false;
};

void print_event(const Json& json) {
  for (const auto& [key, value] : json.items()) {
    std::string name = key;
    name.resize(std::max<std::size_t>(name.size(), 18), ' ');
    if (key == "data") {
      std::cout << name << value.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
    } else {
      std::cout << name << (value.is_string() ? value.get<std::string>() : one_line(value)) << "\n";
    }
  }
}

int run(Context& context, const ShowOptions& options) {
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  auto event = (*log)->read(Sequence{options.seq});
  if (!event) return fail(event.error());
  Json json = json_of(*event);
  Json records = Json::array();
  if (options.batch) {
    if (!event->has_attachment()) {
      return fail({events::Errc::invalid, "event " + std::to_string(options.seq) + " is a " +
                                              event->type + " without a batch"});
    }
    auto attachment = (*log)->attachment(event->seq);
    if (!attachment) return fail(attachment.error());
    auto visited = visit_records(*event, *attachment,
                                 [&records](const Json& record) { records.push_back(record); });
    if (!visited) return fail(visited.error());
  }
  if (options.json) {
    if (options.batch) json["records"] = std::move(records);
    print_json(json);
    return kDone;
  }
  print_event(json);
  for (const Json& record : records) print_json(record);
  return kDone;
}

}  // namespace

Command show_command() {
  auto options = std::make_shared<ShowOptions>();
  Command command;
  command.name = "show";
  command.summary = "One event whole";
  command.examples =
      "  ntt show 17\n"
      "  ntt show 17 --batch              the records of its batch, one JSON object a line\n"
      "  ntt show 17 --batch --json | jq -r '.records[].path'";
  command.options = {
      {"seq", &options->seq, "SEQ", "its sequence number", true, {}},
      {"--batch", &options->batch, "", "also the records of its batch", false, {}},
      {"--json", &options->json, "", "one JSON object", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
