// A legacy enumeration file as a source: names without contents.

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <map>

#include "events/bytes.h"
#include "events/limits.h"
#include "stages/file_descriptor.h"
#include "stages/raw_record.h"
#include "stages/recipe.h"
#include "stages/source.h"

namespace ntt::stages {

namespace {

using events::Errc;
using events::Error;

constexpr std::size_t kChunkBytes = 1U << 20U;
constexpr std::size_t kRecordBytesMax = events::kPathBytesMax;
constexpr std::size_t kPendingMax = 1024;
constexpr std::size_t kKeptOfLongRecord = 4096;

Error file_error(const std::string& path, std::string_view what, int number) {
  Error error = events::errno_error(std::string(what) + " " + events::escape_bytes(path), number);
  if (number == ENOENT) error.code = Errc::not_found;
  return error;
}

// One record as it stands in the file, without its NUL.
struct RawRecord {
  std::string_view bytes;    // of a record beyond the limit only the beginning
  std::uint64_t number = 0;  // from 1
  std::uint64_t offset = 0;  // of its first byte
  std::uint64_t length = 0;
  bool ended = true;  // false: the file ends before the record does
};

// Reads records one after the other; memory does not grow with the file.
class RawReader {
 public:
  explicit RawReader(int descriptor) : descriptor_(descriptor) {}

  // False at the end of the file. The record lives until the next call.
  Result<bool> next(RawRecord& record) {
    record = {{}, number_ + 1, position_, 0, true};
    record_.clear();
    for (;;) {
      if (at_ == filled_) {
        auto more = refill();
        if (!more) return std::move(more).error();
        if (!*more) break;
      }
      const std::string_view rest(chunk_.data() + at_, filled_ - at_);
      const std::size_t end = rest.find('\0');
      const std::string_view part = rest.substr(0, end);
      record.length += part.size();
      at_ += part.size();
      position_ += part.size();
      const bool whole_in_chunk = record_.empty() && end != std::string_view::npos;
      if (!whole_in_chunk && record_.size() < kRecordBytesMax) record_ += part;
      if (end == std::string_view::npos) continue;
      at_ += 1;
      position_ += 1;
      number_ += 1;
      record.bytes = whole_in_chunk ? part : record_;
      return true;
    }
    if (record.length == 0) return false;
    number_ += 1;
    record.bytes = record_;
    record.ended = false;
    return true;
  }

 private:
  Result<bool> refill() {
    ssize_t bytes = 0;
    do {
      bytes = ::pread(descriptor_, chunk_.data(), chunk_.size(), static_cast<off_t>(file_offset_));
    } while (bytes < 0 && errno == EINTR);
    if (bytes < 0) return events::errno_error("reading records", errno);
    at_ = 0;
    filled_ = static_cast<std::size_t>(bytes);
    file_offset_ += filled_;
    return filled_ != 0;
  }

  int descriptor_;
  std::vector<char> chunk_ = std::vector<char>(kChunkBytes);
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
  std::uint64_t file_offset_ = 0;  // of the end of the chunk
  std::uint64_t position_ = 0;
  std::uint64_t number_ = 0;
  std::string record_;  // what a record had in chunks before
};

Result<Entry> parse(const RawRecord& record) {
  if (!record.ended) return Error{Errc::invalid, "the file ends within it"};
  if (record.length > kRecordBytesMax) {
    return Error{Errc::invalid, "it is " + std::to_string(record.length) + " bytes long"};
  }
  return parse_raw_record(record.bytes);
}

// What cannot be read as a record is an entry all the same, with an error and its bytes as path.
Entry malformed(const RawRecord& record, const std::string& problem) {
  Entry entry;
  const bool too_long = record.length > kRecordBytesMax;
  entry.path = too_long ? record.bytes.substr(0, kKeptOfLongRecord) : record.bytes;
  entry.error_number = EBADMSG;
  entry.error_message = "record " + std::to_string(record.number) + " at byte " +
                        std::to_string(record.offset) + ": " + problem;
  return entry;
}

// One walk: hands records to the sink and keeps account of each volume.
class RawWalk {
 public:
  explicit RawWalk(EntrySink& sink) : sink_(sink) {}

