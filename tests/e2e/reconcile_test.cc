// ntt reconcile on what a pipeline left: nothing is told of it until somebody takes it apart.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "events/emitter.h"
#include "events/rocks_log.h"
#include "tests/e2e/images.h"
#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class ReconcileTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kImageBytes = 8U << 20U;

  // An image, a directory that shares files with it, and a legacy list of names.
  ReconcileTest() {
    make_plain_tree(site_.temp / "tree");
    fs::copy(site_.temp / "tree", site_.temp / "on image", fs::copy_options::recursive);
    write_file(site_.temp / "tree/only here", "some content of the directory");
    std::ofstream(image()).close();
    fs::resize_file(image(), kImageBytes);
    make_ext4(image(), site_.temp / "on image", 0, kImageBytes);
    write_file(raw(), output_of({"find", (site_.temp / "tree").string(), "-printf",
                                 "%y\\034%D\\034%i\\034%n\\034%s\\034%Ts\\034%p\\0"}));
    take_in("--image", image());
    take_in("--dir", site_.temp / "tree");
    take_in("--raw", raw());
  }
  void take_in(const std::string& kind, const fs::path& path) {
    site_.must({"run", kind, path.string(), "--no-project"});
  }
  [[nodiscard]] fs::path image() const { return site_.temp / "disk.img"; }
  [[nodiscard]] fs::path raw() const { return site_.temp / "names.raw"; }
  [[nodiscard]] fs::path store() const { return site_.temp / "home/by-hash"; }
  [[nodiscard]] fs::path archive() const {
    return fs::directory_iterator(site_.temp / "home/archives")->path();
  }

  // What is told by --json, without the summary, as "kind path"; the exit code belongs to it.
  std::vector<std::string> reconcile(int exit_code, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"reconcile", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = site_.ntt(arguments);
    EXPECT_EQ(result.exit_code, exit_code) << result.out << result.err;
    std::vector<std::string> told;
    for (const auto& line : lines_of(result.out)) {
      const Json object = Json::parse(line);
      if (object["kind"] == "summary") {
        summary_ = object;
      } else {
        told.push_back(object["kind"].get<std::string>() + " " + object["path"].get<std::string>());
        last_ = object;
      }
    }
    std::sort(told.begin(), told.end());
    return told;
  }
  void expect_clean(const std::string& after) {
    EXPECT_EQ(reconcile(0, {"--rehash"}), Lines{}) << "after " << after;
  }
  static void overwrite(const fs::path& file, const std::string& bytes) {
    fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
    write_file(file, bytes);
  }
  template <class Payload>
  void append(const std::string& medium, const Payload& payload) {
    events::SystemClock clock;
    auto log = events::open_rocks_log({site_.temp / "home/log"}, clock);
    ASSERT_TRUE(log.has_value()) << log.error().message;
    events::Emitter emitter(**log, clock, {medium}, events::new_run_id(clock),
                            events::this_actor());
    ASSERT_TRUE(emitter.emit(payload).has_value());
  }
  using Lines = std::vector<std::string>;

  Site site_;
  Json summary_;
  Json last_;
};

