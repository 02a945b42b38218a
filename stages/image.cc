// The image stage: a few passes of ddrescue, each followed by a look at the mapfile.
//
// ddrescue does the reading because nothing reads failing media better, and its mapfile is the
// state of the rescue: an interrupted or repeated rescue continues from it. What was rescued is
// never given up: image and mapfile are only ever added to.

#include "stages/image.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>

#include "events/bytes.h"
#include "stages/child_process.h"
#include "stages/file_descriptor.h"
#include "stages/history.h"
#include "stages/mapfile.h"

namespace ntt::stages {

namespace {

using events::Errc;
using events::Error;
using events::ImageError;
using events::ImageSkip;
using events::ImageStart;
using events::ImageSuccess;
using events::Sequence;

bool exists(const std::string& path) {
  struct stat stat {};
  return ::stat(path.c_str(), &stat) == 0;
}

// Options of each pass: all that reads easily; then what is around the errors, piece by piece; then
// the bad sectors again, from behind. `direct` passes go past the kernel's cache, which would
// otherwise read, and fail, in larger pieces.
struct Pass {
  bool direct;
  std::vector<std::string> options;
};
const std::vector<Pass>& passes() {
  static const std::vector<Pass> all = {
      {false, {"--no-scrape"}},
      {true, {}},
      {true, {"--reverse", "--retry-passes=3"}},
  };
  return all;
}

struct Device {
  bool is_block = false;
  std::uint64_t sector_bytes = 512;
};

Device examine_source(const std::string& path) {
  Device device;
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat stat {};
  if (!file.is_open() || ::fstat(file.get(), &stat) != 0 || !S_ISBLK(stat.st_mode)) return device;
  device.is_block = true;
  int bytes = 0;
  if (::ioctl(file.get(), BLKSSZGET, &bytes) == 0 && bytes > 0) {
    device.sector_bytes = static_cast<std::uint64_t>(bytes);
  }
  return device;
}

std::string command_text(const std::vector<std::string>& argv) {
  std::string text;
  for (const std::string& word : argv) {
    if (!text.empty()) text += ' ';
    text += events::escape_bytes(word);
  }
  return text;
}

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return {};
  const std::size_t begin = text.rfind('\n', end);
  return text.substr(begin + 1, end - begin);
}

// One rescue, from image_start to its end. Not thread-safe.
class Rescue {
 public:
  Rescue(StageContext& context, const ImageRequest& request)
      : context_(context), request_(request), device_(examine_source(request.source.path.bytes)) {}

  Result<StageReport> run();

 private:
  [[nodiscard]] std::vector<std::string> command(const Pass& pass, bool direct) const;
  Result<bool> run_pass(const Pass& pass);
  Result<ChildEnd> run_command(const std::vector<std::string>& argv);
  bool report_progress();
  [[nodiscard]] std::string check_files() const;
  Result<StageReport> fail(std::string error, std::string message);
  Result<StageReport> conclude();

  StageContext& context_;
  const ImageRequest& request_;
  Device device_;
  Sequence start_;
  std::vector<std::string> commands_;
  ChildEnd last_;
};

std::vector<std::string> Rescue::command(const Pass& pass, bool direct) const {
  std::vector<std::string> argv = {"ddrescue", "--mapfile-interval=2",
                                   "--sector-size=" + std::to_string(device_.sector_bytes)};
  if (direct) argv.emplace_back("--idirect");
  argv.insert(argv.end(), pass.options.begin(), pass.options.end());
  argv.insert(argv.end(),
              {"--", request_.source.path.bytes, request_.image_path, request_.mapfile_path});
  return argv;
}

// False once the operator wants to stop.
bool Rescue::report_progress() {
  if (auto map = read_mapfile(request_.mapfile_path)) {
    context_.progress.update("image", "rescuing, pass " + std::to_string(commands_.size()),
                             map->bad_regions, 0, map->rescued_bytes, map->total_bytes);
  }
  return !context_.cancelled;
}

Result<ChildEnd> Rescue::run_command(const std::vector<std::string>& argv) {
  commands_.push_back(command_text(argv));
  ChildOptions options;
  options.alive = [this] { return report_progress(); };
  return run_child(argv, options);
}

// True when another pass could bring more.
Result<bool> Rescue::run_pass(const Pass& pass) {
  const bool direct = pass.direct && device_.is_block;
  auto ended = run_command(command(pass, direct));
  if (!ended) return std::move(ended).error();
  // Not every device takes direct reads, and ddrescue then ends at once.
  if (direct && ended->exit_code != 0 && !context_.cancelled) {
    ended = run_command(command(pass, false));
    if (!ended) return std::move(ended).error();
  }
  last_ = std::move(*ended);
  if (last_.exit_code != 0 || context_.cancelled) return false;
  auto map = read_mapfile(request_.mapfile_path);
  if (!map) return std::move(map).error();
  return map->rescued_bytes < map->total_bytes;
}

// Repeats nothing: a mapfile that says what the log says already is no news.
Status record_if_new(StageContext& context, const events::MapfileObserved& map) {
  auto history = read_history(context.log, context.emitter.medium());
  if (!history) return std::move(history).error();
  if (history->mapfile && history->mapfile->payload == map) return {};
  auto emitted = context.emitter.emit(map);
  if (!emitted) return std::move(emitted).error();
  return {};
}

Result<StageReport> Rescue::fail(std::string error, std::string message) {
  const ImageError failure{{std::move(error), std::move(message)}};
  auto event = context_.emitter.emit(failure, start_);
  if (!event) return std::move(event).error();
  return StageReport{StageOutcome::error, failure.message, *event};
}

// An image and its mapfile belong together; one without the other says nothing of what is in it.
std::string Rescue::check_files() const {
  const bool image = exists(request_.image_path);
  const bool map = exists(request_.mapfile_path);
  const std::string image_name = events::escape_bytes(request_.image_path);
  const std::string map_name = events::escape_bytes(request_.mapfile_path);
  if (image && !map) {
    return image_name + " is there without " + map_name + ": move it away, then run again";
  }
  if (map && !image) {
    return map_name + " is there without " + image_name + ": move it away, then run again";
  }
  return {};
}

// ddrescue does not sync the image; what the log says of it must be on the disk.
Status sync_file(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.is_open() && ::fsync(file.get()) == 0) return {};
  return events::errno_error("syncing " + events::escape_bytes(path), errno);
}

