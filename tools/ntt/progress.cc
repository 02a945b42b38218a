// The progress bar, the JSON lines and the thread that prints them.

#include "tools/ntt/progress.h"

#include <algorithm>
#include <cmath>

#include "tools/ntt/json.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

namespace {

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

std::uint64_t rounded(double value) {
  return static_cast<std::uint64_t>(std::llround(value));
}

Json json_of_progress(const ProgressState& state, double seconds) {
  const ProgressRates rates = rates_of(state, seconds);
  events::SystemClock clock;
  Json line;
  line["time"] = events::to_rfc3339(clock.now());
  line["stage"] = state.stage;
  line["what"] = state.what;
  line["items_done"] = state.items_done;
  line["items_total"] = state.items_total;
  line["bytes_done"] = state.bytes_done;
  line["bytes_total"] = state.bytes_total;
  line["items_per_second"] = rounded(rates.items_per_second);
  line["bytes_per_second"] = rounded(rates.bytes_per_second);
  line["seconds_left"] = rates.seconds_left < 0 ? Json(nullptr) : Json(rounded(rates.seconds_left));
  return line;
}

}  // namespace

ProgressRates rates_of(const ProgressState& state, double seconds) {
  ProgressRates rates;
  if (seconds > 0) {
    rates.items_per_second = static_cast<double>(state.items_done) / seconds;
    rates.bytes_per_second = static_cast<double>(state.bytes_done) / seconds;
  }
  const bool by_bytes = state.bytes_total > 0;
  const std::uint64_t done = by_bytes ? state.bytes_done : state.items_done;
  const std::uint64_t total = by_bytes ? state.bytes_total : state.items_total;
  if (total == 0) return rates;
  rates.fraction = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  if (done > 0) rates.seconds_left = seconds * (1 - rates.fraction) / rates.fraction;
  return rates;
}

std::string bar_text(const ProgressState& state, double seconds, std::size_t width) {
  constexpr std::size_t kBarColumns = 20;
  const ProgressRates rates = rates_of(state, seconds);
  std::string text = state.stage;
  text.resize(std::max<std::size_t>(text.size(), 9), ' ');
  if (rates.fraction >= 0) {
    const auto filled = static_cast<std::size_t>(rates.fraction * kBarColumns);
    text += "[" + std::string(filled, '#') + std::string(kBarColumns - filled, '.') + "] ";
    const std::string percent = std::to_string(static_cast<int>(rates.fraction * 100));
    text += std::string(3 - std::min<std::size_t>(3, percent.size()), ' ') + percent + " %  ";
  }
  text += with_commas(state.items_done);
  if (state.items_total > 0) text += "/" + with_commas(state.items_total);
  if (state.bytes_done > 0) {
    text += "  " + human_bytes(state.bytes_done) + "  " +
            human_bytes(rounded(rates.bytes_per_second)) + "/s";
  } else {
    text += "  " + with_commas(rounded(rates.items_per_second)) + "/s";
  }
  if (rates.seconds_left >= 0) text += "  " + human_duration(rounded(rates.seconds_left)) + " left";
  if (!state.what.empty()) text += "  " + state.what;
  return width > 1 ? cut(text, width - 1) : text;
}

ProgressStyle progress_style(const std::string& setting) {
  if (setting == "json") return ProgressStyle::json;
  if (setting == "bar") return ProgressStyle::bar;
  return setting == "auto" && is_terminal(2) ? ProgressStyle::bar : ProgressStyle::none;
}

LiveProgress::LiveProgress(ProgressStyle style) : style_(style) {
  if (style_ == ProgressStyle::none) return;
  printer_ = std::jthread([this](const std::stop_token& stop) { show_until_stopped(stop); });
}

LiveProgress::~LiveProgress() {
  if (!printer_.joinable()) return;
  printer_.request_stop();
  printer_.join();
  const std::lock_guard lock(mutex_);
  if (style_ == ProgressStyle::json) show();
  clear();
}

void LiveProgress::update(std::string_view stage, std::string_view what, std::uint64_t items_done,
                          std::uint64_t items_total, std::uint64_t bytes_done,
                          std::uint64_t bytes_total) {
  if (style_ == ProgressStyle::none) return;
  const std::lock_guard lock(mutex_);
  if (state_.stage != stage) {
    if (style_ == ProgressStyle::json) show();
    state_.stage = stage;
    state_.began = std::chrono::steady_clock::now();
  }
  state_.what = what;
  state_.items_done = items_done;
  state_.items_total = items_total;
  state_.bytes_done = bytes_done;
  state_.bytes_total = bytes_total;
}

void LiveProgress::show_until_stopped(const std::stop_token& stop) {
  const auto pause = std::chrono::milliseconds(style_ == ProgressStyle::json ? 1000 : 200);
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, stop, pause, [&stop] { return stop.stop_requested(); })) show();
}

void LiveProgress::show() {
  if (state_.stage.empty()) return;
  const double seconds = seconds_since(state_.began);
  if (style_ == ProgressStyle::json) {
    std::cerr << one_line(json_of_progress(state_, seconds)) + "\n";
  } else {
    std::cerr << "\r\033[K" + bar_text(state_, seconds, terminal_width(2)) << std::flush;
    shown_ = true;
  }
}

void LiveProgress::clear() {
  if (shown_) std::cerr << "\r\033[K" << std::flush;
  shown_ = false;
}

}  // namespace ntt::tools
