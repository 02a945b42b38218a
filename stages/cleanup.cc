// The image goes first, then its mapfile: an image without the mapfile that explains its zeros
// could be read as if they were the medium's.

#include "stages/cleanup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "events/bytes.h"
#include "stages/archive_file.h"
#include "stages/cleanup_gate.h"
#include "stages/file_descriptor.h"
#include "stages/file_digest.h"
#include "stages/history.h"
#include "stages/verify.h"

namespace ntt::stages {

using events::ArchiveSuccess;
using events::MediumId;
using events::Sequence;

namespace {

constexpr std::size_t kDigestBytes = 1U << 20U;

// What tells a file from another one, and from itself after a change.
struct FileState {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t modified = 0;  // nanoseconds
  std::int64_t changed = 0;
  bool operator==(const FileState&) const = default;
};

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

FileState state_in(const struct stat& facts) {
  return {facts.st_dev, facts.st_ino, facts.st_size, nanoseconds(facts.st_mtim),
          nanoseconds(facts.st_ctim)};
}

// The directory of a path, held open, and the name in it.
struct Place {
  FileDescriptor directory;
  std::string name;
};

Place place_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == 0 ? "/" : path.substr(0, slash);
  return {FileDescriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
          path.substr(slash + 1)};
}

std::string words_for_mode(mode_t mode) {
  if (S_ISLNK(mode)) return "it is a symbolic link";
  if (S_ISDIR(mode)) return "it is a directory";
  if (S_ISBLK(mode) || S_ISCHR(mode)) return "it is a device";
  return S_ISREG(mode) ? "" : "it is no regular file";
}

// An interrupted deletion that no later one has made good.
bool is_unfinished(const History& history, const Recorded<events::CleanupStart>& start) {
  return std::none_of(history.deleted.begin(), history.deleted.end(), [&start](const auto& done) {
    return done.seq > start.seq && done.payload.path == start.payload.path;
  });
}

// -- What may go, by log and names ----------------------------------------------------------------

class CleanupPlan {
 public:
  CleanupPlan(const History& history, const MediumId& medium, const NamedFiles& named)
      : history_(history), medium_(medium), named_(named) {}

  std::vector<CleanupCandidate> make();

 private:
  void add(std::string kind, const std::string& path, CleanupVerdict verdict);
  void look_at(CleanupCandidate& candidate) const;
  [[nodiscard]] std::string absence_of(const std::string& path) const;
  void add_images();
  void add_source();
  void add_archives();