Result<StageReport> Rescue::conclude() {
  if (context_.cancelled) {
    return StageReport{StageOutcome::interrupted, "stopped; a later run continues the rescue", {}};
  }
  if (last_.exit_code != 0) {
    return fail("ddrescue_failed", "ddrescue ended with " + std::to_string(last_.exit_code) + ": " +
                                       last_line(last_.error_output));
  }
  for (const std::string& path : {request_.image_path, request_.mapfile_path}) {
    if (auto synced = sync_file(path); !synced) return fail("io", synced.error().message);
  }
  auto map = read_mapfile(request_.mapfile_path);
  if (!map) return fail("bad_mapfile", map.error().message);
  if (auto kept = record_if_new(context_, *map); !kept) return std::move(kept).error();
  const std::string rescued = std::to_string(map->rescued_bytes) + " of " +
                              std::to_string(map->total_bytes) + " bytes rescued";
  if (map->rescued_bytes == 0) return fail("nothing_rescued", rescued);
  ImageSuccess success;
  success.image_path = {request_.image_path};
  success.rescued_bytes = map->rescued_bytes;
  success.total_bytes = map->total_bytes;
  success.exit_code = last_.exit_code;
  success.commands = commands_;
  auto event = context_.emitter.emit(success, start_);
  if (!event) return std::move(event).error();
  return StageReport{StageOutcome::success,
                     rescued + ", " + std::to_string(map->bad_regions) + " bad regions", *event};
}

Result<StageReport> Rescue::run() {
  ImageStart start;
  start.source = request_.source;
  start.image_path = {request_.image_path};
  start.mapfile_path = {request_.mapfile_path};
  ChildOptions options;
  options.keep_output = true;
  const auto version = run_child({"ddrescue", "--version"}, options);
  start.tool = version ? version->output.substr(0, version->output.find('\n')) : "none";
  auto started = context_.emitter.emit(start);
  if (!started) return std::move(started).error();
  start_ = *started;
  if (!version) {
    return fail("no_ddrescue", version.error().message + ": install the package gddrescue");
  }
  if (std::string problem = check_files(); !problem.empty()) return fail("conflict", problem);
  for (const Pass& pass : passes()) {
    auto more = run_pass(pass);
    if (!more) return fail("ddrescue_failed", more.error().message);
    if (!*more) break;
  }
  return conclude();
}

Result<StageReport> skip(StageContext& context, std::string reason, std::string message,
                         std::uint64_t done_by) {
  const ImageSkip payload{{std::move(reason), std::move(message), done_by}};
  auto event = context.emitter.emit(payload);
  if (!event) return std::move(event).error();
  return StageReport{StageOutcome::skip, payload.message, *event};
}

}  // namespace

Result<StageReport> run_image(StageContext& context, const ImageRequest& request) {
  const std::string& kind = request.source.kind;
  if (kind != "device" && kind != "image") {
    return skip(context, "no_image", "a source of kind " + kind + " has no image", 0);
  }
  if (request.source.path.bytes == request.image_path) {
    // Nobody named the mapfile; one that cannot be used must not keep the image from being read.
    std::string message = "the source is an image and is read where it is";
    if (!request.mapfile_path.empty()) {
      auto map = read_mapfile(request.mapfile_path);
      if (map) {
        if (auto kept = record_if_new(context, *map); !kept) return std::move(kept).error();
      } else if (map.error().code != Errc::not_found) {
        message += "; what lies beside it is not used: " + map.error().message;
      }
    }
    return skip(context, "not_needed", message, 0);
  }
  auto history = read_history(context.log, context.emitter.medium());
  if (!history) return std::move(history).error();
  const bool is_kept = history->archived || exists(request.image_path);
  if (!request.force && history->image && is_kept &&
      history->image->payload.image_path.bytes == request.image_path) {
    return skip(context, "already_done", "imaged before", history->image->seq.value);
  }
  return Rescue(context, request).run();
}

}  // namespace ntt::stages
