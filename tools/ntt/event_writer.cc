// The four formats of events.

#include "tools/ntt/event_writer.h"

#include <unistd.h>

#include <iostream>
#include <vector>

#include "events/bytes.h"
#include "tools/ntt/csv.h"
#include "tools/ntt/event_json.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Event;

namespace {

class TableWriter final : public EventWriter {
 public:
  void write(const Event& event) override {
    char number[24];
    std::snprintf(number, sizeof number, "%6llu", static_cast<unsigned long long>(event.seq.value));
    std::string type = event.type;
    type.resize(std::max<std::size_t>(type.size(), 17), ' ');
    std::string medium = event.medium.text.substr(0, 8);
    medium.resize(8, ' ');
    const std::string line = std::string(number) + "  " + events::to_rfc3339(event.occurred_at) +
                             "  " + medium + "  " + type + "  " + event.data;
    std::cout << (width_ > 0 ? cut(line, width_) : line) << "\n";
  }

 private:
  std::size_t width_ = terminal_width(STDOUT_FILENO);
};

class LinesWriter final : public EventWriter {
 public:
  void write(const Event& event) override { print_json(json_of(event)); }
};

class ArrayWriter final : public EventWriter {
 public:
  void begin() override { std::cout << "["; }
  void write(const Event& event) override {
    std::cout << (is_first_ ? "\n" : ",\n") << one_line(json_of(event));
    is_first_ = false;
  }
  void end() override { std::cout << (is_first_ ? "]\n" : "\n]\n"); }

 private:
  bool is_first_ = true;
};

class CsvWriter final : public EventWriter {
 public:
  void begin() override {
    std::cout << "seq,id,type,version,medium,occurred_at,recorded_at,origin,run,cause,host,user,"
                 "program,attachment_bytes,data\r\n";
  }
  void write(const Event& event) override {
    const std::vector<std::string> fields = {
        std::to_string(event.seq.value),
        events::to_uuid_string(event.id),
        event.type,
        std::to_string(event.version),
        event.medium.text,
        events::to_rfc3339(event.occurred_at),
        events::to_rfc3339(event.recorded_at),
        std::string(events::to_string(event.origin)),
        event.run.is_zero() ? "" : events::to_uuid_string(event.run),
        event.cause ? std::to_string(event.cause.value) : "",
        events::escape_bytes(event.actor.host),
        events::escape_bytes(event.actor.user),
        events::escape_bytes(event.actor.program),
        std::to_string(event.attachment_bytes),
        event.data};
    write_csv_row(std::cout, fields);
  }
};

}  // namespace

const std::vector<std::string>& event_formats() {
  static const std::vector<std::string> formats = {"table", "json", "jsonl", "csv"};
  return formats;
}

std::unique_ptr<EventWriter> make_event_writer(const std::string& format) {
  if (format == "json") return std::make_unique<ArrayWriter>();
  if (format == "jsonl") return std::make_unique<LinesWriter>();
  if (format == "csv") return std::make_unique<CsvWriter>();
  return std::make_unique<TableWriter>();
}

}  // namespace ntt::tools
