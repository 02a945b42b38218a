// ntt export jsonl: events as CloudEvents, one a line, with all that a restore needs.

#include <memory>

#include "tools/ntt/context.h"
#include "tools/ntt/event_json.h"
#include "tools/ntt/export_commands.h"
#include "tools/ntt/export_line.h"
#include "tools/ntt/output_file.h"

namespace ntt::tools {

using events::Event;
using events::Filter;
using events::Result;
using events::Sequence;
using events::Status;

namespace {

struct JsonlOptions {
  std::string medium;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool batches = false;
  std::string out;
};

bool has_records(const Event& event) {
  return event.has_attachment() && (event.type == "enum_batch" || event.type == "load_batch" ||
                                    event.type == "copy_batch" || event.type == "verify_batch");
}

class JsonlExport {
 public:
  JsonlExport(const Context& context, const events::Log& log, events::RecordReader& records,
              std::ostream& out, std::string log_id)
      : context_(context), log_(log), records_(records), out_(out), lines_(std::move(log_id)) {}

  Status run(const ExportBegin& begin, const events::Head& head, const Filter& filter) {
    out_ << lines_.begin(begin);
    ExportEnd end;
    end.head = head;
    Status written;
    auto scanned = log_.scan(filter, [&](const Event& event) {
      written = context_.cancelled ? events::Error{events::Errc::unavailable, "interrupted"}
                                   : write(event, begin.batches);
      end.events += 1;
      return written && out_;
    });
    if (!scanned) return scanned;
    if (!written) return written;
    out_ << lines_.end(end);
    return {};
  }

 private:
  Status write(const Event& event, bool batches) {
    auto record = records_.read(event.seq);
    if (!record) return std::move(record).error();
    out_ << lines_.event(*record);
    if (!batches || !has_records(event)) return {};
    std::uint64_t index = 0;
    auto visited = visit_records(event, record->attachment, [&](const Json& json) {
      out_ << lines_.record(record->envelope, index++, json);
    });
    if (!visited) {
      return std::move(visited).error().within("the batch of event " +
                                               std::to_string(event.seq.value));
    }
    return {};
  }

  const Context& context_;
  const events::Log& log_;
  events::RecordReader& records_;
  std::ostream& out_;
  LineWriter lines_;
};

// Which events, and what the first line says of that.
Result<Filter> choose(const JsonlOptions& options, const events::Log& log, const events::Head& head,
                      ExportBegin& begin) {
  Filter filter;
  if (options.first > 0) filter.first = {options.first};
  filter.last = options.last > 0 ? std::min(Sequence{options.last}, head.seq) : head.seq;
  if (!options.medium.empty()) {
    auto medium = find_medium(log, options.medium);
    if (!medium) return std::move(medium).error();
    filter.medium = *medium;
    begin.medium = medium->text;
  }
  begin.first = filter.first;
  begin.last = filter.last;
  begin.batches = options.batches;
  begin.restorable = !filter.medium && filter.first <= Sequence{1} && filter.last == head.seq;
  return filter;
}

int run(Context& context, const JsonlOptions& options) {
  if (options.last > 0 && options.last < options.first) {
    return fail_usage("--last is before --first");
  }
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  auto head = (*log)->head();
  if (!head) return fail(head.error());
  auto records = events::open_record_reader(context.settings.log_directory);
  if (!records) return fail(records.error());
  auto log_id = (*records)->log_id();
  if (!log_id) return fail(log_id.error());
  ExportBegin begin;
  begin.log_id = *log_id;
  auto filter = choose(options, **log, *head, begin);
  if (!filter) return fail(filter.error());
  auto out = OutputFile::open(options.out);
  if (!out) return fail(out.error());
  JsonlExport job(context, **log, **records, out->stream(), *log_id);
  if (auto done = job.run(begin, *head, *filter); !done) return fail(done.error());
  if (auto finished = out->finish(); !finished) return fail(finished.error());
  return kDone;
}

}  // namespace

Command export_jsonl_command() {
  auto options = std::make_shared<JsonlOptions>();
  Command command;
  command.name = "jsonl";
  command.summary =
      "Events as CloudEvents 1.0, one a line, with all that `ntt import jsonl` needs.\n"
      "An export of one medium or of a range is for reading: it cannot be imported.";
  command.examples =
      "  ntt export jsonl --out log.jsonl\n"
      "  ntt export jsonl | zstd > log.jsonl.zst\n"
      "  ntt export jsonl --medium 8e61 --batches | jq -r 'select(.line == \"record\").data.path'";
  command.options = {
      {"--medium", &options->medium, "MEDIUM", "of this medium only", false, {}},
      {"--first", &options->first, "SEQ", "from this event on", false, {}},
      {"--last", &options->last, "SEQ", "up to this event", false, {}},
      {"--batches", &options->batches, "", "also the records of batches, one a line", false, {}},
      {"--out", &options->out, "FILE", "where to; standard output if not given", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
