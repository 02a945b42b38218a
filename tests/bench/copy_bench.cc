// How fast copy stores a tree, against `restic backup` of the same tree: a ratio from one run.
//
// copy_bench TREE WORKDIR [ROUNDS]: the tree should be warm, the work directory on a real disk.
// Each round begins with an empty store and an empty repository on the same disk.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "events/rocks_log.h"
#include "stages/copy.h"
#include "stages/enumerate.h"
#include "stages/load.h"

namespace ntt::stages {
namespace {

namespace fs = std::filesystem;

class Silent final : public Progress {
 public:
  void update(std::string_view, std::string_view, std::uint64_t, std::uint64_t, std::uint64_t,
              std::uint64_t) override {}
};

// Wall clock and processor time; the second tells more on a machine that others use too.
struct Cost {
  double seconds = 0;
  double processor_seconds = 0;
};

double processor_seconds() {
  double sum = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage used{};
    ::getrusage(who, &used);
    for (const timeval& time : {used.ru_utime, used.ru_stime}) {
      sum += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    }
  }
  return sum;
}

Cost cost_of(const std::function<bool()>& work, const char* what) {
  ::sync();  // what came before is not to be paid for here
  const double processor_before = processor_seconds();
  const auto begin = std::chrono::steady_clock::now();
  if (!work()) {
    std::fprintf(stderr, "%s failed\n", what);
    std::exit(1);
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  return {wall.count(), processor_seconds() - processor_before};
}

bool run(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool succeeded(const Result<StageReport>& report) {
  if (!report) std::fprintf(stderr, "%s\n", report.error().message.c_str());
  return report && report->outcome == StageOutcome::success;
}

void run_round(const std::string& tree, const fs::path& work) {
  fs::remove_all(work);
  fs::create_directories(work);
  events::SystemClock clock;
  auto log = events::open_rocks_log({.directory = work / "log"}, clock);
  if (!log) std::exit(1);
  events::Emitter emitter(**log, clock, {"bench"}, events::new_run_id(clock), events::this_actor());
  Silent progress;
  const std::atomic<bool> cancelled{false};
  StageContext context{**log, emitter, clock, progress, cancelled};
  auto source = open_directory_source({tree, false});
  if (!source) std::exit(1);

  const Cost enumerate =
      cost_of([&] { return succeeded(run_enum(context, **source, {})); }, "enum");
  LoadRequest load_request;
  load_request.temporary_directory = work.string();
  const Cost load = cost_of([&] { return succeeded(run_load(context, load_request)); }, "load");
  CopyRequest copy_request;
  copy_request.store = (work / "by-hash").string();
  const Cost copy =
      cost_of([&] { return succeeded(run_copy(context, **source, copy_request)); }, "copy");

  const std::string environment = "RESTIC_PASSWORD=x RESTIC_CACHE_DIR='" +
                                  (work / "cache").string() + "' RESTIC_REPOSITORY='" +
                                  (work / "restic").string() + "' ";
  if (!run(environment + "restic init -q")) std::exit(1);
  const Cost restic = cost_of(
      [&] { return run(environment + "restic backup -q '" + tree + "' && sync"); }, "restic");
  std::printf(
      "enum %.2f s, load %.2f s, copy %.2f s (processor %.2f s), restic backup %.2f s "
      "(processor %.2f s): copy is %.2f times as fast\n",
      enumerate.seconds, load.seconds, copy.seconds, copy.processor_seconds, restic.seconds,
      restic.processor_seconds, restic.seconds / copy.seconds);
}

}  // namespace
}  // namespace ntt::stages

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: copy_bench TREE WORKDIR [ROUNDS]\n");
    return 2;
  }
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 1;
  for (int i = 0; i < rounds; ++i) {
    ntt::stages::run_round(argv[1], std::filesystem::path(argv[2]) / "copy_bench");
  }
  return 0;
}
