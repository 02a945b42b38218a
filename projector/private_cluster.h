// PrivateCluster: the PostgreSQL server that ntt runs for itself when NTT_DB_URL is not set.
//
// It lives under one directory, listens on a Unix socket only, and is started on demand. PostgreSQL
// refuses to run as root: for root it runs as the system user `postgres`, who then owns the
// directory.

#pragma once

#include <filesystem>
#include <string>

#include "events/result.h"

namespace ntt::projector {

class PrivateCluster {
 public:
  explicit PrivateCluster(std::filesystem::path directory);

  // Makes the cluster on first use and starts it if it does not run. Safe to call from several
  // processes at once. Errors: not_found (PostgreSQL's programs are not installed), unavailable (it
  // does not start; the message quotes the end of its log), io.
  events::Status ensure_running();
  events::Status stop();
  [[nodiscard]] bool is_running() const;

  // Connection strings (URI form): of the owner, who writes, and of the reader, who may only
  // SELECT.
  [[nodiscard]] std::string owner_url() const;
  [[nodiscard]] std::string reader_url() const;

 private:
  std::filesystem::path directory_;
};

}  // namespace ntt::projector
