// LiveProgress shows how far the work is: a bar on a terminal, or one JSON line a second.

#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "stages/stage.h"

namespace ntt::tools {

// What was reported last, and when the stage began.
struct ProgressState {
  std::string stage;
  std::string what;
  std::uint64_t items_done = 0;
  std::uint64_t items_total = 0;  // 0: unknown
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;  // 0: unknown
  std::chrono::steady_clock::time_point began;
};

// Rates since the stage began, and the time left: by bytes where their total is known, else by
// items. Pure.
struct ProgressRates {
  double items_per_second = 0;
  double bytes_per_second = 0;
  double fraction = -1;      // negative: unknown
  double seconds_left = -1;  // negative: unknown
};
ProgressRates rates_of(const ProgressState& state, double seconds);
std::string bar_text(const ProgressState& state, double seconds, std::size_t width);

enum class ProgressStyle { none, bar, json };
// `setting` is auto, bar, json or none; auto is a bar when standard error is a terminal.
ProgressStyle progress_style(const std::string& setting);

// update() is cheap and may come from any thread; a thread of its own does the printing.
class LiveProgress final : public stages::Progress {
 public:
  explicit LiveProgress(ProgressStyle style);
  ~LiveProgress() override;
  LiveProgress(const LiveProgress&) = delete;
  LiveProgress& operator=(const LiveProgress&) = delete;

  void update(std::string_view stage, std::string_view what, std::uint64_t items_done,
              std::uint64_t items_total, std::uint64_t bytes_done,
              std::uint64_t bytes_total) override;

 private:
  void show_until_stopped(const std::stop_token& stop);
  void show();   // with mutex_ held
  void clear();  // with mutex_ held

  const ProgressStyle style_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  ProgressState state_;
  bool shown_ = false;  // a bar stands on the terminal's line
  std::jthread printer_;
};

}  // namespace ntt::tools
