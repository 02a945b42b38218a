// Context: what every command is handed, and how commands reach the log and the database.

#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "events/clock.h"
#include "events/log.h"
#include "tools/ntt/command.h"
#include "tools/ntt/settings.h"

namespace ntt::tools {

struct Context {
  const Settings& settings;
  events::Clock& clock;
  const std::atomic<bool>& cancelled;     // SIGINT or SIGTERM came
  std::vector<std::string> command_line;  // as it was typed
};

// Errc::not_found says how a log comes into being.
events::Result<std::unique_ptr<events::Log>> open_log_for_reading(const Settings& settings);
// Waits settings.lock_wait for another writer; Errc::unavailable then says who it is.
events::Result<std::unique_ptr<events::Log>> open_log_for_writing(Context& context);

// The connection string of the tables' owner, or of the reader, who may only SELECT. Starts the
// private cluster when no other database is set.
events::Result<std::string> owner_url(const Settings& settings);
events::Result<std::string> reader_url(const Settings& settings);

// The medium meant by its id or by an unambiguous prefix of four or more characters. Errors:
// not_found, invalid (too short, or ambiguous: the candidates are named).
events::Result<events::MediumId> find_medium(const events::Log& log, const std::string& text);

// Every medium of the log, sorted.
events::Result<std::vector<events::MediumId>> list_media(const events::Log& log);

// Errc::invalid unless what a person wrote is UTF-8: other bytes would be kept as escapes, which a
// person may write, too.
events::Status check_text(const std::string& what, const std::string& text);

// Says what went wrong on standard error and gives the exit code for it.
int fail(const events::Error& error);
int fail_usage(const std::string& message);

}  // namespace ntt::tools
