// Settings: which layer wins, what the names are, and what is said about wrong ones.

#include "tools/ntt/settings.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace ntt::tools {
namespace {

class SettingsTest : public testing::Test {
 protected:
  SettingsTest() {
    environment_["HOME"] = home_.path().string();
    std::filesystem::create_directories(home_ / ".config/ntt");
  }
  void write_config(const std::string& text) {
    tests::write_file(home_ / ".config/ntt/ntt.toml", text);
  }
  [[nodiscard]] events::Result<Settings> resolve() const {
    return resolve_settings(flags_, [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment_.find(name);
      if (found == environment_.end()) return std::nullopt;
      return found->second;
    });
  }

  tests::TempDir home_;
  SettingValues flags_;
  std::map<std::string, std::string> environment_;
};

TEST_F(SettingsTest, WithoutAnyEverythingLiesUnderOneHome) {
  const auto settings = resolve();
  ASSERT_TRUE(settings);
  const auto home = home_ / ".local/share/ntt";
  EXPECT_EQ(settings->home, home);
  EXPECT_EQ(settings->log_directory, home / "log");
  EXPECT_EQ(settings->by_hash_root, home / "by-hash");
  EXPECT_EQ(settings->key_root, home / "key");
  EXPECT_EQ(settings->images_root, home / "archives");
  EXPECT_EQ(settings->image_root, home / "img");
  EXPECT_EQ(settings->raw_root, home / "raw");
  EXPECT_EQ(settings->db_url, "");
  EXPECT_EQ(settings->lock_wait, std::chrono::seconds(10));
}

TEST_F(SettingsTest, FlagWinsOverEnvironmentWinsOverFileWinsOverDefault) {
  write_config("by_hash_root = '/from/file'\n");
  EXPECT_EQ(resolve()->by_hash_root, "/from/file");
  environment_["NTT_BY_HASH_ROOT"] = "/from/environment";
  EXPECT_EQ(resolve()->by_hash_root, "/from/environment");
  flags_["by_hash_root"] = "/from/flag";
  EXPECT_EQ(resolve()->by_hash_root, "/from/flag");
}

TEST_F(SettingsTest, NamesThatOperatorsHaveSetKeepTheirMeaning) {
  environment_["NTT_DB_URL"] = "postgresql:///copyjob";
  environment_["NTT_IMAGE_ROOT"] = "/a";
  environment_["NTT_RAW_ROOT"] = "/b";
  environment_["NTT_BY_HASH_ROOT"] = "/c";
  environment_["NTT_IMAGES_ROOT"] = "/d";
  environment_["NTT_IGNORE_PATTERNS"] = "/e";
  environment_["NTT_LOG_URL"] = "rocksdb:/f";
  const auto settings = resolve();
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->db_url, "postgresql:///copyjob");
  EXPECT_EQ(settings->image_root, "/a");
  EXPECT_EQ(settings->raw_root, "/b");
  EXPECT_EQ(settings->by_hash_root, "/c");
  EXPECT_EQ(settings->images_root, "/d");
  EXPECT_EQ(settings->ignore_patterns, "/e");
  EXPECT_EQ(settings->log_directory, "/f");
}

TEST_F(SettingsTest, RootsFollowTheHome) {
  flags_["home"] = "/srv/ntt/";
  EXPECT_EQ(resolve()->by_hash_root, "/srv/ntt/by-hash");
  EXPECT_EQ(resolve()->cluster_directory(), "/srv/ntt/pg");
}

TEST_F(SettingsTest, AWrongValueIsRefusedWithItsNameItsPlaceAndWhatItMayBe) {
  environment_["NTT_LOG_LEVEL"] = "loud";
  const auto settings = resolve();
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().message,
            "log_level is 'loud' (from NTT_LOG_LEVEL), but has to be one of debug, info, warn, "
            "error, off");
}

TEST_F(SettingsTest, WaitIsANumberOfSeconds) {
  flags_["lock_wait"] = "0.25";
  EXPECT_EQ(resolve()->lock_wait, std::chrono::milliseconds(250));
  for (const char* wrong : {"", "soon", "1s", "-1", "nan"}) {
    flags_["lock_wait"] = wrong;
    EXPECT_FALSE(resolve()) << wrong;
  }
}

TEST_F(SettingsTest, AnUnknownNameInTheFileIsRefused) {
  write_config("by_hash_rot = '/typo'\n");
  const auto settings = resolve();
  ASSERT_FALSE(settings);
  EXPECT_NE(settings.error().message.find("by_hash_rot"), std::string::npos);
}

TEST_F(SettingsTest, ABrokenFileIsRefusedWithItsLine) {
  write_config("lock_wait = 3\nhome = \n");
  const auto settings = resolve();
  ASSERT_FALSE(settings);
  EXPECT_NE(settings.error().message.find("ntt.toml:2"), std::string::npos)
      << settings.error().message;
}

TEST_F(SettingsTest, NumbersAndSwitchesOfTheFileNeedNoQuotes) {
  write_config("lock_wait = 3\nlog_json = true\n");
  const auto settings = resolve();
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->lock_wait, std::chrono::seconds(3));
  EXPECT_TRUE(settings->log_json);
}

}  // namespace
}  // namespace ntt::tools
