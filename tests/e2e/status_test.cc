// The word that `ntt status` has for a medium, from the events that ntt itself recorded.

#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/images.h"
#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class StatusTest : public testing::Test {
 protected:
  StatusTest() {
    fs::create_directories(site.temp / "tree");
    write_file(site.temp / "tree/one", "one");
    write_file(site.temp / "tree/two", "two");
    make_ext4(image(), site.temp / "tree", 0, 4 << 20);
  }
  [[nodiscard]] fs::path image() const { return site.temp / "disk.img"; }
  CommandResult run(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"run", "--image", image().string(), "--no-project"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return site.ntt(arguments);
  }
  Json status() {
    const std::string out = site.must({"status", "--json"});
    return out.empty() ? Json::object() : Json::parse(out);
  }
  // The same word stands in the table and, with what it rests on, in the medium's own page.
  void expect_state(const std::string& word, const Json& stage) {
    const Json json = status();
    EXPECT_EQ(json["state"], word) << json["state_why"];
    EXPECT_EQ(json["state_stage"], stage);
    EXPECT_NE(site.must({"status"}).find("  " + word + "  "), std::string::npos);
    EXPECT_NE(site.must({"status", json["medium"]}).find("\nstate         " + word),
              std::string::npos);
  }

  Site site;
};

TEST_F(StatusTest, TellsWhatWasNeverTriedFromWhatWasAttemptedAndWhatIsComplete) {
  run({"--until", "identify"});
  expect_state("never tried", nullptr);
  EXPECT_TRUE(status()["state_at"].is_null());
  run({"--until", "load"});
  expect_state("attempted but not completed", "load");
  EXPECT_EQ(status()["state_at"], status()["enum_done"]);
  EXPECT_EQ(status()["state_why"], "its files are not copied");
  run({"--until", "copy"});
  expect_state("complete", "copy");
  EXPECT_NE(status()["next"].get<std::string>().find("(to verify)"), std::string::npos);
  run();
  expect_state("complete", "copy");
  EXPECT_EQ(status()["state_at"], status()["copy_done"]);
  EXPECT_TRUE(status()["state_why"].is_null());
  EXPECT_TRUE(status()["next"].is_null());
}

TEST_F(StatusTest, AFailedArchiveFailsTheMediumUntilItIsMade) {
  run({"--until", "identify"});
  const fs::path archive =
      site.temp / "home/archives" / (status()["medium"].get<std::string>() + ".tar.zst");
  fs::create_directories(archive.parent_path());
  write_file(archive, "not ours");
  EXPECT_EQ(run().exit_code, 1);
  expect_state("failed", "archive");
  EXPECT_EQ(status()["state_why"].get<std::string>().rfind("archive_exists: ", 0), 0U);
  EXPECT_FALSE(status()["copy_done"].is_null());
  fs::remove(archive);
  run();
  expect_state("complete", "copy");
}

TEST_F(StatusTest, DamageThatVerifyFindsFailsTheMedium) {
  run({"--until", "copy"});
  const fs::path blob = site.temp / "home/by-hash" / site.blobs().front();
  fs::permissions(blob, fs::perms(0644));
  write_file(blob, "One");
  EXPECT_EQ(run().exit_code, 3);
  expect_state("failed", "verify");
  EXPECT_EQ(status()["state_at"], status()["verify_done"]);
}

TEST_F(StatusTest, ARunThatIsAtWorkIsRunningAndOneThatWasKilledIsInterrupted) {
  fs::resize_file(site.temp / "tree/one", 256 << 20);  // long enough to be seen
  Process process(site.command({"run", "--dir", (site.temp / "tree").string(), "--no-project"}),
                  site.options());
  const auto look = [this] {
    const CommandResult looked = site.ntt({"status", "--json"});
    const bool has_medium = looked.exit_code == 0 && !looked.out.empty();
    return has_medium ? Json::parse(looked.out) : Json{{"state", "none"}};
  };
  while (process.is_running() && look()["state"] != "running") {
  }
  process.signal(SIGSTOP);  // held still while it is looked at
  const Json seen = look();
  ASSERT_EQ(seen["state"], "running") << "it ended before it was seen";
  EXPECT_FALSE(seen["state_at"].is_null());
  EXPECT_TRUE(seen["next"].is_null());
  process.signal(SIGKILL);
  process.wait();
  expect_state("interrupted", seen["state_stage"]);
  EXPECT_EQ(status()["state_at"], seen["state_at"]);
  site.must({"run", "--dir", (site.temp / "tree").string(), "--no-project"});
  expect_state("complete", "copy");
}

}  // namespace
}  // namespace ntt::tests
