// Opening the log and the database, and finding a medium by its prefix.

#include "tools/ntt/context.h"

#include "events/bytes.h"
#include "events/rocks_log.h"
#include "projector/private_cluster.h"
#include "tools/ntt/messages.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::Log;
using events::MediumId;
using events::Result;

Result<std::unique_ptr<Log>> open_log_for_reading(const Settings& settings) {
  auto log = events::open_rocks_log_for_reading(settings.log_directory);
  if (!log && log.error().code == Errc::not_found) {
    return Error{Errc::not_found, "there is no log at " + settings.log_directory.string() +
                                      "; `ntt run --image FILE` begins one"};
  }
  return log;
}

Result<std::unique_ptr<Log>> open_log_for_writing(Context& context) {
  std::error_code failed;
  std::filesystem::create_directories(context.settings.log_directory.parent_path(), failed);
  if (failed) {
    return Error{Errc::io, "cannot make " + context.settings.log_directory.parent_path().string() +
                               ": " + failed.message() + "; set NTT_HOME or --home to a " +
                               "directory that you may write"};
  }
  return events::open_rocks_log({context.settings.log_directory, context.settings.lock_wait},
                                context.clock);
}

Result<std::string> owner_url(const Settings& settings) {
  if (!settings.db_url.empty()) return settings.db_url;
  projector::PrivateCluster cluster(settings.cluster_directory());
  if (auto running = cluster.ensure_running(); !running) return running.error();
  return cluster.owner_url();
}

Result<std::string> reader_url(const Settings& settings) {
  if (!settings.db_url.empty()) return settings.db_url;
  projector::PrivateCluster cluster(settings.cluster_directory());
  if (auto running = cluster.ensure_running(); !running) return running.error();
  return cluster.reader_url();
}

Result<std::vector<MediumId>> list_media(const Log& log) {
  return log.media("");
}

Result<MediumId> find_medium(const Log& log, const std::string& text) {
  auto media = log.media(text);
  if (!media) return std::move(media).error();
  const std::vector<MediumId>& candidates = *media;
  if (!candidates.empty() && candidates.front().text == text) return candidates.front();
  if (text.size() < 4) {
    return Error{Errc::invalid,
                 "'" + text + "' is too short to name a medium: give four characters or more"};
  }
  if (candidates.empty()) {
    return Error{Errc::not_found,
                 "no medium begins with '" + text + "'; `ntt status` lists the media"};
  }
  if (candidates.size() > 1) {
    std::string names;
    for (const MediumId& medium : candidates) names += "\n  " + medium.text;
    return Error{Errc::invalid, "'" + text + "' can mean any of these; give more of it:" + names};
  }
  return candidates.front();
}

events::Status check_text(const std::string& what, const std::string& text) {
  if (events::is_valid_utf8(text)) return {};
  return Error{Errc::invalid, what + " '" + events::escape_bytes(text) +
                                  "' is not UTF-8: write it in a terminal that uses UTF-8"};
}

int fail(const Error& error) {
  say_error(error.message);
  return kFailed;
}

int fail_usage(const std::string& message) {
  say_error(message);
  return kUsage;
}

}  // namespace ntt::tools
