// The source that is an image file or a device, read through ntt-reader.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>

#include "events/bytes.h"
#include "events/limits.h"
#include "stages/container_format.h"
#include "stages/file_descriptor.h"
#include "stages/image_survey.h"
#include "stages/reader_session.h"
#include "stages/source.h"

namespace ntt::stages {

namespace {

using events::Errc;
using events::errno_error;
using events::Error;
using events::FileErrorType;
using wire::FrameType;

// No file system has directory entries smaller than this, so a medium can hold only so many.
constexpr std::uint64_t kEntryBytesMin = 8;
constexpr std::uint64_t kEntriesMin = 4096;
constexpr unsigned kLapsesMax = 2;
// More than reading and listing takes by orders of magnitude: it ends what loops with progress.
constexpr std::uint64_t kCpuSecondsMin = 3600;
constexpr std::uint64_t kImageBytesPerCpuSecond = 4U << 20U;
constexpr std::size_t kMessageBytesMax = 16384;

class ImageSource final : public Source {
 public:
  ImageSource(ImageSourceOptions options, FileDescriptor image, bool device, std::uint64_t size)
      : options_(std::move(options)),
        image_(std::move(image)),
        device_(device),
        size_(size),
        session_({options_.reader_program, options_.memory_bytes_max, options_.cpu_seconds_max,
                  options_.stall_seconds_max},
                 image_.get(), options_.unreadable) {}

  [[nodiscard]] events::SourceInfo info() const override {
    return {device_ ? "device" : "image", {options_.path}};
  }
  Status walk(EntrySink& sink) override;
  [[nodiscard]] bool has_content() const override { return true; }
  Result<ReadOutcome> read_file(VolumeIndex volume, const Entry& file,
                                const std::function<bool(std::string_view)>& chunk) override;
  [[nodiscard]] Result<std::unique_ptr<Source>> clone() const override {
    auto copy = open_image_source(options_);
    if (copy) static_cast<ImageSource&>(**copy).volumes_ = volumes_;
    return copy;
  }

 private:
  Status survey();
  [[nodiscard]] Status refuse_container() const;
  Status walk_volume(const SurveyedVolume& volume, EntrySink& sink);

  ImageSourceOptions options_;
  FileDescriptor image_;
  bool device_;
  std::uint64_t size_;
  ReaderSession session_;
  std::optional<std::vector<SurveyedVolume>> volumes_;
};

Status ImageSource::survey() {
  if (volumes_) return {};
  auto volumes = survey_image(session_, size_);
  if (!volumes) return std::move(volumes).error();
  volumes_ = std::move(*volumes);
  return refuse_container();
}

// A compressed or wrapped image has no volumes of its own; say what it is instead.
Status ImageSource::refuse_container() const {
  const bool recognised =
      std::any_of(volumes_->begin(), volumes_->end(), [](const SurveyedVolume& volume) {
        return volume.id.has_value() || !volume.outcome.filesystem.empty();
      });
  if (recognised) return {};
  std::array<char, kContainerHeadBytes> head{};
  const ssize_t count = pread(image_.get(), head.data(), head.size(), 0);
  if (count <= 0) return {};
  const auto format = container_format({head.data(), static_cast<std::size_t>(count)});
  if (format.empty()) return {};
  return Error{Errc::invalid, "'" + events::escape_bytes(options_.path) + "' is " +
                                  std::string(format) +
                                  ", not a disk image: unpack or convert it first"};
}

Status ImageSource::walk(EntrySink& sink) {
  if (auto surveyed = survey(); !surveyed) return surveyed;
  for (const SurveyedVolume& volume : *volumes_) {
    Status walked = volume.id ? walk_volume(volume, sink) : sink.volume_done(volume.outcome);
    if (!walked) return walked;
  }
  return {};
}

// Counts what goes by, and refuses what no medium of this size can hold.
class Tally {
 public:
  Tally(VolumeOutcome& outcome, std::uint64_t image_bytes)
      : outcome_(outcome), entries_max_(std::max(image_bytes / kEntryBytesMin, kEntriesMin)) {}

  [[nodiscard]] bool add(std::span<const Entry> entries) {
    for (const Entry& entry : entries) {
      outcome_.entries += 1;
      if (entry.error_number != 0) outcome_.unreadable += 1;
      const bool counted = entry.type == events::EntryType::file && entry.allocated;
      // A damaged size can be anything.
      if (counted && outcome_.bytes + entry.size >= outcome_.bytes) outcome_.bytes += entry.size;
    }
    return outcome_.entries <= entries_max_;
  }

