// RocksLog is the Log kept in one RocksDB database.
//
// One process at a time may hold it for writing (a lock file names the holder); readers need no
// lock and see everything appended up to the moment they ask. Appends of concurrent threads share
// one synced write. After a failed write the log refuses all further appends.
//
// Format: see FORMAT.md.

#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "events/clock.h"
#include "events/log.h"

namespace ntt::events {

struct RocksLogOptions {
  std::filesystem::path directory;
  std::chrono::milliseconds lock_wait{10000};
};

// Creates the log when the directory does not exist. `clock` must outlive the log. Errors:
// unavailable (another process holds the lock; the message says who), corruption (the log is behind
// its head file or differs from it; it can still be opened for reading), invalid, io.
Result<std::unique_ptr<Log>> open_rocks_log(const RocksLogOptions& options, Clock& clock);

// Opens an existing log for reading; append() is refused. Errc::not_found when there is none.
Result<std::unique_ptr<Log>> open_rocks_log_for_reading(const std::filesystem::path& directory);

// Who holds the log for writing now: process, user, host, since when; empty: nobody.
std::string rocks_log_writer(const std::filesystem::path& directory);

}  // namespace ntt::events