  const History& history_;
  const MediumId& medium_;
  const NamedFiles& named_;
  std::vector<CleanupCandidate> candidates_;
};

// In words, why a file is not there.
std::string CleanupPlan::absence_of(const std::string& path) const {
  for (const auto& start : history_.open_cleanups) {
    if (start.payload.path.bytes != path || !is_unfinished(history_, start)) continue;
    return "it is gone, and its deletion (event " + std::to_string(start.seq.value) +
           ") has no end: with --yes it gets one";
  }
  std::string why = "it is not there";
  for (const auto& done : history_.deleted) {
    if (done.payload.path.bytes != path) continue;
    why = "it was deleted (event " + std::to_string(done.seq.value) + ")";
  }
  return why;
}

// What the disk has against it, without reading contents.
void CleanupPlan::look_at(CleanupCandidate& candidate) const {
  struct stat facts {};
  std::string against;
  if (!candidate.path.starts_with('/')) {
    against = "its path is not absolute";
  } else if (::lstat(candidate.path.c_str(), &facts) != 0) {
    against = errno == ENOENT || errno == ENOTDIR
                  ? absence_of(candidate.path)
                  : events::errno_error("it cannot be examined", errno).message;
  } else {
    candidate.bytes = static_cast<std::uint64_t>(facts.st_size);
    against = words_for_mode(facts.st_mode);
    if (!against.empty()) candidate.bytes.reset();
  }
  if (const std::string other = named_.other_owner(medium_, candidate.path);
      against.empty() && !other.empty()) {
    against = "medium " + other + " names it, too";
  }
  if (against.empty()) return;
  candidate.why = candidate.may || !candidate.bytes ? against : candidate.why + "; " + against;
  candidate.may = false;
  candidate.evidence.clear();
}

void CleanupPlan::add(std::string kind, const std::string& path, CleanupVerdict verdict) {
  CleanupCandidate candidate;
  candidate.kind = std::move(kind);
  candidate.path = path;
  candidate.may = verdict.may;
  candidate.why = std::move(verdict.why);
  candidate.evidence = std::move(verdict.evidence);
  look_at(candidate);
  candidates_.push_back(std::move(candidate));
}

void CleanupPlan::add_images() {
  std::set<std::string> paths;
  if (history_.identified && history_.identified->payload.source.kind == "image") {
    paths.insert(history_.identified->payload.source.path.bytes);
  }
  if (history_.image) paths.insert(history_.image->payload.image_path.bytes);
  if (history_.legacy) paths.insert(legacy_image_path(history_.legacy->payload));
  paths.erase("");
  for (const std::string& path : paths) add("image", path, may_delete_image(history_));
  const bool stays = std::any_of(candidates_.begin(), candidates_.end(),
                                 [](const auto& image) { return image.bytes && !image.may; });
  if (history_.mapfile && !history_.mapfile->payload.path.bytes.empty()) {
    add("mapfile", history_.mapfile->payload.path.bytes, may_delete_mapfile(history_, stays));
  }
}

void CleanupPlan::add_source() {
  if (!history_.identified) return;
  const events::SourceInfo& source = history_.identified->payload.source;
  if (source.kind == "raw") add("raw", source.path.bytes, may_delete_raw(history_));
  if (source.kind != "device" && source.kind != "directory") return;
  CleanupCandidate candidate;
  candidate.kind = "source";
  candidate.path = source.path.bytes;
  candidate.why = "a " + source.kind + " is never deleted";
  candidates_.push_back(std::move(candidate));
}

// Of archives at one path only the last one can be there.
void CleanupPlan::add_archives() {
  std::set<std::string> seen;
  for (auto archive = history_.archives.rbegin(); archive != history_.archives.rend(); ++archive) {
    const std::string& path = archive->payload.path.bytes;
    if (path.empty() || !seen.insert(path).second) continue;
    add("archive", path, may_delete_archive(history_, *archive));
  }
}

std::vector<CleanupCandidate> CleanupPlan::make() {
  add_images();
  add_source();
  add_archives();
  if (history_.generations > 1) {
    CleanupCandidate candidate;
    candidate.kind = "generation";
    candidate.why = std::to_string(history_.generations - 1) +
                    " earlier generations stay: nothing of the log is ever deleted, nor a blob "
                    "that only they name";
    candidates_.push_back(std::move(candidate));
  }
  return std::move(candidates_);
}

// -- Deleting -------------------------------------------------------------------------------------

class CleanupRun {
 public:
  CleanupRun(StageContext& context, const NamedFiles& named, const CleanupRequest& request)
      : context_(context), named_(named), request_(request), buffer_(kDigestBytes) {}

  Result<std::vector<CleanupCandidate>> run();

 private:
  Status read_log();
  Result<std::optional<CleanupCandidate>> finish_begun(const Recorded<events::CleanupStart>& start);
  Status remove(CleanupCandidate& candidate);
  Result<std::string> prove();
  std::string reread_archive();
  [[nodiscard]] bool archive_is_as_read() const;
  std::string digest(const CleanupCandidate& candidate, events::Blake3Digest& found);
  [[nodiscard]] std::string compare(const CleanupCandidate& candidate,
                                    const std::string& blake3) const;
  [[nodiscard]] CleanupVerdict decide(const CleanupCandidate& candidate) const;
  Status unlink(CleanupCandidate& candidate, const Place& place, const FileState& state,
                const std::string& blake3);
  void refuse(CleanupCandidate& candidate, std::string why) const;

