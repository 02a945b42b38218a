// LogBench: a log on the disk and what a stage is given, for one test.

#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "events/rocks_log.h"
#include "stages/source.h"
#include "stages/stage.h"
#include "tests/support/temp_dir.h"

namespace ntt::tests {

// Calls `hook`, when there is one, at each report of progress.
class HookedProgress final : public stages::Progress {
 public:
  std::function<void(std::uint64_t items_done)> hook;
  void update(std::string_view stage, std::string_view what, std::uint64_t items_done,
              std::uint64_t items_total, std::uint64_t bytes_done,
              std::uint64_t bytes_total) override;
};

class LogBench {
 public:
  explicit LogBench(const std::string& medium = "0123456789abcdef0123456789abcdef");

  [[nodiscard]] std::vector<events::Event> events(const std::string& type_glob = "") const;
  [[nodiscard]] std::vector<std::string> types() const;  // of all events, in order

  // The payload of the latest event of its type.
  template <class Payload>
  [[nodiscard]] Payload last() const {
    const auto found = events(Payload::kType);
    EXPECT_FALSE(found.empty()) << "no " << Payload::kType;
    if (found.empty()) return {};
    auto payload = events::payload_of<Payload>(found.back());
    EXPECT_TRUE(payload.has_value());
    return payload ? *payload : Payload{};
  }

  template <class Payload>
  events::Sequence emit(const Payload& payload, events::Sequence cause = {}) {
    auto stored = emitter.emit(payload, cause);
    EXPECT_TRUE(stored.has_value());
    return stored ? *stored : events::Sequence{};
  }

  TempDir directory;
  events::SystemClock clock;
  std::unique_ptr<events::Log> log;
  events::Emitter emitter;
  HookedProgress progress;
  std::atomic<bool> cancelled{false};
  stages::StageContext context;
};

// Keeps everything a walk gives. `on_entries` is called before they are kept.
class CollectingSink final : public stages::EntrySink {
 public:
  std::vector<std::pair<std::uint32_t, stages::Entry>> found;  // with their volumes
  std::vector<stages::VolumeOutcome> volumes;
  std::function<void()> on_entries;

  stages::Status entries(stages::VolumeIndex volume,
                         std::span<const stages::Entry> entries) override;
  stages::Status volume_done(const stages::VolumeOutcome& outcome) override;

  // The entry of this path; a test failure when there is none.
  [[nodiscard]] stages::Entry at(const std::string& path) const;
};

// Runs `work` in a child process as an ordinary user and returns what it wrote to the string.
std::string as_ordinary_user(const std::function<void(std::string&)>& work);

}  // namespace ntt::tests
