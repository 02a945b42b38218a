// The private cluster starts by itself, once, in any directory.

#include "projector/private_cluster.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "projector/os_user.h"
#include "projector/partition_names.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::projector {
namespace {

using tests::CommandResult;
using tests::run_command;
using tests::TempDir;

std::string ask(const std::string& url, const std::string& sql) {
  return tests::output_of({"psql", url, "-XAtc", sql});
}

TEST(PrivateCluster, StartsOnDemandAndStops) {
  const TempDir directory;
  PrivateCluster cluster(directory / "home" / "pg");
  EXPECT_FALSE(cluster.is_running());
  EXPECT_TRUE(cluster.stop());
  auto started = cluster.ensure_running();
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_TRUE(cluster.is_running());
  EXPECT_EQ(ask(cluster.owner_url(), "SELECT current_user, current_database()"),
            "ntt_projector|ntt\n");
  EXPECT_EQ(ask(cluster.reader_url(), "SHOW default_transaction_read_only"), "on\n");
  EXPECT_EQ(ask(cluster.owner_url(),
                "SELECT string_agg(setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN "
                "('listen_addresses', 'fsync', 'wal_level', 'TimeZone', 'data_checksums', "
                "'lc_collate')"),
            "UTC on on C  minimal\n");
  ASSERT_TRUE(cluster.stop());
  EXPECT_FALSE(cluster.is_running());
  ASSERT_TRUE(PrivateCluster(directory / "home" / "pg").ensure_running());
  EXPECT_TRUE(cluster.is_running());
  EXPECT_TRUE(cluster.stop());
}

TEST(PrivateCluster, ManyMayStartItAtOnce) {
  const TempDir directory;
  std::vector<std::jthread> starters;
  for (int i = 0; i < 4; ++i) {
    starters.emplace_back([&] {
      PrivateCluster cluster(directory / "pg");
      const auto started = cluster.ensure_running();
      EXPECT_TRUE(started) << started.error().message;
    });
  }
  starters.clear();
  PrivateCluster cluster(directory / "pg");
  EXPECT_EQ(ask(cluster.owner_url(), "SELECT 1"), "1\n");
  EXPECT_TRUE(cluster.stop());
}

TEST(PrivateCluster, ADirectoryWithALongPathWorks) {
  const TempDir directory;
  PrivateCluster cluster(directory / std::string(100, 'a') / "it's & 100% \"odd\"");
  const auto started = cluster.ensure_running();
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_EQ(ask(cluster.owner_url(), "SELECT 1"), "1\n");
  EXPECT_TRUE(cluster.stop());
}

TEST(PrivateCluster, ADirectoryWithAnOddNameWorks) {
  const TempDir directory;
  PrivateCluster cluster(directory / "it's & 100% \"odd\"/");
  const auto started = cluster.ensure_running();
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_EQ(ask(cluster.owner_url(), "SELECT 1"), "1\n");
  EXPECT_TRUE(cluster.stop());
}

TEST(PrivateCluster, ACutOffFirstStartIsMadeGood) {
  const TempDir directory;
  std::filesystem::create_directories(directory / "pg" / "data.new" / "base");
  PrivateCluster cluster(directory / "pg");
  const auto started = cluster.ensure_running();
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_TRUE(cluster.stop());
}

TEST(PrivateCluster, ForRootTheDataLieWhereTheServersUserCanReachThem) {
  if (geteuid() != 0) GTEST_SKIP() << "only root needs this";
  const TempDir directory;
  std::filesystem::create_directory(directory / "closed");
  ASSERT_EQ(chmod((directory / "closed").c_str(), 0700), 0);
  PrivateCluster cluster(directory / "closed" / "pg");
  const auto started = cluster.ensure_running();
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_EQ(ask(cluster.owner_url(), "SELECT 1"), "1\n");
  const std::string place = tests::read_file(directory / "closed" / "pg" / "location");
  EXPECT_EQ(place.substr(0, 19), "/var/lib/ntt-pg-" + place.substr(16, 3));
  EXPECT_TRUE(cluster.stop());
  std::filesystem::remove_all(place.substr(0, place.size() - 1));
}

TEST(PrivateCluster, AServerThatCannotStartSaysWhy) {
  const TempDir directory;
  PrivateCluster cluster(directory / "pg");
  ASSERT_TRUE(cluster.ensure_running());
  ASSERT_TRUE(cluster.stop());
  const auto settings = directory / "pg" / "data" / "postgresql.conf";
  tests::write_file(settings, tests::read_file(settings) + "\nshared_buffers = plenty\n");
  const auto started = cluster.ensure_running();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, events::Errc::unavailable);
  EXPECT_NE(started.error().message.find("shared_buffers"), std::string::npos);
}

TEST(PartitionNames, AreDistinctSafeAndInTheOrderOfAsking) {
  PartitionNames names;
  EXPECT_EQ(names.assign({"0123456789abcdef0123456789abcdef"}), "01234567");
  EXPECT_EQ(names.assign({"0123456789abcdef0123456789abcdee"}), "012345678");
  EXPECT_EQ(names.assign({"01234567ffffffffffffffffffffffff"}), "01234567f");
  EXPECT_EQ(names.assign({"carved_sda_20251013"}), "carved_s");
  EXPECT_EQ(names.assign({"carved_sdb_20251013"}), "carved_sd");
  EXPECT_EQ(names.assign({"X.y-z"}), "x_y_z");
  EXPECT_EQ(names.assign({"x_y_z"}), "x_y_z_2");
  const std::string twin(100, 'a');
  std::set<std::string> assigned;
  for (int i = 0; i < 50; ++i) assigned.insert(names.assign({twin + std::to_string(i)}));
  EXPECT_EQ(assigned.size(), 50U);
  for (const std::string& name : assigned) EXPECT_LE(("inode_p_" + name + "_blobid").size(), 63U);
}

}  // namespace
}  // namespace ntt::projector
