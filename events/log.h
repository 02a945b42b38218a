// Log: the append-only sequence of events, and the only truth of the program.
//
// Any number of threads may call any method. Nothing outside events/ knows what keeps the bytes.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "events/event.h"

namespace ntt::events {

struct Record;  // envelope.h

// Where the log stands: the witness that a projection keeps, to notice a log that was cut or
// replaced.
struct Head {
  Sequence seq;                // of the last event; 0 for an empty log
  Sha256Digest envelope_hash;  // leaf hash of that event; zero for an empty log
  Sha256Digest root;           // RFC 6962 tree head over all events
  bool operator==(const Head&) const = default;
};

struct AppendOptions {
  // The stream of expected_medium must end at expected_last (0: have no event), else
  // Errc::conflict.
  std::optional<MediumId> expected_medium;
  Sequence expected_last;
};

// What to read; every condition that is set must hold. Times are half-open: from <= t < until.
struct Filter {
  Sequence first{1};
  Sequence last{UINT64_MAX};
  std::optional<EventId> id;
  std::optional<MediumId> medium;
  std::string type_glob;           // fnmatch(3) pattern on the type; empty: any
  std::vector<std::string> types;  // one of these; empty: any
  std::optional<RunId> run;
  std::optional<Origin> origin;
  std::optional<Timestamp> occurred_from;
  std::optional<Timestamp> occurred_until;
  // False: without batches. They say nothing of a medium's state, are by far the most events of a
  // large one, and are passed over unread where `medium` is set.
  bool batches = true;
  std::optional<Timestamp> recorded_from;
  std::optional<Timestamp> recorded_until;
};

// What verify() found. `first_bad` names the first event that is not as it was appended.
struct VerifyReport {
  Head head;
  std::uint64_t checked = 0;
  std::optional<Sequence> first_bad;
  std::string problem;  // empty when all is well
  // Whether a head file was there to compare with: without one, events missing from the end of the
  // log would not be noticed.
  bool witnessed = false;
};

class Log {
 public:
  virtual ~Log() = default;

  // Adds the events in order, all or none, synced to the disk before it returns. An event whose id
  // is already in the log is not added again. Returns the sequence number of each (the first one's
  // for a repeated id). Errors: invalid (a field out of bounds), conflict (expected_last),
  // corruption (what the append has to look up is damaged) and io (from then on every append is
  // refused; reopen to learn what was stored).
  virtual Result<std::vector<Sequence>> append(std::span<const NewEvent> events,
                                               const AppendOptions& options) = 0;

  [[nodiscard]] virtual Result<Head> head() const = 0;

  // Tree head over the first `size` events. Errc::not_found beyond the end.
  [[nodiscard]] virtual Result<Sha256Digest> root_at(std::uint64_t size) const = 0;

  // The head as it was when `seq` was the last event. Errc::not_found beyond the end.
  [[nodiscard]] Result<Head> head_at(Sequence seq) const;

  // The log's name: 32 hex digits, given when the log was made. Copies of a log share it.
  [[nodiscard]] virtual Result<std::string> log_id() const = 0;

  // What proofs are made of (proof.h): the hash of one perfect subtree, and an event's bytes as
  // they were hashed. A log that stands in front of another hands these on as they are.
  [[nodiscard]] virtual Result<Sha256Digest> tree_node(unsigned level,
                                                       std::uint64_t index) const = 0;
  [[nodiscard]] virtual Result<Record> record(Sequence seq) const = 0;

  [[nodiscard]] virtual Result<Event> read(Sequence seq) const = 0;
  [[nodiscard]] virtual Result<std::string> attachment(Sequence seq) const = 0;

  // Calls `visit` with each matching event in sequence order until it returns false. Streams. Only
  // events that are in the indexes of medium, run and types alike are read, as far as the filter
  // has these conditions; times of occurrence serve where they are narrow; times of recording,
  // which never decrease, become a range of sequence numbers.
  virtual Status scan(const Filter& filter,
                      const std::function<bool(const Event&)>& visit) const = 0;

  // The media whose ids begin with `prefix`, in byte order. Takes as long as there are such media,
  // however many events they have.
  [[nodiscard]] virtual Result<std::vector<MediumId>> media(const std::string& prefix) const = 0;

  // Recomputes every digest and the tree from the stored bytes. `progress` may be empty.
  virtual Result<VerifyReport> verify(
      const std::function<void(std::uint64_t done, std::uint64_t total)>& progress) const = 0;

  // Waits until the log's last sequence number is above `after` or the time is over, and returns
  // the last sequence number then.
  [[nodiscard]] virtual Result<Sequence> wait_past(Sequence after,
                                                   std::chrono::milliseconds timeout) const = 0;

  // Appends one event.
  Result<Sequence> append_one(const NewEvent& event, const AppendOptions& options = {});
};

}  // namespace ntt::events
