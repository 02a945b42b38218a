// archive: write under a temporary name, read back, compare, and only then publish and say so.

#include "stages/archive.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include "stages/archive_file.h"
#include "stages/file_descriptor.h"
#include "stages/file_write.h"
#include "stages/history.h"

namespace ntt::stages {

using events::ArchiveMember;
using events::ArchiveSuccess;
using events::Errc;
using events::errno_error;
using events::Error;
using events::Sequence;

namespace {

std::string base_name(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

std::optional<std::uint64_t> file_size(const std::string& path) {
  struct stat facts {};
  if (path.empty() || ::stat(path.c_str(), &facts) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(facts.st_size);
}

bool is_imaged(const std::string& kind) {
  return kind == "image" || kind == "device";
}

// Every member of `wanted` is in `found` with the same size and content.
bool holds(const std::vector<ArchiveMember>& found, const std::vector<ArchiveMember>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&found](const ArchiveMember& member) {
    return std::count(found.begin(), found.end(), member) == 1;
  });
}

// Why the attempt cannot succeed: a short word and a message.
struct Failure {
  std::string word;
  std::string message;
};

class ArchiveRun {
 public:
  ArchiveRun(StageContext& context, const ArchiveRequest& request);
  Result<StageReport> run();

 private:
  Result<StageReport> skip(std::string reason, std::string message, Sequence done_by);
  Result<StageReport> fail(const Failure& failure);
  Result<StageReport> succeed(const ArchiveContents& contents, const events::Sha256Digest& sha256,
                              const std::string& how);
  std::optional<Failure> differs_from_recorded(const ArchiveSuccess& recorded);
  Result<StageReport> adopt();
  Result<StageReport> make();
  Result<ArchiveContents> write(int fd, Failure& failure);
  std::optional<Failure> check(const ArchiveContents& written);
  std::optional<Failure> publish(int fd);
  FileDescriptor open_temporary(Failure& failure);
  ArchiveProgress progress(std::string what);
  [[nodiscard]] bool cancelled() const { return context_.cancelled.load(); }
  Result<StageReport> stop_or_fail(const Failure& failure);

