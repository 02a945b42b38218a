// LogSigner signs checkpoints of one log, and never two that contradict each other.
//
// Beside the key, STEM.checkpoint keeps the largest checkpoint that was signed. A log that does not
// contain it any more (cut short, replaced, restored from an old copy and continued) gets no
// signature: whoever held both could be shown two different histories under one name.
// Safe to use by several processes at the same time; not thread-safe.

#pragma once

#include "events/checkpoint_note.h"
#include "events/key_file.h"
#include "events/log.h"

namespace ntt::events {

class LogSigner {
 public:
  // The key of this log in `directory`, made on first use (key_file.h). `log` must outlive it.
  static Result<LogSigner> open(const Log& log, const std::filesystem::path& directory);

  [[nodiscard]] VerifierKey verifier() const { return key_.verifier(); }

  // A signed checkpoint over the first `size` events. Errors: not_found (the log has fewer),
  // corruption (the log contradicts an earlier checkpoint of this key), io.
  Result<SignedNote> sign(std::uint64_t size) const;

 private:
  LogSigner(const Log& log, SignerKey key, std::filesystem::path last)
      : log_(&log), key_(std::move(key)), last_(std::move(last)) {}
  [[nodiscard]] Result<std::optional<CheckpointNote>> last_signed() const;
  [[nodiscard]] Result<SignedNote> sign_alone(std::uint64_t size) const;

  const Log* log_;
  SignerKey key_;
  std::filesystem::path last_;  // the file of the largest checkpoint
};

// Whether the log begins with what the checkpoint saw. Errors: corruption (it is shorter or
// another; the message says which and where), and those of reading the log.
Status check_contains(const Log& log, const CheckpointNote& checkpoint);

}  // namespace ntt::events
