// StageFixture: a directory of its own, a log on the disk and a context for running stages.

#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "events/generation.h"
#include "events/rocks_log.h"
#include "stages/copy.h"
#include "stages/source.h"
#include "stages/stage.h"

namespace ntt::stages {

// Runs a shell command and gives what it printed; a command that fails fails the test.
std::string shell(const std::string& command);

// A word quoted for the shell.
std::string quoted(const std::string& word);

void write_file(const std::filesystem::path& path, const std::string& content);
std::string read_file(const std::filesystem::path& path);

// A directory below $TMPDIR that is removed with all it holds.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Calls a hook at each report of progress.
class HookedProgress final : public Progress {
 public:
  std::function<void(std::string_view stage, std::uint64_t items_done)> hook;
  void update(std::string_view stage, std::string_view /*what*/, std::uint64_t items_done,
              std::uint64_t /*items_total*/, std::uint64_t /*bytes_done*/,
              std::uint64_t /*bytes_total*/) override {
    if (hook) hook(stage, items_done);
  }
};

// One medium's row of outcomes, by path.
struct CopiedFile {
  std::string path;
  VolumeIndex volume;
  events::CopyRecord record;
};

// A log and everything that a stage is given, over one directory.
class StageBench {
 public:
  explicit StageBench(std::filesystem::path root, std::string medium = "0123456789abcdef");

  // Opens the source tree anew and enumerates and loads it.
  void enumerate_and_load(Source& source, bool force = false);
  std::unique_ptr<Source> open_tree();
  StageReport copy(Source& source, bool retry_failed = false, unsigned workers = 2);
  StageReport copy_tree();  // enumerate, load and copy the tree

  [[nodiscard]] std::vector<events::Event> events_of(const std::string& type) const;
  [[nodiscard]] std::vector<CopiedFile> outcomes() const;
  [[nodiscard]] events::CopyRecord outcome_of(const std::string& path) const;
  template <class Payload>
  [[nodiscard]] Payload last() const {
    const auto found = events_of(Payload::kType);
    EXPECT_FALSE(found.empty()) << "no " << Payload::kType;
    if (found.empty()) return {};
    auto payload = events::payload_of<Payload>(found.back());
    EXPECT_TRUE(payload.has_value());
    return payload ? *payload : Payload{};
  }

  std::filesystem::path root;
  std::filesystem::path tree;   // the source
  std::filesystem::path store;  // by-hash root
  events::SystemClock clock;
  std::unique_ptr<events::Log> log;
  events::Emitter emitter;
  HookedProgress progress;
  std::atomic<bool> cancelled{false};
  StageContext context;
};

// Every file of the store has the name of its content (by b3sum), mode 0444, and lies where its
// name says; nothing temporary is left.
void expect_sound_store(const std::filesystem::path& store);

// Files in the store, temporary ones left out.
std::vector<std::filesystem::path> blobs_in(const std::filesystem::path& store);

class StageFixture : public testing::Test {
 protected:
  ScratchDirectory scratch;
  StageBench bench{scratch.path()};
};

}  // namespace ntt::stages
