// Each medium's recorded files, then what else lies among the archives.

#include "tools/ntt/reconcile_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "stages/directory_listing.h"
#include "stages/file_descriptor.h"
#include "tools/ntt/context.h"
#include "tools/ntt/file_check.h"
#include "tools/ntt/media.h"
#include "tools/ntt/recorded_files.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::MediumId;
using events::Result;
using events::Sequence;
using events::Status;

namespace {

using Kind = DiscrepancyKind;

constexpr const char* kArchiveEnd = ".tar.zst";
constexpr const char* kTemporaryArchiveEnd = ".tar.zst.tmp";
constexpr std::size_t kArchiveReadBytes = 1U << 20U;

// Whether a process is writing the file: it holds its lock.
bool is_being_written(const std::string& path) {
  const stages::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return file.is_open() && ::flock(file.get(), LOCK_SH | LOCK_NB) != 0;
}

std::optional<std::uint64_t> size_of(const std::string& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(facts.st_size);
}

Kind archive_kind(const FileProblem& problem) {
  switch (problem.kind) {
    case FileProblem::Kind::missing:
      return Kind::archive_missing;
    case FileProblem::Kind::size:
      return Kind::archive_size;
    case FileProblem::Kind::content:
      return Kind::archive_content;
    default:
      return Kind::archive_unreadable;
  }
}

// What the log says of one path among the archives.
struct KnownArchive {
  std::string medium;
  bool is_current = false;
  Sequence seq;  // that made it current, or that says it is not any more
};

class FileReconciler {
 public:
  FileReconciler(const events::Log& log, const FileRequest& request, stages::Progress& progress,
                 const std::atomic<bool>& cancelled, const TellDiscrepancy& tell)
      : log_(log),
        request_(request),
        progress_(progress),
        cancelled_(cancelled),
        tell_(tell),
        buffer_(request.rehash ? kArchiveReadBytes : 0) {}

  Result<FileCounts> run();

 private:
  Status check_medium(const MediumId& medium);
  bool check_archive(const std::string& medium, const RecordedArchive& archive);
  void check_source(const std::string& medium, const RecordedSource& source, bool is_archived);
  Status check_root();
  void check_found(const std::string& name);
  void tell(Kind kind, std::string path, std::string message, std::string medium, Sequence event,
            std::optional<std::uint64_t> recorded, std::optional<std::uint64_t> found) const {
    tell_(
        {kind, std::move(path), std::move(message), std::move(medium), {}, event, recorded, found});
  }
  // As paths are compared: without a slash too many.
  static std::string normal(const std::string& path) {
    return std::filesystem::path(path).lexically_normal().string();
  }

