// How fast the projector fills the tables, and in how much memory: a synthetic medium, a real log,
// a private cluster. Then how long a rebuild takes, against psql's copy of the same inode and path
// rows into bare tables and the same CREATE INDEXes.
//
//   projector_bench [ENTRIES] [DIRECTORY]     default 1000000, a temporary directory
//
// Prints one JSON object.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "events/clock.h"
#include "events/limits.h"
#include "events/rocks_log.h"
#include "projector/private_cluster.h"
#include "projector/projector.h"
#include "projector/rebuild.h"
#include "tests/projector/story.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

void tell(ntt::events::Log& log, ntt::events::Clock& clock, std::uint64_t entries) {
  ntt::tests::Story story(log, clock, "0123456789abcdef0123456789abcdef");
  story.identify();
  story.enumerate(entries, ntt::tests::synthetic_entry);
  story.load();
  story.copy_begin();
  std::vector<ntt::events::CopyRecord> records;
  for (std::uint64_t i = 0; i < entries; ++i) {
    // Every eighth entry is a directory; every third file repeats the one before.
    if (i % 8 != 0) records.push_back(ntt::tests::Story::stored(i));
    if (i % 8 != 0 && i % 3 == 0) records.back().blob = ntt::tests::Story::stored(i - 1).blob;
    if (records.size() == ntt::events::kBatchRecordsMax || i + 1 == entries) {
      story.copy_some(records);
      records.clear();
    }
  }
  story.copy_end();
}

// The rows as psql writes them, then loaded into tables without anything on them, then indexed as
// the partitions are. Only loading and indexing are timed.
double bare_copy_seconds(const std::string& url, const std::filesystem::path& directory) {
  const auto psql = [&](const std::string& sql) {
    ntt::tests::output_of({"psql", url, "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql});
  };
  const std::string inode = (directory / "inode.copy").string();
  const std::string path = (directory / "path.copy").string();
  psql("\\copy (SELECT * FROM ntt.inode) TO '" + inode + "'");
  psql("\\copy (SELECT * FROM ntt.path) TO '" + path + "'");
  const std::string indexes = ntt::tests::output_of(
      {"psql", url, "-XAtc",
       "SELECT replace(replace(pg_get_indexdef(indexrelid), 'ntt.inode_p_01234567', "
       "'bare.inode'), 'ntt.path_p_01234567', 'bare.path') || ';' FROM pg_index WHERE indrelid IN "
       "('ntt.inode_p_01234567'::regclass, 'ntt.path_p_01234567'::regclass)"});
  psql("CREATE SCHEMA bare");
  psql("CREATE TABLE bare.inode (LIKE ntt.inode)");
  psql("CREATE TABLE bare.path (LIKE ntt.path)");
  const auto start = Clock::now();
  psql("\\copy bare.inode FROM '" + inode + "'");
  psql("\\copy bare.path FROM '" + path + "'");
  psql(indexes);
  const double seconds = seconds_since(start);
  psql("DROP SCHEMA bare CASCADE");
  return seconds;
}

int fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t entries = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1000000;
  const ntt::tests::TempDir temporary;
  const std::filesystem::path directory = argc > 2 ? argv[2] : temporary.path();
  ntt::events::SystemClock clock;
  auto log = ntt::events::open_rocks_log({directory / "log"}, clock);
  if (!log) return fail(log.error().message);
  tell(**log, clock, entries);
  const long before_kib = peak_kib();

  ntt::projector::PrivateCluster cluster(directory / "pg");
  if (auto started = cluster.ensure_running(); !started) return fail(started.error().message);
  auto projector = ntt::projector::Projector::connect(cluster.owner_url());
  if (!projector) return fail(projector.error().message);
  const bool verbose = std::getenv("NTT_BENCH_VERBOSE") != nullptr;
  std::string phase;
  const auto start = Clock::now();
  auto report = (*projector)
                    ->catch_up(**log, [&](std::string_view what, std::uint64_t /*done*/,
                                          std::uint64_t /*total*/) {
                      if (!verbose || what == phase) return;
                      phase = what;
                      std::fprintf(stderr, "%8.3f s  %s\n", seconds_since(start), phase.c_str());
                    });
  const double seconds = seconds_since(start);
  if (!report) return fail(report.error().message);
  const long project_kib = peak_kib();
  // Alternating, the least of three: the server writes in the background what the one before left.
  double rebuild_seconds = 0;
  double bare_seconds = 0;
  for (int round = 0; round < 3; ++round) {
    const double bare = bare_copy_seconds(cluster.owner_url(), directory);
    const auto begun = Clock::now();
    auto rebuilt = ntt::projector::rebuild(cluster.owner_url(), **log, {});
    const double rebuilding = seconds_since(begun);
    if (!rebuilt) return fail(rebuilt.error().message);
    bare_seconds = round == 0 ? bare : std::min(bare, bare_seconds);
    rebuild_seconds = round == 0 ? rebuilding : std::min(rebuilding, rebuild_seconds);
  }
  std::printf(
      "{\"entries\": %llu, \"rows\": %llu, \"seconds\": %.3f, \"entries_per_second\": %.0f, "
      "\"rows_per_second\": %.0f, \"peak_kib\": %ld, \"peak_kib_before\": %ld, "
      "\"rebuild_seconds\": %.3f, \"bare_copy_seconds\": %.3f, \"rebuild_to_bare_copy\": %.2f}\n",
      static_cast<unsigned long long>(entries), static_cast<unsigned long long>(report->rows),
      seconds, static_cast<double>(entries) / seconds, static_cast<double>(report->rows) / seconds,
      project_kib, before_kib, rebuild_seconds, bare_seconds, rebuild_seconds / bare_seconds);
  if (auto stopped = cluster.stop(); !stopped) return fail(stopped.error().message);
  return 0;
}
