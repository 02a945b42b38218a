// One pass over each file: a line is read, given an id, a time and a medium, and appended in a
// group, while the group before is being written.

#include "stages/legacy_import.h"

#include <algorithm>
#include <filesystem>
#include <future>
#include <optional>
#include <unordered_set>

#include "events/hash.h"
#include "events/payload.h"
#include "stages/legacy_id.h"
#include "stages/legacy_line.h"
#include "stages/log_lines.h"

namespace ntt::stages {

namespace {

using events::EventId;
using events::NewEvent;
using events::Sequence;

constexpr std::size_t kGroupEvents = 16384;
constexpr std::size_t kGroupBytes = 16U << 20U;  // of payloads
constexpr std::uint64_t kProgressLines = 4096;
constexpr int kLinesForFirstTime = 1000;

// Puts events into the log, or only looks whether they are there.
class Appender {
 public:
  Appender(events::Log* log, bool dry_run) : log_(log), dry_run_(dry_run) {}

  Status begin() {
    if (log_ == nullptr) return {};
    auto head = log_->head();
    if (!head) return std::move(head).error();
    last_ = head->seq;
    return {};
  }

  Status add(NewEvent event) {
    if (dry_run_) return look_up(event.id);
    bytes_ += event.data.size();
    group_.push_back(std::move(event));
    return group_.size() < kGroupEvents && bytes_ < kGroupBytes ? Status() : flush();
  }

  // Waits for what is being written, and writes the rest.
  Status finish() {
    if (auto done = flush(); !done) return done;
    return wait();
  }

  [[nodiscard]] std::uint64_t appended() const { return appended_; }
  [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }

 private:
  using Appended = Result<std::vector<Sequence>>;

  Status flush() {
    if (auto done = wait(); !done) return done;
    if (group_.empty()) return {};
    written_.swap(group_);
    writing_ = std::async(std::launch::async, [this] { return log_->append(written_, {}); });
    bytes_ = 0;
    return {};
  }

  // New events have numbers above all before them.
  Status wait() {
    if (!writing_.valid()) return {};
    auto seqs = writing_.get();
    written_.clear();
    if (!seqs) return std::move(seqs).error();
    for (const Sequence seq : *seqs) {
      seq > last_ ? ++appended_ : ++duplicates_;
      last_ = std::max(last_, seq);
    }
    return {};
  }

  Status look_up(const EventId& id) {
    bool known = !seen_.insert(std::string(id.view())).second;
    if (!known && log_ != nullptr) {
      events::Filter filter;
      filter.id = id;
      auto scanned = log_->scan(filter, [&known](const events::Event&) {
        known = true;
        return false;
      });
      if (!scanned) return scanned;
    }
    known ? ++duplicates_ : ++appended_;
    return {};
  }

  events::Log* log_;
  bool dry_run_;
  Sequence last_;
  std::vector<NewEvent> group_;
  std::vector<NewEvent> written_;  // of writing_, as long as that is valid
  std::size_t bytes_ = 0;
  std::future<Appended> writing_;
  std::unordered_set<std::string> seen_;  // ids of a dry run
  std::uint64_t appended_ = 0;
  std::uint64_t duplicates_ = 0;
};

// What lines say for the lines below them in their file.
class FileContext {
 public:
  // The medium of a line that names none, if the start above it is the only one that it can belong
  // to. Call for every line of a known form, in order.
  std::optional<LegacyMedium> medium_of(LegacyReading& reading) {
    std::optional<LegacyMedium> medium = std::move(reading.medium);
    if (!reading.names_medium && open_ && !ambiguous_) medium = {*open_, "start"};
    if (reading.role == LegacyRole::opens && medium) {
      // Two programs at work, or one that was killed: from here on nobody can tell.
      ambiguous_ = ambiguous_ || (open_ && *open_ != medium->id);
      open_ = medium->id;
    } else if (reading.role == LegacyRole::ends) {
      open_.reset();
      ambiguous_ = false;
    }
    return medium;
  }

  std::optional<events::Timestamp> last_time;

 private:
  std::optional<events::MediumId> open_;
  bool ambiguous_ = false;
};

void describe_time(LegacyReading& reading, FileContext& file, events::LegacyFields& fields,
                   NewEvent& event) {
  if (reading.time) {
    event.occurred_at = reading.time->at;
    file.last_time = reading.time->at;
    fields.time_basis = reading.time->has_offset ? "offset" : "local";
    fields.time = std::move(reading.time->text);
    fields.time_resolution = reading.time->resolution;
  } else {
    event.occurred_at = file.last_time.value_or(events::Timestamp{});
    fields.time_basis = file.last_time ? "preceding" : "none";
  }
}

bool can_be_read_twice(const std::string& file) {
  std::error_code failed;
  return file != "-" &&
         std::filesystem::status(file, failed).type() != std::filesystem::file_type::fifo;
}

template <class Payload>
void set_payload(NewEvent& event, const Payload& payload) {
  event.type = Payload::kType;
  event.version = Payload::kVersion;
  event.data = events::to_data(payload);
}

class Import {
 public:
  Import(const LegacyImportContext& context, const LegacyImportRequest& request)
      : context_(context), request_(request), appender_(context.log, request.dry_run) {}

