// Projector: brings the PostgreSQL tables up to the log. The only writer of every table.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "events/log.h"

namespace ntt::projector {

// What the tables lack because of an event that cannot be folded.
enum class Lacking : std::uint8_t {
  medium,   // its medium is stopped before it
  blobs,    // the blobs that the batch names, or its checks of them
  nothing,  // but its payload
};
std::string_view to_string(Lacking lacking);

// A row of the table `unfolded_event`.
struct UnfoldedEvent {
  events::Sequence seq;
  Lacking lacking = Lacking::medium;
  events::MediumId medium;  // the event's; empty: it has none
  std::string reason;       // in words; names the event
  bool operator==(const UnfoldedEvent&) const = default;
};

struct ProjectReport {
  events::Sequence from;                // position before
  events::Sequence to;                  // position now
  std::uint64_t rows = 0;               // inode and path rows written
  std::vector<UnfoldedEvent> unfolded;  // all that there are now, in order
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

  // Folds everything up to the log's head and commits it with its checkpoint. An event that cannot
  // be folded stops its own medium (partial_fold.h) and is named in the report; media that are
  // stopped are tried again each time. Errors: corruption (the log is damaged, or differs from the
  // checkpoint's root), invalid
  // (tables of another projection version), conflict (another projector is at work, or a reader
  // holds a partition: call again), unavailable (the server went away: call again), io.
  virtual events::Result<ProjectReport> catch_up(const events::Log& log,
                                                 const ProjectProgress& progress) = 0;

  // The position of the tables.
  virtual events::Result<events::Head> checkpoint() = 0;
};

}  // namespace ntt::projector
