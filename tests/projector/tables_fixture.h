// TablesTest: a log of the test's own, and tables in a cluster that the tests of one program share.

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "events/rocks_log.h"
#include "projector/private_cluster.h"
#include "projector/projector.h"
#include "tests/projector/story.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::tests {

inline const std::string kMedium = "0123456789abcdef0123456789abcdef";

// Initialised on first use and stopped when the program ends.
inline projector::PrivateCluster& shared_cluster() {
  struct Shared {
    TempDir directory;
    projector::PrivateCluster cluster{directory / "pg"};
    Shared() = default;
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared() { EXPECT_TRUE(cluster.stop()); }
  };
  static Shared shared;
  return shared.cluster;
}

class TablesTest : public testing::Test {
 protected:
  void SetUp() override {
    open_log("log");
    const auto started = cluster_.ensure_running();
    ASSERT_TRUE(started) << started.error().message;
    ask_as(cluster_.owner_url(), "DROP SCHEMA IF EXISTS ntt CASCADE");
    connect();
  }

  void open_log(std::string_view name) {
    log_.reset();
    auto log = events::open_rocks_log({directory_ / name}, clock_);
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
  }
  void connect() {
    auto projector = projector::Projector::connect(cluster_.owner_url());
    ASSERT_TRUE(projector) << projector.error().message;
    projector_ = std::move(*projector);
  }
  Story story(const std::string& medium = kMedium) { return {*log_, clock_, medium}; }

  void project() {
    auto report = projector_->catch_up(*log_, {});
    ASSERT_TRUE(report) << report.error().message;
  }

  // What psql prints for a query, as the reader; columns separated by '|'.
  std::string ask(const std::string& sql) {
    return output_of({"psql", cluster_.reader_url(), "-XAtc", sql});
  }
  CommandResult ask_as(const std::string& url, const std::string& sql) {
    return run_command({"psql", url, "-XAtc", sql});
  }

  // All rows of all tables in order of their keys, with the names of the tables.
  std::string dump();
  // What pg_dump says of the data, without the two lines that hold a random key.
  std::string pg_dump() {
    return output_of({"sh", "-c", "pg_dump --data-only --schema=ntt \"$0\" | grep -v restrict",
                      cluster_.owner_url()});
  }
  void drop_tables() {
    projector_.reset();
    ask_as(cluster_.owner_url(), "DROP SCHEMA ntt CASCADE");
    connect();
  }

  TempDir directory_;
  TickingClock clock_;
  projector::PrivateCluster& cluster_ = shared_cluster();
  std::unique_ptr<events::Log> log_;
  std::unique_ptr<projector::Projector> projector_;
};

inline std::string TablesTest::dump() {
  std::string all;
  for (const char* query :
       {"event ORDER BY seq", "medium ORDER BY medium_hash", "stage_attempt ORDER BY start_seq",
        "volume ORDER BY medium_hash, volume", "inode ORDER BY id",
        "path ORDER BY inode_id, path, tableoid::regclass::text", "blobs ORDER BY blobid",
        "queue_stats ORDER BY medium_hash", "find_filter ORDER BY medium_hash",
        "retracted_event ORDER BY seq", "unfolded_event ORDER BY seq, lacking",
        "projection_checkpoint"}) {
    all += query + std::string("\n") + ask("SELECT * FROM " + std::string(query));
  }
  return all + ask("SELECT relname FROM pg_class WHERE relnamespace = 'ntt'::regnamespace "
                   "AND relname NOT LIKE '%_not_null' ORDER BY relname");
}

}  // namespace ntt::tests