  Result<LegacyImportReport> run() {
    auto files = in_order_of_time();
    if (!files) return std::move(files).error();
    if (auto begun = appender_.begin(); !begun) return std::move(begun).error();
    Status read;
    for (const std::string& file : *files) {
      read = import_file(file);
      if (!read || context_.cancelled) break;
    }
    // What was read before an error is taken in all the same.
    if (auto done = appender_.finish(); !done) return std::move(done).error();
    if (!read) return std::move(read).error();
    report_.events = appender_.appended();
    report_.duplicates = appender_.duplicates();
    report_.interrupted = context_.cancelled;
    return std::move(report_);
  }

 private:
  // Standard input and other pipes are the last.
  Result<std::vector<std::string>> in_order_of_time() {
    std::vector<std::pair<std::int64_t, std::string>> order;
    for (const std::string& file : request_.files) {
      if (!can_be_read_twice(file)) {
        order.emplace_back(INT64_MAX, file);
        continue;
      }
      auto lines = LogLines::open(file, context_.cancelled);
      if (!lines && lines.error().code != events::Errc::corruption) {
        return std::move(lines).error();
      }
      if (!lines) {  // damaged: said when its turn comes, after the others
        order.emplace_back(INT64_MAX, file);
        continue;
      }
      bytes_total_ += lines->bytes_total();
      std::int64_t first = INT64_MAX;
      for (int i = 0; i < kLinesForFirstTime && first == INT64_MAX; ++i) {
        auto line = lines->next();
        if (!line || !*line) break;  // an error comes again when the file is read
        if (const auto time = read_legacy_line((*line)->bytes).time) first = time->at.micros;
      }
      order.emplace_back(first, file);
    }
    std::sort(order.begin(), order.end());
    std::vector<std::string> files;
    files.reserve(order.size());
    for (auto& [first, file] : order) files.push_back(std::move(file));
    return files;
  }

  Status import_file(const std::string& file) {
    auto lines = LogLines::open(file, context_.cancelled);
    if (!lines) return std::move(lines).error();
    FileContext of_file;
    RepeatCounter repeats;
    while (!context_.cancelled) {
      auto line = lines->next();
      if (context_.cancelled) break;  // what came may be half a line
      if (!line) return std::move(line).error();
      if (!*line) break;
      if (auto taken = take(file, **line, of_file, repeats); !taken) return taken;
      if (report_.lines % kProgressLines == 0) show(file, lines->bytes_read());
    }
    bytes_before_ += lines->bytes_read();
    show(file, 0);
    return {};
  }

  Status take(const std::string& file, const LogLine& line, FileContext& of_file,
              RepeatCounter& repeats) {
    const events::Blake3Digest digest =
        line.whole ? line.whole->digest : events::Blake3::of(line.bytes);
    LegacyReading reading;
    if (line.whole) {
      reading.reason = "too_long";
    } else {
      reading = read_legacy_line(line.bytes);
    }
    NewEvent event;
    event.id = legacy_event_id(digest, repeats.count(digest));
    event.origin = events::Origin::imported;
    event.run = request_.run;
    event.actor = request_.actor;
    events::LegacyFields fields;
    fields.file.bytes = file;
    fields.line = line.number;
    fields.text.bytes = line.bytes;
    describe_time(reading, of_file, fields, event);
    auto medium = reading.reason.empty() ? of_file.medium_of(reading) : std::move(reading.medium);
    if (medium) {
      event.medium = std::move(medium->id);
      fields.medium_from = std::move(medium->key);
    }
    report_.lines += 1;
    if (reading.reason.empty()) {
      report_.claims += 1;
      if (event.medium.empty()) report_.unattributed += 1;
      set_payload(event, events::LegacyClaim{std::move(fields), std::move(reading.stage),
                                             std::move(reading.says)});
    } else {
      report_.other[reading.reason] += 1;
      set_payload(
          event, events::LegacyLine{std::move(fields), std::move(reading.reason),
                                    line.whole ? std::optional(line.whole->length) : std::nullopt});
    }
    return appender_.add(std::move(event));
  }

  void show(const std::string& file, std::uint64_t bytes) {
    context_.progress.update("import-log", file, report_.lines, 0, bytes_before_ + bytes,
                             bytes_total_);
  }

  const LegacyImportContext& context_;
  const LegacyImportRequest& request_;
  Appender appender_;
  LegacyImportReport report_;
  std::uint64_t bytes_total_ = 0;
  std::uint64_t bytes_before_ = 0;  // of the files before
};

}  // namespace

Result<LegacyImportReport> import_legacy_logs(const LegacyImportContext& context,
                                              const LegacyImportRequest& request) {
  return Import(context, request).run();
}

}  // namespace ntt::stages
