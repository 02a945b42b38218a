// Projector: brings the PostgreSQL tables up to the log. The only writer of every table.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "events/log.h"

namespace ntt::projector {

struct ProjectReport {
  events::Sequence from;   // position before
  events::Sequence to;     // position now
  std::uint64_t rows = 0;  // inode and path rows written
};

using ProjectProgress =
    std::function<void(std::string_view what, std::uint64_t done, std::uint64_t total)>;

// Not thread-safe; one connection.
class Projector {
 public:
  // Connects, creates schema `ntt` and the roles on first use, checks the schema version. Errors:
  // unavailable (no server; the message says what to do), invalid (tables of another schema
  // version).
  static events::Result<std::unique_ptr<Projector>> connect(const std::string& owner_url);
  virtual ~Projector() = default;

  // Folds everything up to the log's head and commits it with its checkpoint. Errors: corruption
  // (the log differs from the checkpoint's root, or an event cannot be folded: named), invalid
  // (tables of another projection version), conflict (another projector is at work, or a reader
  // holds a partition: call again), unavailable (the server went away: call again), io.
  virtual events::Result<ProjectReport> catch_up(const events::Log& log,
                                                 const ProjectProgress& progress) = 0;

  // The position of the tables.
  virtual events::Result<events::Head> checkpoint() = 0;
};

}  // namespace ntt::projector
