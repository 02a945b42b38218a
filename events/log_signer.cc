// The rule that one key signs one history.

#include "events/log_signer.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "events/whole_file.h"

namespace ntt::events {

namespace fs = std::filesystem;

namespace {}  // namespace

Status check_contains(const Log& log, const CheckpointNote& checkpoint) {
  auto id = log.log_id();
  if (!id) return std::move(id).error();
  if (checkpoint.origin != origin_of(*id)) {
    return Error{Errc::corruption, "this log is " + origin_of(*id) + ", not " + checkpoint.origin};
  }
  auto head = log.head();
  if (!head) return std::move(head).error();
  const std::string size = std::to_string(checkpoint.size);
  if (head->seq.value < checkpoint.size) {
    return Error{Errc::corruption, "the log was cut short: it ends at event " +
                                       std::to_string(head->seq.value) + ", and had " + size};
  }
  auto root = log.root_at(checkpoint.size);
  if (!root) return std::move(root).error();
  if (*root == checkpoint.root) return {};
  return Error{Errc::corruption, "the log is not the one it was: an event among the first " + size +
                                     " was changed, removed or put in"};
}

Result<LogSigner> LogSigner::open(const Log& log, const fs::path& directory) {
  auto id = log.log_id();
  if (!id) return std::move(id).error();
  if (id->empty()) return Error{Errc::corruption, "the log has no id, so it can have no key"};
  auto key = load_or_make_key(directory, *id, origin_of(*id));
  if (!key) return std::move(key).error();
  return LogSigner(log, std::move(*key), directory / (*id + ".checkpoint"));
}

Result<SignedNote> LogSigner::sign(std::uint64_t size) const {
  const fs::path lock = fs::path(last_).replace_extension(".key");
  const int fd = ::open(lock.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || ::flock(fd, LOCK_EX) != 0) {
    const int number = errno;
    if (fd >= 0) ::close(fd);
    return errno_error("lock " + lock.string(), number);
  }
  auto note = sign_alone(size);
  ::close(fd);
  return note;
}

Result<SignedNote> LogSigner::sign_alone(std::uint64_t size) const {
  auto last = last_signed();
  if (!last) return std::move(last).error();
  if (*last) {
    if (auto same = check_contains(*log_, **last); !same) {
      return std::move(same).error().within("nothing is signed, for " + last_.string() +
                                            " holds a checkpoint of this log that it contradicts");
    }
  }
  auto root = log_->root_at(size);
  if (!root) return std::move(root).error();
  SignedNote note = sign_note(to_note_text({key_.name, size, *root, ""}), key_);
  if (*last && (*last)->size >= size) return note;
  auto kept = write_whole_file(last_, to_bytes(note), 0644, IfThere::replace);
  if (!kept) return std::move(kept).error();
  return note;
}

Result<std::optional<CheckpointNote>> LogSigner::last_signed() const {
  auto bytes = read_whole_file(last_, kNoteBytesMax);
  if (!bytes && bytes.error().code == Errc::not_found) return std::optional<CheckpointNote>{};
  if (!bytes) return std::move(bytes).error();
  auto note = parse_note(*bytes);
  if (!note) return std::move(note).error().within(last_.string());
  if (auto ours = verify_note(*note, key_.verifier()); !ours) {
    return Error{Errc::corruption, last_.string() + ": " + ours.error().message};
  }
  auto checkpoint = parse_checkpoint(*note);
  if (!checkpoint) return std::move(checkpoint).error().within(last_.string());
  return std::optional(std::move(*checkpoint));
}

}  // namespace ntt::events
