// What the log alone answers, and how fast: folding lifecycle events in memory, and commands that
// ask about one medium of a large log, process start included.
//
//   state_bench NTT HOME MEDIUM...     HOME and MEDIUM from log_maker
//
// Prints one JSON object a measurement.

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "projector/medium_fold.h"
#include "tests/bench/lifecycle.h"

namespace {

using Clock = std::chrono::steady_clock;
using ntt::events::Event;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of this process: on a busy machine, what one core would have taken.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::vector<Event> medium_events(std::uint64_t number, std::size_t count) {
  std::vector<Event> out;
  std::vector<ntt::events::Sequence> seqs;
  for (std::size_t i = 0; i < count; ++i) {
    const auto made = ntt::tests::lifecycle_event(
        number, i, 1760000000000000 + static_cast<std::int64_t>(i), seqs);
    Event& event = out.emplace_back();
    event.seq = {number * ntt::tests::kLifecycleEvents + i + 1};
    event.id = made.id;
    event.type = made.type;
    event.version = made.version;
    event.medium = made.medium;
    event.occurred_at = event.recorded_at = made.occurred_at;
    event.run = made.run;
    event.cause = made.cause;
    event.actor = made.actor;
    event.data = made.data;
    seqs.push_back(event.seq);
  }
  return out;
}

// `count` events of each medium: 14 are a pipeline that ran once, more are reruns.
int measure_fold(std::size_t count) {
  constexpr std::uint64_t kMedia = 500;
  const std::size_t rounds = 1'000'000 / (kMedia * count);
  std::vector<std::vector<Event>> media;
  for (std::uint64_t i = 0; i < kMedia; ++i) media.push_back(medium_events(i, count));
  const double start = cpu_seconds();
  for (std::size_t round = 0; round < rounds; ++round) {
    for (const auto& events : media) {
      auto state = ntt::projector::fold_medium(events);
      if (!state || !state->verify_done) {
        std::fprintf(stderr, "a medium does not fold\n");
        return 1;
      }
    }
  }
  const double events = static_cast<double>(kMedia * count * rounds);
  std::printf("{\"measured\":\"fold, %zu events a medium\",\"events_per_cpu_second\":%.0f}\n",
              count, events / (cpu_seconds() - start));
  return 0;
}

struct Run {
  double milliseconds = 0;
  double cpu_milliseconds = 0;
  long peak_kib = 0;
};

// Runs a program with its output thrown away.
Run run_once(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
  const auto start = Clock::now();
  pid_t pid = -1;
  int status = -1;
  rusage usage{};
  if (posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ) == 0) {
    wait4(pid, &status, 0, &usage);
  }
  posix_spawn_file_actions_destroy(&actions);
  const auto millis = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return {status == 0 ? seconds_since(start) * 1000 : -1,
          millis(usage.ru_utime) + millis(usage.ru_stime), usage.ru_maxrss};
}

void measure_command(const std::string& name, const std::vector<std::string>& words) {
  constexpr int kRounds = 21;
  std::vector<double> times;
  std::vector<double> cpu_times;
  long peak_kib = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Run run = run_once(words);
    times.push_back(run.milliseconds);
    cpu_times.push_back(run.cpu_milliseconds);
    peak_kib = std::max(peak_kib, run.peak_kib);
  }
  std::sort(times.begin(), times.end());
  std::sort(cpu_times.begin(), cpu_times.end());
  std::printf(
      "{\"measured\":\"%s\",\"best_ms\":%.1f,\"median_ms\":%.1f,\"median_cpu_ms\":%.1f,"
      "\"peak_mb\":%.1f}\n",
      name.c_str(), times.front(), times[kRounds / 2], cpu_times[kRounds / 2],
      static_cast<double>(peak_kib) / 1024);
}

}  // namespace

int main(int argc, char** argv) {
  // Commands first: what a process uses at most counts from before it became another program.
  for (int i = 3; i < argc; ++i) {
    const std::string ntt = argv[1];
    const std::string medium = argv[i];
    const std::string prefix = medium.substr(0, 8);
    setenv("NTT_HOME", argv[2], 1);
    measure_command("version", {ntt, "version"});
    measure_command("state " + prefix, {ntt, "state", prefix});
    measure_command("state --at " + prefix, {ntt, "state", medium, "--at", "2030-01-01"});
    measure_command("blame " + prefix, {ntt, "blame", prefix});
    measure_command("blame --history " + prefix, {ntt, "blame", prefix, "--history"});
    measure_command("log --medium " + prefix, {ntt, "log", "--medium", prefix});
    measure_command("status " + prefix, {ntt, "status", prefix});
  }
  return measure_fold(14) != 0 || measure_fold(ntt::tests::kLifecycleEvents) != 0 ? 1 : 0;
}
