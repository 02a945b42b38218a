// How long `ntt find` takes on many paths: synthetic media, a real log, a private cluster.
//
//   find_bench NTT PATHS [MEDIA [DIRECTORY]]     default 1 medium, a temporary directory
//
// Prints one JSON object: milliseconds, the least and the median of several questions. "server" is
// the work of the queries in a connection of their own, "process" the whole program from start to
// end.

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "events/clock.h"
#include "events/limits.h"
#include "events/rocks_log.h"
#include "projector/name_key.h"
#include "projector/pg.h"
#include "projector/private_cluster.h"
#include "projector/projector.h"
#include "tests/projector/story.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"
#include "tools/ntt/find_query.h"

namespace {

using Clock = std::chrono::steady_clock;
using ntt::tests::Story;
using ntt::tools::FindQuery;

constexpr int kQuestions = 15;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string medium_id(std::uint64_t number) {
  char text[33];
  std::snprintf(text, sizeof text, "%08llx%024llx", static_cast<unsigned long long>(number),
                static_cast<unsigned long long>(number));
  return text;
}

// Names differ between media; one in a thousand ends in .wallet.
ntt::events::Entry entry_of(std::uint64_t medium, std::uint64_t ordinal) {
  ntt::events::Entry entry = ntt::tests::synthetic_entry(ordinal);
  if (ordinal % 8 == 0) return entry;
  entry.path += ordinal % 1000 == 1 ? ".m" + std::to_string(medium) + ".wallet"
                                    : ".m" + std::to_string(medium) + ".doc";
  return entry;
}

// "[least, median]"
std::string summary(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  char text[64];
  std::snprintf(text, sizeof text, "[%.2f, %.2f]", times.front(), times[times.size() / 2]);
  return text;
}

// The blob of an entry; no two media share one.
ntt::events::BlobId blob_of(std::uint64_t medium, std::uint64_t ordinal) {
  ntt::events::BlobId blob = Story::stored(ordinal).blob;
  for (std::size_t i = 0; i < 4; ++i) {
    blob.bytes[i] = static_cast<std::uint8_t>(blob.bytes[i] ^ medium * 0x9E3779B1U >> (8 * i));
  }
  return blob;
}

void tell(ntt::events::Log& log, ntt::events::Clock& clock, std::uint64_t medium,
          std::uint64_t paths) {
  Story story(log, clock, medium_id(medium));
  story.identify();
  story.enumerate(paths, [medium](std::uint64_t ordinal) { return entry_of(medium, ordinal); });
  story.load();
  story.copy_begin();
  std::vector<ntt::events::CopyRecord> records;
  for (std::uint64_t i = 0; i < paths; ++i) {
    if (i % 8 != 0) {
      records.push_back(Story::stored(i));
      records.back().blob = blob_of(medium, i);
    }
    if (records.size() == ntt::events::kBatchRecordsMax || i + 1 == paths) {
      story.copy_some(records);
      records.clear();
    }
  }
  story.copy_end();
}

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

template <class T>
T& checked(ntt::events::Result<T>& result) {
  if (!result) fail(result.error().message);
  return *result;
}

// The queries of `ntt find`, in a new connection.
double server_milliseconds(const std::string& url, const FindQuery& query) {
  auto connected = ntt::projector::Pg::connect(url);
  auto& pg = *checked(connected);
  if (auto begun = pg.begin(); !begun) fail(begun.error().message);
  const auto start = Clock::now();
  std::string sql =
      "SELECT m.partition_suffix FROM medium m LEFT JOIN find_filter f USING (medium_hash) WHERE "
      "m.generation > 0";
  if (const auto key = ntt::tools::filter_key(query)) {
    sql += " AND (f.bits IS NULL OR " + key->condition() + ")";
  }
  auto media = pg.query(sql);
  for (const auto& row : checked(media)) {
    const std::string inodes = "inode_p_" + *row[0];
    auto found = pg.query(
        "SELECT p.path, p.volume, i.fs_type, i.size, i.modify_time, coalesce(p.blobid, i.blobid), "
        "p.disposition, p.ino FROM path_p_" +
        *row[0] + " p LEFT JOIN " + inodes + " i ON i.id = p.inode_id WHERE " +
        ntt::tools::conditions(query, inodes) + " LIMIT 1000");
    checked(found);
  }
  return milliseconds_since(start);
}

struct Question {
  std::string name;
  std::vector<std::string> options;
  FindQuery query;
};

// The i-th of a kind; different ones, so that nothing is warm that a user would find cold.
std::vector<Question> questions(std::uint64_t paths, std::uint64_t media, int i) {
  const auto n = static_cast<std::uint64_t>(i);
  std::uint64_t ordinal = (n * 7919 + 12345) % paths;
  if (ordinal % 8 == 0) ordinal += 1;
  const std::string path = entry_of(n % media + 1, ordinal).path;
  const std::string name(ntt::projector::base_name(path));
  const std::string directory = path.substr(0, path.rfind('/') + 1);
  const auto blob = blob_of(n % media + 1, ordinal);
  std::vector<Question> all(5);
  all[0] = {"name", {"--name", name}, {}};
  all[0].query.name = ntt::tools::Glob::parse(name).value();
  const std::string suffix = ".m" + std::to_string(n % media + 1) + ".wallet";
  all[1] = {"suffix", {"--suffix", suffix, "--limit", "1000"}, {}};
  all[1].query.suffix = suffix;
  all[2] = {"prefix", {"--path-prefix", directory}, {}};
  all[2].query.prefix = directory;
  all[3] = {"blob", {"--blob", blob.hex()}, {}};
  all[3].query.blob = blob;
  all[4] = {"missing", {"--name", "no such name " + name}, {}};
  all[4].query.name = ntt::tools::Glob::parse("no such name " + name).value();
  return all;
}

void measure(const std::string& ntt, const std::string& home, const std::string& url,
             std::uint64_t paths, std::uint64_t media) {
  constexpr std::size_t kKinds = 5;
  std::vector<std::vector<double>> server(kKinds);
  std::vector<std::vector<double>> process(kKinds);
  std::vector<Question> last;
  for (int i = 0; i < kQuestions; ++i) {
    last = questions(paths, media, i);
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      server[kind].push_back(server_milliseconds(url, last[kind].query));
      std::vector<std::string> command = {ntt, "find"};
      command.insert(command.end(), last[kind].options.begin(), last[kind].options.end());
      const auto start = Clock::now();
      const auto ran = ntt::tests::run_command(command, {{{"NTT_HOME", home}}, "", ""});
      process[kind].push_back(milliseconds_since(start));
      if (ran.exit_code != 0) fail(ran.err);
      if (kind != 4 && ran.out.empty()) fail(last[kind].name + " found nothing");
    }
  }
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    std::printf(", \"%s_server_ms\": %s, \"%s_process_ms\": %s", last[kind].name.c_str(),
                summary(server[kind]).c_str(), last[kind].name.c_str(),
                summary(process[kind]).c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) fail("usage: find_bench NTT PATHS [MEDIA [DIRECTORY]]");
  const std::uint64_t paths = std::strtoull(argv[2], nullptr, 10);
  const std::uint64_t media = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  if (media == 0 || paths / media < 16) fail("at least one medium and 16 paths each");
  const ntt::tests::TempDir temporary;
  const std::filesystem::path home = argc > 4 ? argv[4] : temporary.path();
  ntt::events::SystemClock clock;
  {
    auto log = ntt::events::open_rocks_log({home / "log"}, clock);
    for (std::uint64_t m = 1; m <= media; ++m) tell(*checked(log), clock, m, paths / media);
  }
  auto log = ntt::events::open_rocks_log_for_reading(home / "log");
  ntt::projector::PrivateCluster cluster(home / "pg");
  if (auto started = cluster.ensure_running(); !started) fail(started.error().message);
  const auto start = Clock::now();
  {
    auto projector = ntt::projector::Projector::connect(cluster.owner_url());
    auto report = checked(projector)->catch_up(*checked(log), {});
    checked(report);
  }
  std::printf("{\"paths\": %llu, \"media\": %llu, \"project_seconds\": %.1f",
              static_cast<unsigned long long>(paths), static_cast<unsigned long long>(media),
              milliseconds_since(start) / 1000);
  std::fflush(stdout);
  measure(argv[1], home.string(), cluster.reader_url(), paths / media, media);
  std::printf("}\n");
  if (auto stopped = cluster.stop(); !stopped) fail(stopped.error().message);
  return 0;
}