  Status take(const RawRecord& record) {
    auto parsed = parse(record);
    Entry entry = parsed ? std::move(*parsed) : malformed(record, parsed.error().message);
    VolumeIndex volume = volume_;
    if (parsed) {
      if (!started_) rule_ = RawPathRule(entry.path);
      started_ = true;
      const RawPathRule::Place place = rule_.place(entry.path);
      volume.value = place.volume;
      entry.path = std::string(place.path);
    }
    if (volume != volume_) {
      if (auto flushed = flush(); !flushed) return flushed;
      volume_ = volume;
    }
    count(entry);
    pending_.push_back(std::move(entry));
    return pending_.size() == kPendingMax ? flush() : Status{};
  }

  Status finish() {
    if (auto flushed = flush(); !flushed) return flushed;
    for (auto& [number, outcome] : outcomes_) {
      outcome.volume = number;
      outcome.table = "none";
      outcome.time_basis = "utc";
      const bool none_good = outcome.entries == outcome.unreadable;
      outcome.outcome = none_good ? "failed" : "enumerated";
      if (auto done = sink_.volume_done(outcome); !done) return done;
    }
    return {};
  }

 private:
  Status flush() {
    auto taken = pending_.empty() ? Status{} : sink_.entries(volume_, pending_);
    pending_.clear();
    return taken;
  }

  void count(const Entry& entry) {
    VolumeOutcome& outcome = outcomes_[volume_.value];
    outcome.entries += 1;
    if (entry.type == events::EntryType::file) outcome.bytes += entry.size;
    if (entry.error_number == 0) return;
    if (outcome.unreadable == 0) outcome.message = "malformed: " + entry.error_message;
    outcome.unreadable += 1;
  }

  EntrySink& sink_;
  RawPathRule rule_;
  bool started_ = false;
  VolumeIndex volume_;
  std::vector<Entry> pending_;
  std::map<std::uint32_t, VolumeOutcome> outcomes_;
};

class RawSource final : public Source {
 public:
  RawSource(std::string path, FileDescriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}

  [[nodiscard]] events::SourceInfo info() const override { return {"raw", {absolute_path(path_)}}; }
  [[nodiscard]] bool has_content() const override { return false; }

  Status walk(EntrySink& sink) override {
    RawReader reader(file_.get());
    RawWalk walk(sink);
    RawRecord record;
    for (;;) {
      auto more = reader.next(record);
      if (!more) return std::move(more).error().within(events::escape_bytes(path_));
      if (!*more) return walk.finish();
      if (auto taken = walk.take(record); !taken) return taken;
    }
  }

  Result<ReadOutcome> read_file(VolumeIndex /*volume*/, const Entry& /*file*/,
                                const std::function<bool(std::string_view)>& /*chunk*/) override {
    return Error{Errc::invalid,
                 "a record file has names but no contents: " + events::escape_bytes(path_)};
  }

  [[nodiscard]] Result<std::unique_ptr<Source>> clone() const override {
    FileDescriptor file(::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0));
    if (!file.is_open()) return file_error(path_, "cloning", errno);
    return std::unique_ptr<Source>(std::make_unique<RawSource>(path_, std::move(file)));
  }

 private:
  std::string path_;
  FileDescriptor file_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_raw_source(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return file_error(path, "opening", errno);
  // A file whose first record is no record is something else, which an enumeration of errors
  // would hide.
  RawReader reader(file.get());
  RawRecord first;
  auto more = reader.next(first);
  if (!more) return std::move(more).error().within(events::escape_bytes(path));
  if (!*more) return Error{Errc::invalid, events::escape_bytes(path) + " is empty"};
  if (auto parsed = parse(first); !parsed) {
    return Error{Errc::invalid,
                 events::escape_bytes(path) +
                     " is not a legacy record file: its first record: " + parsed.error().message};
  }
  return std::unique_ptr<Source>(std::make_unique<RawSource>(path, std::move(file)));
}

}  // namespace ntt::stages