TEST_F(ReconcileTest, OfWhatAPipelineLeftNothingIsToldAndTheCountsAreThoseOfFind) {
  expect_clean("three runs");
  const auto sizes = lines_of(output_of({"find", store().string(), "-path", "*/.tmp", "-prune",
                                         "-o", "-type", "f", "-printf", "%s\\n"}));
  std::uint64_t bytes = 0;
  for (const auto& size : sizes) bytes += std::stoull(size);
  EXPECT_EQ(summary_["found"], 0);
  EXPECT_EQ(summary_["blobs_stored"], sizes.size());
  EXPECT_EQ(summary_["blobs_named"], sizes.size());
  EXPECT_EQ(summary_["blobs_rehashed"], sizes.size());
  EXPECT_EQ(summary_["stored_bytes"], bytes);
  EXPECT_EQ(summary_["media"], 3);
  EXPECT_EQ(summary_["archives"], 1);
  EXPECT_EQ(summary_["sources"], 2);
  const auto text = site_.ntt({"reconcile"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_EQ(text.out.find("nothing found"), 0U) << text.out;
}

TEST_F(ReconcileTest, FindsWhatIsNotAsTheLogSaysOfTheStore) {
  const fs::path blob = store() / site_.blobs().front();
  const std::string content = read_file(blob);
  const fs::path away = site_.temp / "away";
  fs::rename(blob, away);
  EXPECT_EQ(reconcile(3), Lines{"blob_missing " + blob.string()});
  const auto text = site_.ntt({"reconcile"});
  EXPECT_EQ(text.exit_code, 3);
  EXPECT_NE(text.out.find("FOUND  blob_missing  " + blob.string()), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("restore it from a backup"), std::string::npos) << text.out;
  fs::rename(away, store() / blob.filename());
  EXPECT_EQ(reconcile(3), (Lines{"blob_missing " + blob.string(),
                                 "store_stray " + (store() / blob.filename()).string()}));
  fs::rename(store() / blob.filename(), blob);
  overwrite(blob, content + "x");
  EXPECT_EQ(reconcile(3), Lines{"blob_size " + blob.string()});
  std::string flipped = content;
  flipped[0] = static_cast<char>(flipped[0] ^ 1);
  overwrite(blob, flipped);
  EXPECT_EQ(reconcile(0), Lines{}) << "only --rehash reads content";
  EXPECT_EQ(reconcile(3, {"--rehash"}), Lines{"blob_content " + blob.string()});
  overwrite(blob, content);
  const fs::path extra = store() / "ab/cd" / ("abcd" + std::string(60, '0'));
  fs::create_directories(extra.parent_path());
  write_file(extra, "nobody knows it");
  EXPECT_EQ(reconcile(3), Lines{"blob_unnamed " + extra.string()});
  fs::remove(extra);
  expect_clean("all of them");
}

TEST_F(ReconcileTest, FindsWhatIsNotAsTheLogSaysOfArchives) {
  const fs::path packed = archive();
  const std::string content = read_file(packed);
  const std::string medium = packed.filename().string().substr(0, 32);
  const fs::path root = packed.parent_path();
  fs::rename(packed, site_.temp / "away");
  EXPECT_EQ(reconcile(3), Lines{"archive_missing " + packed.string()});
  EXPECT_EQ(last_["medium"], medium);
  fs::rename(site_.temp / "away", packed);
  overwrite(packed, content.substr(0, content.size() / 2));
  EXPECT_EQ(reconcile(3), Lines{"archive_size " + packed.string()});
  EXPECT_EQ(last_["recorded_bytes"], content.size());
  EXPECT_EQ(last_["found_bytes"], content.size() / 2);
  std::string flipped = content;
  flipped[content.size() / 2] = static_cast<char>(flipped[content.size() / 2] ^ 1);
  overwrite(packed, flipped);
  EXPECT_EQ(reconcile(0), Lines{});
  EXPECT_EQ(reconcile(3, {"--rehash"}), Lines{"archive_content " + packed.string()});
  overwrite(packed, content);
  write_file(root / "0123456789abcdef.tar.zst", "of nobody");
  EXPECT_EQ(reconcile(3),
            Lines{"archive_of_no_medium " + (root / "0123456789abcdef.tar.zst").string()});
  fs::remove(root / "0123456789abcdef.tar.zst");
  write_file(root / ("." + medium + ".tar.zst.tmp"), "half");
  EXPECT_EQ(reconcile(3),
            Lines{"archive_temporary " + (root / ("." + medium + ".tar.zst.tmp")).string()});
  fs::remove(root / ("." + medium + ".tar.zst.tmp"));
  write_file(root / "README", "what is no archive is no matter of ours");
  expect_clean("all of them");
  append(medium, events::CleanupDone{"archive", {packed.string()}, content.size(), "test"});
  EXPECT_EQ(reconcile(3), Lines{"archive_superseded " + packed.string()});
  fs::remove(packed);
  expect_clean("it was deleted, as the log says");
}

TEST_F(ReconcileTest, AnArchiveThatNoEventNamesIsFoundUnderItsMedium) {
  const fs::path packed = archive();
  const std::string medium = packed.filename().string().substr(0, 32);
  const auto events = lines_of(site_.must({"log", "--type", "archive_success", "--json"}));
  ASSERT_EQ(events.size(), 1U);
  append(medium, events::Retraction{Json::parse(events[0])["seq"], "it was another disk's"});
  EXPECT_EQ(reconcile(3), Lines{"archive_unrecorded " + packed.string()});
  EXPECT_EQ(last_["medium"], medium);
}

TEST_F(ReconcileTest, AMediumWhoseStoryCannotBeReadIsNamedAndTheOthersAreCompared) {
  const fs::path packed = archive();
  const std::string medium = packed.filename().string().substr(0, 32);
  events::SystemClock clock;
  auto log = events::open_rocks_log({site_.temp / "home/log"}, clock);
  ASSERT_TRUE(log.has_value());
  events::NewEvent event;
  event.id = events::new_event_id(clock);
  event.type = "retraction";
  event.medium = {medium};
  event.data = R"({"retracts":"x"})";
  const auto seq = (*log)->append_one(event);
  ASSERT_TRUE(seq.has_value());
  log->reset();
  fs::rename(raw(), site_.temp / "away");
  const auto told = reconcile(3);
  const std::string unreadable = "event_unreadable event " + std::to_string(seq->value);
  EXPECT_NE(std::find(told.begin(), told.end(), unreadable), told.end()) << last_.dump();
  EXPECT_NE(std::find(told.begin(), told.end(), "source_kept_elsewhere " + raw().string()),
            told.end());
}

TEST_F(ReconcileTest, FindsSourcesThatAreGoneOrChangedAndSaysWhereTheirContentIs) {
  fs::rename(image(), site_.temp / "away");
  EXPECT_EQ(reconcile(0), Lines{"source_kept_elsewhere " + image().string()}) << "it is archived";
  EXPECT_EQ(last_["note"], true);
  const fs::path packed = archive();
  fs::rename(packed, site_.temp / "archive");
  EXPECT_EQ(reconcile(3),
            (Lines{"archive_missing " + packed.string(), "source_missing " + image().string()}));
  fs::rename(site_.temp / "archive", packed);
  fs::rename(site_.temp / "away", image());
  fs::resize_file(image(), kImageBytes + 512);
  EXPECT_EQ(reconcile(3), Lines{"source_size " + image().string()});
  fs::resize_file(image(), kImageBytes);
  const std::string names = read_file(raw());
  fs::resize_file(raw(), names.size() - 1);
  EXPECT_EQ(reconcile(3), Lines{"source_size " + raw().string()});
  fs::remove(raw());
  EXPECT_EQ(reconcile(0), Lines{"source_kept_elsewhere " + raw().string()}) << "it is in the log";
  write_file(raw(), names);
  expect_clean("all of them");
}

TEST_F(ReconcileTest, NeedsNoLockOfTheLogAndLeavesItAsItIs) {
  const std::string before = site_.must({"log", "--json"});
  {
    events::SystemClock clock;
    auto held = events::open_rocks_log({site_.temp / "home/log"}, clock);
    ASSERT_TRUE(held.has_value());
    EXPECT_EQ(reconcile(0), Lines{});
  }
  EXPECT_EQ(site_.must({"log", "--json"}), before);
}

TEST(ReconcileCrash, WhereverARunIsKilledNothingIsCalledMissingOrUnknownAndARerunMendsIt) {
  Site site;
  const fs::path tree = site.temp / "tree";
  fs::create_directories(tree);
  for (int i = 0; i < 40; ++i) write_file(tree / std::to_string(i), "content " + std::to_string(i));
  const auto kinds = [&site](int* exit_code) {
    const auto result = site.ntt({"reconcile", "--json"});
    *exit_code = result.exit_code;
    std::map<std::string, int> counts;
    for (const auto& line : lines_of(result.out)) counts[Json::parse(line)["kind"]] += 1;
    return counts;
  };
  int killed = 0;
  int exit_code = 0;
  for (int n = 1;; ++n) {
    ASSERT_LT(n, 200);
    const auto run = site.ntt({"run", "--dir", tree.string(), "--no-project"},
                              {{"LD_PRELOAD", NTT_KILL_AT_SYNC},
                               {"NTT_TEST_KILL_AT_SYNC", std::to_string(n)},
                               {"ASAN_OPTIONS", "verify_asan_link_order=0"}});
    if (run.exit_code != 128 + SIGKILL) break;
    killed += 1;
    const auto counts = kinds(&exit_code);
    if (exit_code == 1) continue;  // killed before there was a log
    for (const auto& [kind, count] : counts) {
      EXPECT_TRUE(kind == "blob_unrecorded" || kind == "store_temporary" || kind == "summary")
          << count << " " << kind << " after sync " << n;
    }
  }
  EXPECT_GT(killed, 3);
  kinds(&exit_code);
  EXPECT_EQ(exit_code, 0);
}

}  // namespace
}  // namespace ntt::tests
