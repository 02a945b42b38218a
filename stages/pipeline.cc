// The order of the stages, what each needs of those before it, and the events around them.

#include "stages/pipeline.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "events/bytes.h"
#include "stages/archive.h"
#include "stages/copy.h"
#include "stages/deleted_image.h"
#include "stages/enumerate.h"
#include "stages/history.h"
#include "stages/identify.h"
#include "stages/image.h"
#include "stages/load.h"
#include "stages/mapfile.h"
#include "stages/recipe.h"
#include "stages/source.h"
#include "stages/verify.h"

namespace ntt::stages {

using events::Errc;
using events::Error;
using events::Sequence;

namespace {

bool is_regular_file(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode);
}

// Another image of the same name but for its extension. Empty: none.
std::string image_beside(const std::string& image_path, const std::string& stem) {
  for (const char* extension : {"", ".img", ".IMG", ".iso", ".ISO", ".dd", ".DD", ".bin", ".BIN",
                                ".ima", ".IMA", ".image", ".dmg", ".DMG", ".e01", ".E01"}) {
    std::string other = stem;
    other += extension;
    if (other != image_path && is_regular_file(other)) return other;
  }
  return "";
}

// The mapfile that ddrescue left beside an image: `disk.img.map` or `disk.map`. Empty: none.
// Errors: invalid (`disk.map` beside two images: to believe it for the wrong one would give zeros a
// hash).
Result<std::string> mapfile_beside(const std::string& image_path) {
  if (std::string own = image_path + ".map"; is_regular_file(own)) return own;
  const std::size_t name = image_path.find_last_of('/') + 1;
  const std::size_t dot = image_path.find_last_of('.');
  if (dot == std::string::npos || dot <= name) return std::string();
  const std::string stem = image_path.substr(0, dot);
  std::string shared = stem + ".map";
  if (shared == image_path || !is_regular_file(shared)) return std::string();
  const std::string other = image_beside(image_path, stem);
  if (other.empty()) return shared;
  return Error{Errc::invalid, shared + " may be the mapfile of " + image_path + " or of " + other +
                                  ": rename it to the whole name of its image and .map"};
}

class Pipeline {
 public:
  Pipeline(StageContext& context, PipelineRequest& request, std::string mapfile)
      : context_(context), request_(request) {
    const bool is_device = request.source.kind == "device";
    const std::string base = request.image_root + "/" + context.emitter.medium().text;
    image_path_ = is_device ? base + ".img" : request.source.path.bytes;
    mapfile_path_ = is_device ? base + ".map" : std::move(mapfile);
  }

  Result<PipelineReport> run(const Identity& identity);

 private:
  using Work = Result<StageReport> (Pipeline::*)();
  struct Stage {
    const char* name;
    std::vector<std::string> needs;
    Work work;
  };

  static const std::vector<Stage>& all_stages();
  [[nodiscard]] std::optional<std::string> missing_need(const Stage& stage) const;
  Status run_stages();
  Result<PipelineReport> finish();
  Status look_for_image();
  template <class Skip>
  Result<StageReport> skip_without_image(Sequence done_by);
  Result<Source*> source();
  Result<std::vector<ByteRange>> unrescued();

  Result<StageReport> image();
  Result<StageReport> enumerate();
  Result<StageReport> source_unusable(const Error& error);
  Result<StageReport> load();
  Result<StageReport> copy();
  Result<StageReport> archive();
  Result<StageReport> verify();