 private:
  VolumeOutcome& outcome_;
  std::uint64_t entries_max_;
};

// One volume's walk, which begins again behind a directory in which the reader died: what was
// received before that directory comes again in the same order and is dropped.
class VolumeWalk {
 public:
  VolumeWalk(const SurveyedVolume& volume, std::uint64_t image_bytes, EntrySink& sink)
      : outcome_(volume.outcome), tally_(outcome_, image_bytes), sink_(sink) {}

  FrameVerdict take(const wire::Frame& frame) {
    if (frame.type == FrameType::progress) return FrameVerdict::more;
    if (frame.type == FrameType::directory) {
      if (frame.payload.size() > events::kPathBytesMax) return FrameVerdict::malformed;
      directory_ = frame.payload;
      received_before_directory_ = received_;
      return FrameVerdict::more;
    }
    if (frame.type == FrameType::walk_done) {
      auto decoded = wire::decode<wire::WalkDone>(frame.payload);
      if (!decoded) return FrameVerdict::malformed;
      done_ = std::move(*decoded);
      return FrameVerdict::finished;
    }
    return frame.type == FrameType::entries ? take_entries(frame.payload) : FrameVerdict::malformed;
  }

  // After a reader's end: whether to walk again with one more directory barred. There is no going
  // on behind the root, and a volume that kills its readers over and over is given up.
  bool bar_directory(const ReaderEnd& end, std::vector<wire::BarredDirectory>& barred) {
    // It died where an earlier one came past: chance, or a disk that stalls. Barring that directory
    // would change the order of what is dropped.
    if (received_before_directory_ < to_drop_) {
      start_again();
      return ++lapses_ <= kLapsesMax;
    }
    const bool is_barred = !barred.empty() && barred.back().path == directory_;
    if (directory_.empty() || is_barred || barred.size() == wire::kBarredMax) return false;
    barred.push_back({directory_, end.message});
    add_message(end.message + " in directory " + named_directory() + ", which is not listed");
    to_drop_ = received_before_directory_;
    start_again();
    return true;
  }

  Status finish(const ReaderEnd& end) {
    if (end.answered() && outcome_.entries == 1 && root_error_) {
      // Nothing is known of what was on it: that is no listing.
      outcome_.outcome = "failed";
      add_message("the root directory cannot be listed: " + events::escape_bytes(*root_error_));
    }
    if (!end.answered()) {
      outcome_.outcome = end.outcome();
      add_message(end.message + " in directory " + named_directory());
    } else if (done_.failed) {
      outcome_.outcome = "failed";
      add_message(events::escape_bytes(done_.message));
    }
    outcome_.other_streams = done_.other_streams;
    return sink_.volume_done(outcome_);
  }

  [[nodiscard]] const Status& sunk() const { return sunk_; }

 private:
  FrameVerdict take_entries(std::string_view payload) {
    const auto batch = events::decode_entry_columns(payload);
    if (!batch || batch->entries.size() > wire::kEntriesMax) return FrameVerdict::malformed;
    std::span<const Entry> entries(batch->entries);
    const std::uint64_t known = to_drop_ > received_ ? to_drop_ - received_ : 0;
    received_ += entries.size();
    entries = entries.subspan(std::min<std::uint64_t>(known, entries.size()));
    if (!tally_.add(entries)) return FrameVerdict::malformed;
    for (const Entry& entry : entries) {
      if (entry.path.empty() && entry.error_number != 0) root_error_ = entry.error_message;
    }
    if (!entries.empty()) sunk_ = sink_.entries({outcome_.volume}, entries);
    return sunk_ ? FrameVerdict::more : FrameVerdict::abandon;
  }
  void start_again() {
    received_ = received_before_directory_ = 0;
    directory_.clear();
  }
  [[nodiscard]] std::string named_directory() const {
    return "'/" + events::escape_bytes(directory_) + "'";
  }
  void add_message(const std::string& text) {
    outcome_.message += (outcome_.message.empty() ? "" : "; ") + text.substr(0, kMessageBytesMax);
  }

