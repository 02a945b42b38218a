// What the tests of the stages share.

#include "tests/stages/stage_fixture.h"

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "stages/enumerate.h"
#include "stages/history.h"
#include "stages/load.h"

namespace ntt::stages {

namespace fs = std::filesystem;

std::string shell(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string output;
  std::array<char, 65536> buffer{};
  std::size_t count = 0;
  while ((count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
    output.append(buffer.data(), count);
  }
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return output;
}

std::string quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

void write_file(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << content;
  ASSERT_TRUE(out.good()) << path;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

ScratchDirectory::ScratchDirectory() {
  const char* base = std::getenv("TMPDIR");
  std::string name = std::string(base != nullptr ? base : "/tmp") + "/ntt-stages-XXXXXX";
  CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

namespace {
std::unique_ptr<events::Log> open_log(const fs::path& directory, events::Clock& clock) {
  events::RocksLogOptions options;
  options.directory = directory;
  auto log = events::open_rocks_log(options, clock);
  CHECK(log.has_value());
  return std::move(*log);
}
}  // namespace

StageBench::StageBench(fs::path root_in, std::string medium)
    : root(std::move(root_in)),
      tree(root / "tree"),
      store(root / "by-hash"),
      log(open_log(root / "log", clock)),
      emitter(*log, clock, events::MediumId{std::move(medium)}, events::new_run_id(clock),
              events::this_actor()),
      context{*log, emitter, clock, progress, cancelled} {
  fs::create_directories(tree);
}

std::unique_ptr<Source> StageBench::open_tree() {
  auto source = open_directory_source({tree.string(), false});
  CHECK(source.has_value());
  return std::move(*source);
}

void StageBench::enumerate_and_load(Source& source, bool force) {
  EnumRequest request;
  request.force = force;
  auto enumerated = run_enum(context, source, request);
  ASSERT_TRUE(enumerated.has_value()) << enumerated.error().message;
  ASSERT_NE(enumerated->outcome, StageOutcome::error) << enumerated->message;
  LoadRequest load;
  load.temporary_directory = root.string();
  load.force = force;
  auto loaded = run_load(context, load);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  ASSERT_NE(loaded->outcome, StageOutcome::error) << loaded->message;
}

StageReport StageBench::copy(Source& source, bool retry_failed, unsigned workers) {
  CopyRequest request;
  request.store = store.string();
  request.workers = workers;
  request.retry_failed = retry_failed;
  auto copied = run_copy(context, source, request);
  EXPECT_TRUE(copied.has_value()) << copied.error().message;
  return copied ? *copied : StageReport{};
}

StageReport StageBench::copy_tree() {
  auto source = open_tree();
  enumerate_and_load(*source);
  return copy(*source);
}

std::vector<events::Event> StageBench::events_of(const std::string& type) const {
  std::vector<events::Event> found;
  events::Filter filter;
  filter.type_glob = type;
  auto scanned = log->scan(filter, [&found](const events::Event& event) {
    found.push_back(event);
    return true;
  });
  EXPECT_TRUE(scanned.has_value());
  return found;
}

std::vector<CopiedFile> StageBench::outcomes() const {
  std::vector<CopiedFile> found;
  auto history = read_history(*log, emitter.medium());
  EXPECT_TRUE(history.has_value());
  events::GenerationRef ref;
  ref.medium = emitter.medium();
  ref.manifest = {history->loaded->payload.manifest};
  ref.load_start = {history->loaded->payload.load};
  ref.load_success = history->loaded->seq;
  auto read = events::read_generation(*log, ref, [&found](const events::GenerationRow& row) {
    if (row.copy != nullptr) found.push_back({row.entry->path, row.volume, *row.copy});
    return Status();
  });
  EXPECT_TRUE(read.has_value());
  return found;
}

events::CopyRecord StageBench::outcome_of(const std::string& path) const {
  for (const CopiedFile& file : outcomes()) {
    if (file.path == path) return file.record;
  }
  ADD_FAILURE() << path << " has no outcome";
  return {};
}

std::vector<fs::path> blobs_in(const fs::path& store) {
  std::vector<fs::path> blobs;
  for (auto it = fs::recursive_directory_iterator(store); it != fs::end(it); ++it) {
    if (it->path().filename() == ".tmp") {
      it.disable_recursion_pending();
    } else if (!it->is_directory()) {
      blobs.push_back(it->path());
    }
  }
  return blobs;
}

void expect_sound_store(const fs::path& store) {
  EXPECT_EQ(shell("find " + quoted(store / ".tmp") + " -mindepth 1"), "");
  EXPECT_EQ(shell("find " + quoted(store.string()) + " -type f -not -perm 0444"), "");
  EXPECT_EQ(shell("find " + quoted(store.string()) +
                  " -mindepth 1 -type d -not -path '*/.tmp' -not -perm 0755"),
            "");
  std::istringstream sums(
      shell("cd " + quoted(store.string()) + " && find . -type f -print0 | xargs -0r b3sum"));
  std::size_t count = 0;
  for (std::string hash, path; sums >> hash >> path; ++count) {
    EXPECT_EQ(path, "./" + hash.substr(0, 2) + "/" + hash.substr(2, 2) + "/" + hash);
  }
  EXPECT_EQ(count, blobs_in(store).size());
}

}  // namespace ntt::stages