  StageContext& context_;
  PipelineRequest& request_;
  std::string image_path_;
  std::string mapfile_path_;
  std::unique_ptr<Source> source_;
  std::optional<Sequence>
      deleted_by_;  // the image is gone, and this event says that it was deleted
  PipelineReport report_;
  std::string failure_;               // what the first failed stage said
  std::vector<std::string> not_run_;  // for want of what they need
};

// archive needs the image alone: a medium that cannot be read as files is all the more worth
// keeping.
const std::vector<Pipeline::Stage>& Pipeline::all_stages() {
  static const std::vector<Stage> stages = {
      {"image", {}, &Pipeline::image},
      {"enum", {"image"}, &Pipeline::enumerate},
      {"load", {"enum"}, &Pipeline::load},
      {"copy", {"load"}, &Pipeline::copy},
      {"archive", {"image"}, &Pipeline::archive},
      {"verify", {"copy"}, &Pipeline::verify},
  };
  return stages;
}

// The first stage that this one needs and that failed or could not run.
std::optional<std::string> Pipeline::missing_need(const Stage& stage) const {
  for (const std::string& need : stage.needs) {
    const auto ran = std::find_if(report_.stages.begin(), report_.stages.end(),
                                  [&need](const auto& entry) { return entry.first == need; });
    if (ran != report_.stages.end() && ran->second.outcome == StageOutcome::error) return need;
    if (std::count(not_run_.begin(), not_run_.end(), need) != 0) return need;
  }
  return std::nullopt;
}

// What of the image is not the medium's: by the mapfile beside it, else by what the log knows of
// one. A hash over zeros that nobody read would be false, so not knowing is an error.
Result<std::vector<ByteRange>> Pipeline::unrescued() {
  if (!mapfile_path_.empty()) {
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(image_path_, failed);
    auto read = read_unrescued(mapfile_path_, failed ? 0 : bytes);
    if (read) return read;
    if (read.error().code != Errc::not_found) {
      return std::move(read).error().within(
          "what of the image was rescued is not known (restore the mapfile, or move it away if it "
          "is not this image's)");
    }
  }
  auto history = read_history(context_.log, context_.emitter.medium());
  if (!history) return std::move(history).error();
  std::vector<ByteRange> ranges;
  if (!history->mapfile) return ranges;
  const events::MapfileObserved& known = history->mapfile->payload;
  std::uint64_t missing = known.total_bytes - known.rescued_bytes;
  for (const events::Region& region : known.regions) {
    ranges.push_back({region.offset, region.length});
    missing -= std::min(missing, region.length);
  }
  if (missing == 0) return ranges;
  return Error{Errc::invalid, "of this medium not everything was rescued (event " +
                                  std::to_string(history->mapfile->seq.value) +
                                  "), and the mapfile " + events::escape_bytes(known.path.bytes) +
                                  ", which says what, is not beside the image: put it there"};
}

// An image that was deleted after it was archived is no loss: what was read from it is in the log.
Status Pipeline::look_for_image() {
  const std::string& kind = request_.source.kind;
  if ((kind != "image" && kind != "device") || is_regular_file(image_path_)) return {};
  auto history = read_history(context_.log, context_.emitter.medium());
  if (!history) return std::move(history).error();
  deleted_by_ = deletion_of(*history, absolute_path(image_path_));
  return {};
}

template <class Skip>
Result<StageReport> Pipeline::skip_without_image(Sequence done_by) {
  Skip skipped;
  skipped.reason = "image_deleted";
  skipped.message =
      "done before the image was deleted (event " + std::to_string(deleted_by_->value) + ")";
  skipped.done_by = done_by.value;
  auto seq = context_.emitter.emit(skipped);
  if (!seq) return std::move(seq).error();
  return StageReport{StageOutcome::skip, skipped.message, *seq};
}

Result<Source*> Pipeline::source() {
  if (source_) return source_.get();
  if (deleted_by_) {
    return Error{Errc::not_found, "the image " + events::escape_bytes(image_path_) +
                                      " was deleted (event " + std::to_string(deleted_by_->value) +
                                      "): unpack it from its archive first"};
  }
  const std::string& kind = request_.source.kind;
  Result<std::unique_ptr<Source>> opened = Error{Errc::invalid, "no source of kind " + kind};
  if (kind == "image" || kind == "device") {
    ImageSourceOptions options;
    options.path = image_path_;
    options.deleted_entries = request_.deleted_entries;
    options.reader_program = request_.reader_program;
    auto missing = unrescued();
    if (!missing) return std::move(missing).error();
    options.unreadable = std::move(*missing);
    opened = open_image_source(options);
  } else if (kind == "directory") {
    opened = open_directory_source({request_.source.path.bytes, request_.cross_filesystems});
  } else if (kind == "raw") {
    opened = open_raw_source(request_.source.path.bytes);
  }
  if (!opened) return std::move(opened).error();
  source_ = std::move(*opened);
  return source_.get();
}

Result<StageReport> Pipeline::image() {
  if (deleted_by_) return skip_without_image<events::ImageSkip>(*deleted_by_);
  ImageRequest request;
  request.source = request_.source;
  request.image_path = image_path_;
  request.mapfile_path = mapfile_path_;
  return run_image(context_, request);
}

// An attempt that ends before there is anything to walk.
Result<StageReport> Pipeline::source_unusable(const Error& error) {
  events::EnumStart start;
  start.source = request_.source;
  start.deleted_entries = request_.deleted_entries;
  start.cross_filesystems = request_.cross_filesystems;
  auto started = context_.emitter.emit(start);
  if (!started) return std::move(started).error();
  auto ended =
      context_.emitter.emit(events::EnumError{"source_unusable", error.message, {}}, *started);
  if (!ended) return std::move(ended).error();
  return StageReport{StageOutcome::error, error.message, *ended};
}

Result<StageReport> Pipeline::enumerate() {
  if (deleted_by_ && !request_.force) {
    auto history = read_history(context_.log, context_.emitter.medium());
    if (!history) return std::move(history).error();
    if (history->enumerated) return skip_without_image<events::EnumSkip>(history->enumerated->seq);
  }
  auto from = source();
  if (!from) return source_unusable(from.error());
  EnumRequest request;
  request.force = request_.force;
  request.deleted_entries = request_.deleted_entries;
  request.cross_filesystems = request_.cross_filesystems;
  return run_enum(context_, **from, request);
}

Result<StageReport> Pipeline::load() {
  LoadRequest request;
  request.rules = std::move(request_.rules);
  request.temporary_directory = request_.temporary_directory;
  request.force = request_.force;
  return run_load(context_, request);
}

Result<StageReport> Pipeline::copy() {
  if (deleted_by_) {
    auto history = read_history(context_.log, context_.emitter.medium());
    if (!history) return std::move(history).error();
    const auto& copied = history->copied;
    const bool is_enough =
        copied && (!request_.retry_failed || copied->payload.partial + copied->payload.failed == 0);
    if (is_enough) return skip_without_image<events::CopySkip>(copied->seq);
  }
  auto from = source();
  if (!from) return StageReport{StageOutcome::error, from.error().message, {}};
  CopyRequest request;
  request.store = request_.by_hash_root;
  request.workers = request_.workers;
  request.retry_failed = request_.retry_failed;
  return run_copy(context_, **from, request);
}

Result<StageReport> Pipeline::archive() {
  ArchiveRequest request;
  request.source = request_.source;
  request.image_path = image_path_;
  request.mapfile_path = mapfile_path_;
  request.archive_root = request_.archive_root;
  return run_archive(context_, request);
}

Result<StageReport> Pipeline::verify() {
  VerifyRequest request;
  request.store = request_.by_hash_root;
  request.temporary_directory = request_.temporary_directory;
  return run_verify(context_, request);
}

// Stages after a failed one still run if they do not need it.
Status Pipeline::run_stages() {
  if (request_.until == "identify") return {};
  for (const Stage& stage : all_stages()) {
    if (context_.cancelled.load()) {
      report_.interrupted = true;
      return {};
    }
    if (missing_need(stage)) {
      not_run_.push_back(stage.name);
    } else {
      auto ended = (this->*stage.work)();
      if (!ended) return std::move(ended).error().within(stage.name);
      report_.stages.emplace_back(stage.name, *ended);
      if (ended->outcome == StageOutcome::interrupted) {
        report_.interrupted = true;
        return {};
      }
      if (ended->outcome == StageOutcome::error && report_.failed_stage.empty()) {
        report_.failed_stage = stage.name;
        failure_ = ended->message;
      }
    }
    if (request_.until == stage.name) return {};
  }
  return {};
}

Result<PipelineReport> Pipeline::finish() {
  if (report_.interrupted) return report_;  // no end: the next run continues
  if (report_.failed_stage.empty()) {
    events::PipelineDone done;
    for (const auto& [name, stage] : report_.stages) {
      done.outcomes[name] = stage.outcome == StageOutcome::success ? "success" : "skip";
    }
    auto ended = context_.emitter.emit(done);
    if (!ended) return std::move(ended).error();
    report_.done = true;
    return report_;
  }
  events::PipelineAbort abort;
  abort.failed_stage = report_.failed_stage;
  abort.message = failure_;
  for (std::size_t i = 0; i < not_run_.size(); ++i) {
    abort.message += (i == 0 ? "; not run: " : ", ") + not_run_[i];
  }
  auto ended = context_.emitter.emit(abort);
  if (!ended) return std::move(ended).error();
  return report_;
}

Result<PipelineReport> Pipeline::run(const Identity& identity) {
  report_.medium = identity.medium;
  events::PipelineStart start;
  start.source = request_.source;
  start.command_line = request_.command_line;
  start.until = request_.until;
  start.force = request_.force;
  auto started = context_.emitter.emit(start);
  if (!started) return std::move(started).error();
  if (auto looked = look_for_image(); !looked) return std::move(looked).error();
  if (auto known = record_identity(context_, identity, request_.label); !known) {
    return std::move(known).error();
  }
  report_.stages.emplace_back("identify",
                              StageReport{StageOutcome::success, identity.facts.medium_human, {}});
  if (auto ran = run_stages(); !ran) return std::move(ran).error();
  return finish();
}

bool is_stage_name(const std::string& name) {
  static constexpr std::array kNames = {"identify", "image",   "enum",  "load",
                                        "copy",     "archive", "verify"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace

Result<PipelineReport> run_pipeline(events::Log& log, events::Clock& clock, Progress& progress,
                                    const std::atomic<bool>& cancelled, PipelineRequest request) {
  if (!is_stage_name(request.until)) {
    return Error{Errc::invalid, "there is no stage \"" + request.until +
                                    "\"; the stages are identify, image, enum, load, copy, "
                                    "archive and verify"};
  }
  const bool is_image = request.source.kind == "image";
  auto mapfile = is_image ? mapfile_beside(request.source.path.bytes) : Result<std::string>("");
  if (!mapfile) return std::move(mapfile).error();
  auto identity = identify(request.source, request.label);
  if (!identity && is_image && identity.error().code == Errc::not_found) {
    auto deleted = find_deleted_image(log, absolute_path(request.source.path.bytes));
    if (!deleted) return std::move(deleted).error();
    if (*deleted) identity = std::move((*deleted)->identity);
  }
  if (!identity) return std::move(identity).error();
  events::Emitter emitter(log, clock, identity->medium, events::new_run_id(clock),
                          events::this_actor());
  StageContext context{log, emitter, clock, progress, cancelled};
  return Pipeline(context, request, std::move(*mapfile)).run(*identity);
}

}  // namespace ntt::stages