  StageContext& context_;
  const NamedFiles& named_;
  const CleanupRequest& request_;
  std::vector<char> buffer_;
  History history_;
  std::optional<std::string> proof_;  // "": log and disk agree; else why they do not
  FileState archive_state_;           // as it was when it was read again
};

Status CleanupRun::read_log() {
  auto history = read_history(context_.log, context_.emitter.medium());
  if (!history) return std::move(history).error();
  history_ = std::move(*history);
  return {};
}

void CleanupRun::refuse(CleanupCandidate& candidate, std::string why) const {
  candidate.may = false;
  candidate.outcome = context_.cancelled.load() ? "interrupted" : "refused";
  candidate.why = context_.cancelled.load() ? "interrupted before it was deleted" : std::move(why);
  candidate.evidence.clear();
}

// A start without an end whose file is gone: it was deleted, and the process died before it said
// so. A directory that is not there says nothing of the file.
Result<std::optional<CleanupCandidate>> CleanupRun::finish_begun(
    const Recorded<events::CleanupStart>& start) {
  const events::CleanupStart& begun = start.payload;
  const Place place = place_of(begun.path.bytes);
  struct stat facts {};
  const bool is_gone =
      place.directory.is_open() &&
      ::fstatat(place.directory.get(), place.name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0 &&
      errno == ENOENT && ::fsync(place.directory.get()) == 0;
  if (!is_gone) return std::optional<CleanupCandidate>();
  events::CleanupDone done;
  done.kind = begun.kind;
  done.path = begun.path;
  done.bytes = begun.bytes;
  done.why = begun.why + "; it was gone when an interrupted deletion was finished";
  auto seq = context_.emitter.emit(done, start.seq);
  if (!seq) return std::move(seq).error();
  CleanupCandidate candidate;
  candidate.kind = begun.kind;
  candidate.path = begun.path.bytes;
  candidate.why = done.why;
  candidate.outcome = "gone";
  candidate.event = *seq;
  for (const std::uint64_t event : begun.evidence) candidate.evidence.push_back({event});
  return std::optional(std::move(candidate));
}

std::string CleanupRun::digest(const CleanupCandidate& candidate, events::Blake3Digest& found) {
  const FileDigest read = digest_of(candidate.path, buffer_, [&](std::uint64_t bytes) {
    context_.progress.update("cleanup", "reading the " + candidate.kind, 0, 0, bytes,
                             candidate.bytes.value_or(0));
    return !context_.cancelled.load();
  });
  found = read.digest;
  if (read.error_number == 0) return "";
  return events::errno_error("it cannot be read", read.error_number).message;
}

// Whether what was read now is what the archive has of it.
std::string CleanupRun::compare(const CleanupCandidate& candidate,
                                const std::string& blake3) const {
  const ArchiveSuccess& archive = history_.archived->payload;
  if (candidate.kind == "image") {
    const bool same = blake3 == archive.image_blake3 && candidate.bytes == archive.image_bytes;
    return same ? "" : "it is not the image that was archived: its BLAKE3 is " + blake3;
  }
  if (candidate.kind == "mapfile") {
    const bool same =
        std::any_of(archive.members.begin(), archive.members.end(),
                    [&blake3](const events::ArchiveMember& m) { return m.blake3 == blake3; });
    return same ? "" : "it is not the mapfile that was archived: its BLAKE3 is " + blake3;
  }
  for (const auto& earlier : history_.archives) {
    if (earlier.payload.path.bytes == candidate.path && earlier.payload.blake3 == blake3) return "";
  }
  return "it is not the archive that was written there: its BLAKE3 is " + blake3;
}

CleanupVerdict CleanupRun::decide(const CleanupCandidate& candidate) const {
  if (candidate.kind == "image") return may_delete_image(history_);
  if (candidate.kind == "mapfile") return may_delete_mapfile(history_, false);
  for (auto archive = history_.archives.rbegin(); archive != history_.archives.rend(); ++archive) {
    if (archive->payload.path.bytes == candidate.path) {
      return may_delete_archive(history_, *archive);
    }
  }
  return {};
}

// The archive as it lies on the disk, unpacked and compared member by member.
std::string CleanupRun::reread_archive() {
  const ArchiveSuccess& recorded = history_.archived->payload;
  const std::string& path = recorded.path.bytes;
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) {
    return events::errno_error("the archive " + path, errno).message;
  }
  if (const std::string odd = words_for_mode(facts.st_mode); !odd.empty()) {
    return "the archive " + path + ": " + odd;
  }
  archive_state_ = state_in(facts);
  auto read = read_archive(path, [this](std::uint64_t bytes) {
    context_.progress.update("cleanup", "reading the archive", 0, 0, bytes, 0);
    return !context_.cancelled.load();
  });
  if (!read) return read.error().message;
  const bool same = read->bytes == recorded.bytes && read->digest.hex() == recorded.blake3 &&
                    read->members == recorded.members;
  return same ? "" : "the archive " + path + " is not what was written";
}

bool CleanupRun::archive_is_as_read() const {
  struct stat facts {};
  return ::lstat(history_.archived->payload.path.bytes.c_str(), &facts) == 0 &&
         state_in(facts) == archive_state_;
}

// Every blob and the archive are read again, once a run, and what is found is recorded: the gate
// then asks the log anew.
Result<std::string> CleanupRun::prove() {
  if (proof_) return *proof_;
  VerifyRequest request;
  request.store = request_.store;
  request.temporary_directory = request_.temporary_directory;
  request.force = true;
  auto verified = run_verify(context_, request);
  if (!verified) return std::move(verified).error();
  if (auto read = read_log(); !read) return std::move(read).error();
  if (verified->outcome != StageOutcome::success || verified->found_damage) {
    proof_ = verified->message;
  } else {
    proof_ = reread_archive();
  }
  return *proof_;
}

Status CleanupRun::unlink(CleanupCandidate& candidate, const Place& place, const FileState& state,
                          const std::string& blake3) {
  events::CleanupStart start;
  start.kind = candidate.kind;
  start.path = {candidate.path};
  start.bytes = candidate.bytes.value_or(0);
  start.blake3 = blake3;
  start.why = candidate.why;
  for (const Sequence seq : candidate.evidence) start.evidence.push_back(seq.value);
  auto started = context_.emitter.emit(start);
  if (!started) return std::move(started).error();
  struct stat now {};
  std::string problem;
  if (::fstatat(place.directory.get(), place.name.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0 ||
      state_in(now) != state) {
    problem = "it changed while it was looked at";
  } else if (::unlinkat(place.directory.get(), place.name.c_str(), 0) != 0) {
    problem = events::errno_error("delete " + candidate.path, errno).message;
  } else if (::fsync(place.directory.get()) != 0) {
    problem = events::errno_error("sync the directory of " + candidate.path, errno).message;
  }
  Result<Sequence> ended = Sequence{};
  if (problem.empty()) {
    ended = context_.emitter.emit(
        events::CleanupDone{start.kind, start.path, start.bytes, start.why}, *started);
    candidate.outcome = "deleted";
  } else {
    ended = context_.emitter.emit(events::CleanupError{{"not_deleted", problem}}, *started);
    candidate.outcome = "failed";
    candidate.may = false;
    candidate.why = problem;
  }
  if (!ended) return std::move(ended).error();
  candidate.event = *ended;
  return {};
}

// Errors are those of the log.
Status CleanupRun::remove(CleanupCandidate& candidate) {
  const Place place = place_of(candidate.path);
  struct stat before {};
  if (!place.directory.is_open() ||
      ::fstatat(place.directory.get(), place.name.c_str(), &before, AT_SYMLINK_NOFOLLOW) != 0) {
    refuse(candidate, events::errno_error("it cannot be examined", errno).message);
    return {};
  }
  candidate.bytes = static_cast<std::uint64_t>(before.st_size);
  events::Blake3Digest content;
  std::string against = digest(candidate, content);
  if (against.empty()) against = compare(candidate, content.hex());
  if (against.empty()) {
    auto proof = prove();
    if (!proof) return std::move(proof).error();
    against = *proof;
  }
  if (against.empty() && !archive_is_as_read()) {
    against = "the archive changed since it was read again";
  }
  if (against.empty()) {
    const CleanupVerdict verdict = decide(candidate);
    candidate.why = verdict.why;
    candidate.evidence = verdict.evidence;
    if (!verdict.may) against = verdict.why;
  }
  if (!against.empty() || context_.cancelled.load()) {
    refuse(candidate, std::move(against));
    return {};
  }
  return unlink(candidate, place, state_in(before), content.hex());
}

Result<std::vector<CleanupCandidate>> CleanupRun::run() {
  if (auto read = read_log(); !read) return std::move(read).error();
  std::vector<CleanupCandidate> finished;
  const auto begun = history_.open_cleanups;
  for (const auto& start : begun) {
    if (!is_unfinished(history_, start)) continue;
    auto ended = finish_begun(start);
    if (!ended) return std::move(ended).error();
    if (*ended) finished.push_back(std::move(**ended));
  }
  if (auto read = read_log(); !read) return std::move(read).error();
  auto candidates = CleanupPlan(history_, context_.emitter.medium(), named_).make();
  bool image_stays = false;
  for (CleanupCandidate& candidate : candidates) {
    const auto same = std::find_if(finished.begin(), finished.end(), [&](const auto& each) {
      return each.path == candidate.path && !candidate.bytes;
    });
    if (same != finished.end()) candidate = *same;
    if (!candidate.may) continue;
    if (candidate.kind == "mapfile" && image_stays) {
      refuse(candidate, "the image that it belongs to was not deleted");
      continue;
    }
    if (auto removed = remove(candidate); !removed) return std::move(removed).error();
    if (candidate.kind == "image" && candidate.outcome != "deleted") image_stays = true;
  }
  return candidates;
}

}  // namespace

Result<std::vector<CleanupCandidate>> plan_cleanup(const events::Log& log, const MediumId& medium,
                                                   const NamedFiles& named) {
  auto history = read_history(log, medium);
  if (!history) return std::move(history).error();
  return CleanupPlan(*history, medium, named).make();
}

Result<std::vector<CleanupCandidate>> run_cleanup(StageContext& context, const NamedFiles& named,
                                                  const CleanupRequest& request) {
  return CleanupRun(context, named, request).run();
}

}  // namespace ntt::stages