  StageContext& context_;
  const ArchiveRequest& request_;
  std::vector<ArchiveInput> inputs_;  // the image first
  std::uint64_t input_bytes_ = 0;
  std::string path_;
  std::string temporary_;
  Sequence start_;
};

ArchiveRun::ArchiveRun(StageContext& context, const ArchiveRequest& request)
    : context_(context),
      request_(request),
      path_(request.archive_root + "/" + context.emitter.medium().text + ".tar.zst") {
  temporary_ = request.archive_root + "/." + context.emitter.medium().text + ".tar.zst.tmp";
  for (const std::string& path : {request.image_path, request.mapfile_path}) {
    if (const auto size = file_size(path)) {
      inputs_.push_back({path, base_name(path)});
      input_bytes_ += *size;
    }
  }
}

ArchiveProgress ArchiveRun::progress(std::string what) {
  return [this, what = std::move(what)](std::uint64_t bytes) {
    context_.progress.update("archive", what, 0, 0, bytes, input_bytes_);
    return !cancelled();
  };
}

Result<StageReport> ArchiveRun::run() {
  if (!is_imaged(request_.source.kind)) {
    return skip("no_image", "a " + request_.source.kind + " has no image to archive", {});
  }
  auto history = read_history(context_.log, context_.emitter.medium());
  if (!history) return std::move(history).error();
  const auto present = file_size(path_);
  std::optional<Failure> conflict;
  if (present && history->archived && history->archived->payload.path.bytes == path_) {
    conflict = differs_from_recorded(history->archived->payload);
    if (!conflict) return skip("already_done", path_ + " is there", history->archived->seq);
  }
  events::ArchiveStart start;
  start.image_path = {request_.image_path};
  start.archive_path = {path_};
  auto started = context_.emitter.emit(start);
  if (!started) return std::move(started).error();
  start_ = *started;
  if (conflict) return fail(*conflict);
  if (inputs_.empty() || inputs_[0].path != request_.image_path) {
    return fail({"no_image", "image " + request_.image_path + " is not there"});
  }
  return present ? adopt() : make();
}

Result<StageReport> ArchiveRun::skip(std::string reason, std::string message, Sequence done_by) {
  events::ArchiveSkip skipped;
  skipped.reason = std::move(reason);
  skipped.message = std::move(message);
  skipped.done_by = done_by.value;
  auto seq = context_.emitter.emit(skipped);
  if (!seq) return std::move(seq).error();
  return StageReport{StageOutcome::skip, skipped.message, *seq};
}

Result<StageReport> ArchiveRun::fail(const Failure& failure) {
  events::ArchiveError error;
  error.error = failure.word;
  error.message = failure.message;
  auto seq = context_.emitter.emit(error, start_);
  if (!seq) return std::move(seq).error();
  return StageReport{StageOutcome::error, error.message, *seq};
}

Result<StageReport> ArchiveRun::stop_or_fail(const Failure& failure) {
  if (!cancelled()) return fail(failure);
  return StageReport{StageOutcome::interrupted, "interrupted; the next run begins it anew", {}};
}

Result<StageReport> ArchiveRun::succeed(const ArchiveContents& contents,
                                        const events::Sha256Digest& sha256,
                                        const std::string& how) {
  const auto image =
      std::find_if(contents.members.begin(), contents.members.end(),
                   [this](const ArchiveMember& m) { return m.name.bytes == inputs_[0].name; });
  CHECK(image != contents.members.end());
  ArchiveSuccess success;
  success.path = {path_};
  success.bytes = contents.bytes;
  success.blake3 = contents.digest.hex();
  success.image_bytes = image->size;
  success.image_blake3 = image->blake3;
  success.image_sha256 = sha256.hex();
  success.members = contents.members;
  auto seq = context_.emitter.emit(success, start_);
  if (!seq) return std::move(seq).error();
  return StageReport{StageOutcome::success,
                     how + path_ + ", " + std::to_string(contents.bytes) + " bytes for " +
                         std::to_string(input_bytes_),
                     *seq};
}

// Cheap on purpose, for it runs each time: sizes, and the mapfile's content, which changes with
// every rescue. verify reads the archive itself.
std::optional<Failure> ArchiveRun::differs_from_recorded(const ArchiveSuccess& recorded) {
  const std::string advice = "; move it away to have the archive made again";
  if (file_size(path_) != recorded.bytes) {
    return Failure{"archive_differs",
                   path_ + " is not of the size that the log has for it" + advice};
  }
  if (inputs_.empty()) return std::nullopt;  // the image may be gone once it is archived
  for (const ArchiveInput& input : inputs_) {
    const bool is_image = input.path == request_.image_path;
    // By content, not by name: a renamed image is the same image.
    bool same = false;
    if (is_image) {
      same = !recorded.members.empty() && file_size(input.path) == recorded.members.front().size;
    } else if (auto now = digest_file(input, progress("reading the mapfile")); now) {
      same = std::any_of(recorded.members.begin(), recorded.members.end(),
                         [&](const ArchiveMember& m) { return m.blake3 == now->member.blake3; });
    }
    if (!same) {
      return Failure{"archive_outdated",
                     input.path + " is not what " + path_ + " was made of" + advice};
    }
  }
  return std::nullopt;
}

// An archive that the log does not know is never overwritten; it is taken for this medium's when it
// holds the same bytes.
Result<StageReport> ArchiveRun::adopt() {
  const Failure foreign{"archive_exists", path_ +
                                              " is there, is not in the log, and does not hold " +
                                              request_.image_path + " as it is; move it away"};
  auto contents = read_archive(path_, progress("reading the archive found"));
  if (!contents) {
    return stop_or_fail({foreign.word, foreign.message + " (" + contents.error().message + ")"});
  }
  std::vector<ArchiveMember> wanted;
  events::Sha256Digest sha256;
  for (const ArchiveInput& input : inputs_) {
    auto digested = digest_file(input, progress("reading " + input.name));
    if (!digested) return stop_or_fail({"image_unreadable", digested.error().message});
    if (wanted.empty()) sha256 = digested->sha256;
    wanted.push_back(std::move(digested->member));
  }
  if (!holds(contents->members, wanted)) return fail(foreign);
  return succeed(*contents, sha256, "found ");
}

Result<StageReport> ArchiveRun::make() {
  if (auto made = make_directories(request_.archive_root); !made) {
    return fail({"archive_root", made.error().message});
  }
  Failure failure;
  FileDescriptor fd = open_temporary(failure);
  if (!fd.is_open()) return fail(failure);
  auto written = write(fd.get(), failure);
  std::optional<Failure> problem;
  if (!written) {
    problem = failure;
  } else {
    problem = check(*written);
    if (!problem) problem = publish(fd.get());
  }
  if (problem) {
    ::unlink(temporary_.c_str());
    return stop_or_fail(*problem);
  }
  return succeed(*written, written->first_sha256, "");
}

// A dead process may have left the file: then it is emptied. Its lock tells who is at work on it.
FileDescriptor ArchiveRun::open_temporary(Failure& failure) {
  FileDescriptor fd(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat mine {};
  struct stat named {};
  if (!fd.is_open() || ::fstat(fd.get(), &mine) != 0) {
    const int error_number = errno;
    failure = {write_failure_word(error_number),
               errno_error("create " + temporary_, error_number).message +
                   write_failure_advice(error_number)};
    return {};
  }
  // Once the other process has published it, the file has its final name and is not ours to empty.
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 || ::stat(temporary_.c_str(), &named) != 0 ||
      mine.st_ino != named.st_ino || ::ftruncate(fd.get(), 0) != 0) {
    failure = {"archive_busy", "another process is writing " + path_};
    return {};
  }
  return fd;
}

// The archive's bytes are on the disk when this returns.
Result<ArchiveContents> ArchiveRun::write(int fd, Failure& failure) {
  int write_errno = 0;
  auto written = write_archive(fd, inputs_, progress("writing"), &write_errno);
  if (!written) {
    failure = {write_errno != 0 ? write_failure_word(write_errno) : "image_unreadable",
               path_ + ": " + written.error().message + write_failure_advice(write_errno)};
    return written;
  }
  if (::fsync(fd) != 0) {
    const int error_number = errno;
    failure = {write_failure_word(error_number),
               errno_error("sync " + temporary_, error_number).message};
    return Error{Errc::io, failure.message};
  }
  return written;
}

std::optional<Failure> ArchiveRun::check(const ArchiveContents& written) {
  const std::string what = path_ + " read back differs from what was written";
  auto found = read_archive(temporary_, progress("reading back"));
  if (!found) return Failure{"archive_damaged", what + ": " + found.error().message};
  if (found->members != written.members || found->bytes != written.bytes ||
      found->digest != written.digest) {
    return Failure{"archive_damaged", what};
  }
  return std::nullopt;
}

std::optional<Failure> ArchiveRun::publish(int fd) {
  if (::fchmod(fd, 0444) != 0) {
    return Failure{"store_io", errno_error("chmod " + temporary_, errno).message};
  }
  int error_number = rename_no_replace(AT_FDCWD, temporary_, AT_FDCWD, path_);
  if (error_number == EEXIST) {
    return Failure{"archive_exists", path_ + " was made by someone else meanwhile"};
  }
  if (error_number == 0) error_number = sync_directory(request_.archive_root);
  if (error_number == 0) return std::nullopt;
  return Failure{write_failure_word(error_number),
                 errno_error("publish " + path_, error_number).message};
}

}  // namespace

Result<StageReport> run_archive(StageContext& context, const ArchiveRequest& request) {
  return ArchiveRun(context, request).run();
}

}  // namespace ntt::stages
