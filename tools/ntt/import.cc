// ntt import: restores an exported log where there is none.

#include <fstream>
#include <memory>

#include "tools/ntt/context.h"
#include "tools/ntt/export_line.h"
#include "tools/ntt/line_reader.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::LogRestore;
using events::Result;
using events::Status;

namespace {

struct ImportOptions {
  std::string file;
  bool json = false;
};

struct Imported {
  std::string log_id;
  std::uint64_t events = 0;
  events::Head head;
};

class JsonlImport {
 public:
  JsonlImport(const Context& context, std::istream& in)
      : context_(context), reader_(in, kExportLineBytesMax) {}

  Result<Imported> run() {
    auto first = next();
    if (!first) return std::move(first).error();
    if (!*first) return Error{Errc::invalid, "there is nothing in it"};
    auto begin = (*first)->begin();
    if (!begin) return here(begin.error());
    if (!begin->restorable) {
      return Error{Errc::invalid,
                   "it is the export of a part of a log, from which no log can be restored; "
                   "export without --medium, --first and --last"};
    }
    done_.log_id = begin->log_id;
    auto restore = events::begin_log_restore(context_.settings.log_directory, begin->log_id);
    if (!restore) return std::move(restore).error();
    while (true) {
      auto line = next();
      if (!line) return std::move(line).error();
      if (!*line) return Error{Errc::invalid, truncated()};
      if ((*line)->kind() == LineKind::end) return finish(**restore, **line);
      if (auto added = add(**restore, **line); !added) return here(added.error());
    }
  }

 private:
  // The next line, which follows the lines before; nothing at the end.
  Result<std::optional<ExportLine>> next() {
    if (context_.cancelled) return Error{Errc::unavailable, "interrupted; nothing was restored"};
    auto text = reader_.next();
    if (!text) return std::move(text).error();
    if (!*text) return std::optional<ExportLine>{};
    auto line = ExportLine::parse(**text);
    if (!line) return here(line.error());
    if (!chain_.accept(**text)) {
      return here({Errc::invalid,
                   "its check does not fit: the line was changed, or lines before it are missing, "
                   "changed or in another order"});
    }
    return std::optional(std::move(*line));
  }

  Status add(LogRestore& restore, const ExportLine& line) {
    if (line.kind() == LineKind::record) return {};  // what is in the attachment before it
    auto record = line.record();
    if (!record) return std::move(record).error();
    done_.events += 1;
    return restore.add(*record);
  }

  Result<Imported> finish(LogRestore& restore, const ExportLine& line) {
    auto end = line.end();
    if (!end) return here(end.error());
    const std::string number = std::to_string(reader_.number());
    if (end->events != done_.events) {
      return here({Errc::invalid, "it says that there are " + std::to_string(end->events) +
                                      " events, but there are " + std::to_string(done_.events)});
    }
    auto more = reader_.next();
    if (!more) return std::move(more).error();
    if (*more) return Error{Errc::invalid, "there are lines after the last one, " + number};
    if (auto finished = restore.finish(end->head); !finished) {
      return std::move(finished).error();
    }
    done_.head = end->head;
    return done_;
  }

  [[nodiscard]] Error here(const Error& error) const {
    return Error(error).within("line " + std::to_string(reader_.number()));
  }
  [[nodiscard]] std::string truncated() const {
    return "it ends after line " + std::to_string(reader_.number()) +
           " without its last line: the export is not whole";
  }

  const Context& context_;
  LineReader reader_;
  LineChain chain_;
  Imported done_;
};

int run(Context& context, const ImportOptions& options) {
  std::ifstream file;
  const bool is_standard_input = options.file == "-";
  std::ios::sync_with_stdio(false);  // or it comes byte by byte
  if (!is_standard_input) {
    file.open(options.file, std::ios::binary);
    if (!file) return fail(events::errno_error("read " + options.file, errno));
  }
  auto done = JsonlImport(context, is_standard_input ? std::cin : file).run();
  if (!done) return fail(Error(done.error()).within(options.file));
  if (options.json) {
    print_json({{"log_id", done->log_id},
                {"events", done->events},
                {"root", done->head.root.hex()},
                {"log", context.settings.log_directory.string()}});
    return kDone;
  }
  std::cout << "restored " << done->events << " events in "
            << context.settings.log_directory.string() << "; root " << done->head.root.hex()
            << "\n`ntt project` makes the tables from it.\n";
  return kDone;
}

}  // namespace

Command import_command() {
  auto options = std::make_shared<ImportOptions>();
  Command jsonl;
  jsonl.name = "jsonl";
  jsonl.summary =
      "Restores what `ntt export jsonl` wrote: the same events, with the same Merkle root.\n"
      "Refuses where a log with events is, and a file that is not whole.";
  jsonl.examples =
      "  ntt import jsonl log.jsonl\n"
      "  zstd -dc log.jsonl.zst | ntt import jsonl -\n"
      "  NTT_HOME=/mnt/restored ntt import jsonl log.jsonl";
  jsonl.options = {
      {"file", &options->file, "FILE", "the export; - is standard input", true, {}},
      {"--json", &options->json, "", "one JSON object", false, {}},
  };
  jsonl.run = [options](Context& context) { return run(context, *options); };
  Command command;
  command.name = "import";
  command.summary = "Restores an exported log where there is none";
  command.examples = "  ntt import jsonl log.jsonl";
  command.subcommands = {jsonl};
  return command;
}

}  // namespace ntt::tools