  VolumeOutcome outcome_;
  Tally tally_;
  EntrySink& sink_;
  Status sunk_;
  std::string directory_;       // that the reader is in
  std::uint64_t received_ = 0;  // entries of this walk
  std::uint64_t received_before_directory_ = 0;
  unsigned lapses_ = 0;
  std::optional<std::string> root_error_;
  std::uint64_t to_drop_ = 0;  // entries at the beginning that an earlier walk has brought
  wire::WalkDone done_;
};

Status ImageSource::walk_volume(const SurveyedVolume& volume, EntrySink& sink) {
  VolumeWalk walk(volume, size_, sink);
  wire::WalkRequest request{*volume.id, options_.deleted_entries, {}};
  while (true) {
    const auto end = session_.ask(FrameType::walk, encode(request),
                                  [&](const wire::Frame& frame) { return walk.take(frame); });
    if (!end) return end.error();
    if (!walk.sunk()) return walk.sunk();
    if (!end->answered() && walk.bar_directory(*end, request.barred)) continue;
    return walk.finish(*end);
  }
}

Result<ReadOutcome> ImageSource::read_file(VolumeIndex volume, const Entry& file,
                                           const std::function<bool(std::string_view)>& chunk) {
  if (auto surveyed = survey(); !surveyed) return std::move(surveyed).error();
  const auto at = std::find_if(volumes_->begin(), volumes_->end(), [&](const SurveyedVolume& one) {
    return one.outcome.volume == volume.value;
  });
  if (at == volumes_->end() || !at->id) {
    return ReadOutcome{0, FileErrorType::path_error,
                       "the image has no readable volume " + std::to_string(volume.value)};
  }
  ReadOutcome outcome;
  bool wanted = true;
  const auto on_frame = [&](const wire::Frame& frame) {
    if (frame.type == FrameType::progress) return FrameVerdict::more;
    if (frame.type == FrameType::read_done) {
      auto done = wire::decode<wire::ReadDone>(frame.payload);
      if (!done) return FrameVerdict::malformed;
      outcome.error_type = done->error_type;
      outcome.error_message = std::move(done->message);
      return FrameVerdict::finished;
    }
    const bool fits = frame.payload.size() <= file.size - outcome.bytes_read;
    if (frame.type != FrameType::content || frame.payload.empty() || !fits) {
      return FrameVerdict::malformed;
    }
    outcome.bytes_read += frame.payload.size();
    wanted = chunk(frame.payload);
    return wanted ? FrameVerdict::more : FrameVerdict::abandon;
  };
  const wire::ReadRequest request{*at->id, file.inode, file.size, file.allocated, file.path};
  const auto end = session_.ask(FrameType::read, encode(request), on_frame);
  if (!end) return end.error();
  if (!end->answered()) {
    outcome.error_type = FileErrorType::unknown;
    outcome.error_message = end->message;
  } else if (wanted && outcome.error_type == FileErrorType::none &&
             outcome.bytes_read != file.size) {
    outcome.error_type = FileErrorType::io_error;
    outcome.error_message = "the file ends after " + std::to_string(outcome.bytes_read) + " of " +
                            std::to_string(file.size) + " bytes";
  }
  return outcome;
}

// The executable that lies beside this one.
std::string default_reader_program() {
  std::array<char, 4096> path{};
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  const std::string own(path.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  return own.substr(0, own.rfind('/') + 1) + "ntt-reader";
}

}  // namespace

Result<std::unique_ptr<Source>> open_image_source(const ImageSourceOptions& options) {
  ImageSourceOptions complete = options;
  if (complete.reader_program.empty()) complete.reader_program = default_reader_program();
  const std::string named = "'" + events::escape_bytes(options.path) + "'";
  FileDescriptor image(open(options.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!image.is_open()) return errno_error("cannot open the image " + named, errno);
  struct stat status {};
  const off_t end = fstat(image.get(), &status) == 0 ? lseek(image.get(), 0, SEEK_END) : -1;
  const bool device = S_ISBLK(status.st_mode);
  if (end < 0 || (!device && !S_ISREG(status.st_mode))) {
    return Error{Errc::invalid, named + " is neither a file nor a block device"};
  }
  if (complete.cpu_seconds_max == 0) {
    complete.cpu_seconds_max =
        kCpuSecondsMin + static_cast<std::uint64_t>(end) / kImageBytesPerCpuSecond;
  }
  return std::unique_ptr<Source>(std::make_unique<ImageSource>(
      std::move(complete), std::move(image), device, static_cast<std::uint64_t>(end)));
}

}  // namespace ntt::stages