  const events::Log& log_;
  const FileRequest& request_;
  stages::Progress& progress_;
  const std::atomic<bool>& cancelled_;
  const TellDiscrepancy& tell_;
  FileCounts counts_;
  std::vector<MediumId> media_;
  std::map<std::string, KnownArchive> known_;         // by path
  std::map<std::string, std::string> current_paths_;  // by medium
  std::vector<char> buffer_;
};

// Whether it is there and of the recorded size.
bool FileReconciler::check_archive(const std::string& medium, const RecordedArchive& archive) {
  counts_.archives += 1;
  const std::string path = normal(archive.path);
  known_[path] = {medium, true, archive.seq};
  current_paths_[medium] = path;
  const auto found = size_of(path);
  // An imported line may not know the size; then the file's own will do.
  const std::uint64_t recorded = archive.bytes != 0 ? archive.bytes : found.value_or(0);
  const auto is_known = archive.bytes != 0 ? std::optional(archive.bytes) : std::nullopt;
  FileProblem problem = check_file(path, recorded);
  const bool is_there = !problem;
  if (!problem && request_.rehash && !archive.blake3.empty()) {
    problem = check_content(path, archive.blake3, buffer_, [&](std::uint64_t bytes) {
      progress_.update("reconcile", "archives", counts_.archives, 0, bytes, recorded);
      return !cancelled_.load();
    });
  }
  if (problem) {
    tell(archive_kind(problem), path, problem.message, medium, archive.seq, is_known, found);
  }
  return is_there;
}

void FileReconciler::check_source(const std::string& medium, const RecordedSource& source,
                                  bool is_archived) {
  counts_.sources += 1;
  struct stat facts {};
  const int error = ::stat(source.path.c_str(), &facts) == 0 ? 0 : errno;
  if (error == 0) {
    const auto found = static_cast<std::uint64_t>(facts.st_size);
    if (!S_ISREG(facts.st_mode) || !source.size) return;  // a link to a device, or size unknown
    const FileProblem problem = check_size(found, *source.size);
    if (!problem) return;
    tell(Kind::source_size, source.path, problem.message, medium, source.seq, source.size, found);
    return;
  }
  const FileProblem problem = problem_of_errno(error);
  const bool gone = problem.kind == FileProblem::Kind::missing;
  const bool is_raw = source.kind == "raw";
  const std::string kept = is_raw ? "; its entries are in the log" : "; it is archived";
  const bool is_kept = gone && (is_raw ? source.has_entries : is_archived);
  tell(is_kept ? Kind::source_kept_elsewhere : Kind::source_missing, source.path,
       problem.message + (is_kept ? kept : ""), medium, source.seq, source.size, {});
}

Status FileReconciler::check_medium(const MediumId& medium) {
  auto events = read_medium_events(log_, medium);
  if (!events) return std::move(events).error();
  auto files = recorded_files(*events);
  counts_.media += 1;
  if (!files && files.error().code != Errc::corruption) return std::move(files).error();
  if (!files) {
    tell_(unreadable_event({files.error().event}, medium.text, files.error().message));
    return {};
  }
  for (const auto& [path, seq] : files->former_archives) {
    known_.try_emplace(normal(path), KnownArchive{medium.text, false, seq});
  }
  bool is_archived = false;
  // An imported line may say that an archive was made and not where: nothing to compare.
  if (files->archive && !files->archive->path.empty()) {
    is_archived = check_archive(medium.text, *files->archive);
  }
  if (files->source) check_source(medium.text, *files->source, is_archived);
  return {};
}

// One name in the root: an archive's, or that of one being written.
void FileReconciler::check_found(const std::string& name) {
  const std::string path = normal(request_.archive_root + "/" + name);
  if (name.starts_with('.') && name.ends_with(kTemporaryArchiveEnd)) {
    if (!is_being_written(path)) {
      tell(Kind::archive_temporary, path, "was left by a process that died", "", {}, {},
           size_of(path));
    }
    return;
  }
  if (!name.ends_with(kArchiveEnd)) return;
  const auto known = known_.find(path);
  if (known != known_.end() && known->second.is_current) return;
  if (known != known_.end()) {
    tell(Kind::archive_superseded, path,
         "is not the archive any more: event " + std::to_string(known->second.seq.value) +
             " says so",
         known->second.medium, known->second.seq, {}, size_of(path));
    return;
  }
  const MediumId medium{name.substr(0, name.size() - std::string_view(kArchiveEnd).size())};
  if (!std::binary_search(media_.begin(), media_.end(), medium)) {
    tell(Kind::archive_of_no_medium, path, "is named for a medium that the log does not have", "",
         {}, {}, size_of(path));
    return;
  }
  const auto current = current_paths_.find(medium.text);
  const bool elsewhere = current != current_paths_.end();
  tell(elsewhere ? Kind::archive_superseded : Kind::archive_unrecorded, path,
       elsewhere ? "is not the one that the log has: " + current->second
                 : "is in no event that counts",
       medium.text, elsewhere ? known_[current->second].seq : Sequence{}, {}, size_of(path));
}

Status FileReconciler::check_root() {
  const stages::FileDescriptor root(
      ::open(request_.archive_root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::string what = "archives in " + request_.archive_root;
  if (!root.is_open()) return errno == ENOENT ? Status() : events::errno_error(what, errno);
  stages::DirectoryListing listing;
  if (const int error = listing.read(root.get()); error != 0) {
    return events::errno_error(what, error);
  }
  for (const stages::ListedName& name : listing.names()) {
    check_found(std::string(listing.text(name), name.length));
  }
  return {};
}

Result<FileCounts> FileReconciler::run() {
  auto media = list_media(log_);
  if (!media) return std::move(media).error();
  media_ = std::move(*media);
  std::sort(media_.begin(), media_.end());
  for (const MediumId& medium : media_) {
    if (cancelled_.load()) return Error{Errc::unavailable, "interrupted"};
    progress_.update("reconcile", "media", counts_.media, media_.size(), 0, 0);
    if (auto checked = check_medium(medium); !checked) return std::move(checked).error();
  }
  if (auto checked = check_root(); !checked) return std::move(checked).error();
  if (cancelled_.load()) return Error{Errc::unavailable, "interrupted"};
  return counts_;
}

}  // namespace

Result<FileCounts> reconcile_files(const events::Log& log, const FileRequest& request,
                                   stages::Progress& progress, const std::atomic<bool>& cancelled,
                                   const TellDiscrepancy& tell) {
  return FileReconciler(log, request, progress, cancelled, tell).run();
}

}  // namespace ntt::tools
