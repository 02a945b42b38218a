// A log carried elsewhere record by record, salts included, and restored with the same root.
//
// Reading gives what the log keeps of an event that its readers do not need; restoring takes that
// back into a log that did not exist. Not thread-safe.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "events/envelope.h"
#include "events/log.h"

namespace ntt::events {

// All that is kept of one event.
struct WholeRecord {
  Envelope envelope;
  Salt data_salt{};
  Salt attachment_salt{};  // all zero: no attachment
  std::string data;
  std::string attachment;
};

class RecordReader {
 public:
  virtual ~RecordReader() = default;
  [[nodiscard]] virtual Result<std::string> log_id() const = 0;  // 32 hex digits
  // Fastest in order. Not thread-safe.
  virtual Result<WholeRecord> read(Sequence seq) = 0;
};

// Sees what the log held when it was opened. Errc::not_found when there is no log.
Result<std::unique_ptr<RecordReader>> open_record_reader(const std::filesystem::path& directory);

// A log that is being put back. It grows under a temporary name beside the directory and takes its
// name when it is whole; destroyed before that, nothing of it remains.
class LogRestore {
 public:
  virtual ~LogRestore() = default;

  // The next record. Errc::invalid: its number is not the next one, it was recorded before the one
  // in front of it, payload or attachment is not what its envelope says, a field is out of bounds,
  // or its id is in the log already.
  virtual Status add(const WholeRecord& record) = 0;

  // The restored log is in place, synced, when this returns. Errc::corruption: the records do not
  // end in this head. Errc::conflict: a log appeared in the directory meanwhile.
  virtual Status finish(const Head& expected) = 0;
};

// Errc::conflict: the directory holds a log with events, or something that is no log.
Result<std::unique_ptr<LogRestore>> begin_log_restore(const std::filesystem::path& directory,
                                                      const std::string& log_id);

}  // namespace ntt::events
