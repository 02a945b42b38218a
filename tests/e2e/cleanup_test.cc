// Deleting with the real program: what goes, what stays, and what one wrong byte stops.

#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "events/emitter.h"
#include "events/rocks_log.h"
#include "tests/e2e/images.h"
#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;
using events::Origin;
using events::Sequence;
using Json = nlohmann::json;

void flip_byte(const fs::path& file, std::size_t at) {
  std::string bytes = read_file(file);
  bytes.at(at) = static_cast<char>(bytes[at] ^ 1);
  const auto permissions = fs::status(file).permissions();
  fs::permissions(file, fs::perms::owner_all);
  write_file(file, bytes);
  fs::permissions(file, permissions);
}

class CleanupTest : public testing::Test {
 protected:
  CleanupTest() {
    fs::create_directories(temp / "tree");
    write_file(temp / "tree/one", "one");
    write_file(temp / "tree/two", "two");
    make_ext4(image, temp / "tree", 0, 4 << 20);
    write_file(mapfile, "# Mapfile. Created by GNU ddrescue\n0x0 + 1\n0x00000000  0x00400000  +\n");
  }

  void take_in(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"run", "--image", image.string(), "--no-project"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    site.must(arguments);
  }
  // The candidates of each kind, and the exit code.
  std::map<std::string, Json> cleanup(int exit_code, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"cleanup", "--json", "--no-project"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CommandResult result = site.ntt(arguments);
    EXPECT_EQ(result.exit_code, exit_code) << result.out << result.err;
    std::map<std::string, Json> found;
    for (const std::string& line : lines_of(result.out)) {
      Json candidate = Json::parse(line);
      found[candidate["kind"]] = candidate;
    }
    return found;
  }
  std::vector<Json> events(const std::string& type) {
    std::vector<Json> found;
    for (const std::string& line : lines_of(site.must({"log", "--type", type, "--json"}))) {
      found.push_back(Json::parse(line));
    }
    return found;
  }
  Json status() { return Json::parse(site.must({"status", "--json"})); }
  fs::path archive() {
    return site.temp / "home/archives" / (status()["medium"].get<std::string>() + ".tar.zst");
  }
  // --yes refuses, says why, and leaves everything in its place.
  void expect_refused(const std::string& why) {
    const auto found = cleanup(1, {"--yes"});
    EXPECT_EQ(found.at("image")["outcome"], "refused") << found.at("image");
    EXPECT_NE(found.at("image")["why"].get<std::string>().find(why), std::string::npos)
        << found.at("image");
    EXPECT_TRUE(fs::exists(image));
    EXPECT_TRUE(fs::exists(mapfile));
    EXPECT_TRUE(events("cleanup_*").empty());
  }
  // Appends an event that somebody claims, not what ntt saw.
  Sequence claim(const std::string& type, const std::string& data, Origin origin) {
    events::SystemClock clock;
    events::RocksLogOptions options;
    options.directory = site.temp / "home/log";
    auto log = events::open_rocks_log(options, clock);
    EXPECT_TRUE(log);
    events::NewEvent event;
    event.id = events::new_event_id(clock);
    event.type = type;
    event.medium = {medium};
    event.occurred_at = clock.now();
    event.origin = origin;
    event.data = data;
    return *(*log)->append_one(event);
  }

  Site site;
  const fs::path& temp = site.temp.path();
  const fs::path image = temp / "disk.img";
  const fs::path mapfile = temp / "disk.img.map";
  std::string medium;
};

TEST_F(CleanupTest, WithoutYesItSaysWhatMayGoAndDeletesNothing) {
  take_in({"--until", "copy"});
  EXPECT_EQ(cleanup(0).at("image")["why"], "it is not archived");
  take_in();
  const std::string log = site.must({"log"});
  const auto found = cleanup(0);
  EXPECT_EQ(found.at("image")["deletable"], true) << found.at("image");
  EXPECT_EQ(found.at("image")["bytes"], 4 << 20);
  EXPECT_EQ(found.at("image")["evidence"].size(), 4U);
  EXPECT_TRUE(found.at("image")["outcome"].is_null());
  EXPECT_EQ(found.at("mapfile")["deletable"], true);
  EXPECT_EQ(found.at("archive")["deletable"], false);
  EXPECT_EQ(found.at("archive")["why"], "it is the evidence copy of the image");
  EXPECT_TRUE(fs::exists(image));
  EXPECT_EQ(site.must({"log"}), log);
}

TEST_F(CleanupTest, ImageAndMapfileGoAndEverythingElseStaysAndMakesSense) {
  take_in();
  const std::string digest = output_of({"b3sum", "--no-names", image.string()}).substr(0, 64);
  const Json before = status();
  const auto blobs = site.blobs();
  const auto found = cleanup(0, {"--yes"});
  EXPECT_EQ(found.at("image")["outcome"], "deleted");
  EXPECT_EQ(found.at("mapfile")["outcome"], "deleted");
  EXPECT_TRUE(found.at("archive")["outcome"].is_null());
  EXPECT_FALSE(fs::exists(image));
  EXPECT_FALSE(fs::exists(mapfile));
  EXPECT_EQ(site.blobs(), blobs);

  // Intent before outcome, and each says what it rests on.
  const auto starts = events("cleanup_start");
  const auto ends = events("cleanup_done");
  ASSERT_EQ(starts.size(), 2U);
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_EQ(starts[0]["data"]["kind"], "image");
  EXPECT_EQ(starts[0]["data"]["blake3"], digest);
  EXPECT_EQ(ends[0]["cause"], starts[0]["seq"]);
  EXPECT_EQ(ends[0]["data"]["path"], image.string());
  EXPECT_EQ(found.at("image")["event"], ends[0]["seq"]);
  const auto verify = events("verify_success").back();
  EXPECT_EQ(starts[0]["data"]["evidence"].back(), verify["seq"]) << "it was verified just before";

  const Json after = status();
  EXPECT_EQ(after["state"], "complete");
  EXPECT_TRUE(after["next"].is_null());
  EXPECT_EQ(after["stages"]["cleanup"], "done");
  EXPECT_EQ(after["image_path"], image.string());
  EXPECT_EQ(after["image_deleted_seq"], ends[0]["seq"]);
  for (const char* same : {"enum_done", "copy_done", "archive_done", "generation"}) {
    EXPECT_EQ(after[same], before[same]) << same;
  }
  // The same command finds everything done; nothing else misses the image.
  take_in();
  EXPECT_EQ(events("enum_skip").back()["data"]["reason"], "image_deleted");
  EXPECT_EQ(events("*_error").size(), 0U);
  EXPECT_EQ(status()["state"], "complete");
  site.must({"project"});
  for (const char* check : {"reconcile", "audit"}) {
    EXPECT_EQ(site.ntt({check}).exit_code, 0) << check;
  }
  EXPECT_EQ(site.ntt({"verify", "tables"}).exit_code, 0);
  EXPECT_EQ(site.sql("SELECT count(*) FROM stage_attempt WHERE stage = 'cleanup'"), "2");
  EXPECT_EQ(cleanup(0, {"--yes"}).at("image")["deletable"], false);
  // What was deleted comes back from the archive, byte for byte.
  output_of({"sh", "-c", "zstd -dc " + archive().string() + " | tar x -C " + temp.string()});
  EXPECT_EQ(output_of({"b3sum", "--no-names", image.string()}).substr(0, 64), digest);
  EXPECT_EQ(cleanup(0, {"--yes"}).at("image")["outcome"], "deleted");
}

TEST_F(CleanupTest, ARunThatNeedsTheDeletedImageSaysWhereItIs) {
  take_in();
  cleanup(0, {"--yes"});
  const CommandResult run = site.ntt({"run", "--image", image.string(), "--force"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_NE(run.out.find("unpack it from its archive"), std::string::npos) << run.out << run.err;
  EXPECT_FALSE(status()["copy_done"].is_null());
}

TEST_F(CleanupTest, OneFlippedByteOfTheArchiveIsRefusedAlsoAfterItWasVerified) {
  take_in();
  flip_byte(archive(), fs::file_size(archive()) / 2);
  expect_refused("ARCHIVE DAMAGED");
  EXPECT_EQ(status()["state"], "failed");
  EXPECT_EQ(cleanup(0, {"--yes"}).at("image")["deletable"], false) << "the log knows it now";
}

TEST_F(CleanupTest, AMissingArchiveIsRefused) {
  take_in();
  fs::remove(archive());
  expect_refused("ARCHIVE DAMAGED");
}

TEST_F(CleanupTest, AnArchiveThatIsALinkIsRefused) {
  take_in();
  fs::rename(archive(), temp / "elsewhere");
  fs::create_symlink(temp / "elsewhere", archive());
  cleanup(1, {"--yes"});
  EXPECT_TRUE(fs::exists(image));
}

TEST_F(CleanupTest, OneFlippedByteOfABlobIsRefusedAlsoAfterItWasVerified) {
  take_in();
  flip_byte(temp / "home/by-hash" / site.blobs().front(), 1);
  expect_refused("FOUND DAMAGE: 1 mismatched");
}

TEST_F(CleanupTest, AnImageThatChangedSinceItWasArchivedIsRefused) {
  take_in();
  flip_byte(image, 3 << 20);
  expect_refused("it is not the image that was archived");
  EXPECT_EQ(events("verify_success").size(), 1U) << "nothing else was read in vain";
}

TEST_F(CleanupTest, AMapfileThatChangedSinceItWasArchivedStays) {
  take_in();
  write_file(mapfile, read_file(mapfile) + "# a note\n");
  const auto found = cleanup(1, {"--yes"});
  EXPECT_EQ(found.at("image")["outcome"], "deleted");
  EXPECT_EQ(found.at("mapfile")["outcome"], "refused");
  EXPECT_TRUE(fs::exists(mapfile));
}

TEST_F(CleanupTest, ALinkIsNotDeletedNorWhatItPointsTo) {
  take_in();
  fs::rename(image, temp / "real.img");
  fs::create_symlink(temp / "real.img", image);
  EXPECT_EQ(cleanup(0, {"--yes"}).at("image")["why"], "it is a symbolic link");
  EXPECT_TRUE(fs::is_symlink(image));
  EXPECT_TRUE(fs::exists(temp / "real.img"));
}

TEST_F(CleanupTest, WhatAnotherMediumNamesOrLiesInItsDirectoryStays) {
  take_in();
  medium = status()["medium"];
  site.must({"run", "--dir", temp.string(), "--until", "identify", "--no-project"});
  const auto found = cleanup(0, {medium, "--yes"});
  EXPECT_NE(found.at("image")["why"].get<std::string>().find("names it, too"), std::string::npos);
  EXPECT_TRUE(fs::exists(image));
}

TEST_F(CleanupTest, ADirectoryStays) {
  site.must({"run", "--dir", (temp / "tree").string(), "--no-project"});
  EXPECT_EQ(cleanup(0, {"--yes"}).at("source")["why"], "a directory is never deleted");
  EXPECT_TRUE(fs::exists(temp / "tree/one"));
}

TEST_F(CleanupTest, ADeviceAListingAndARelativePathStayWhateverTheLogCallsThem) {
  take_in();
  medium = "device01";
  Json identified = events("medium_identified").back()["data"];
  const auto why_not = [&](const std::string& kind, const std::string& path) {
    identified["source"] = {{"kind", kind}, {"path", path}};
    claim("medium_identified", identified.dump(), Origin::native);
    const auto found = cleanup(0, {medium, "--yes"});
    EXPECT_EQ(found.size(), 1U);
    EXPECT_EQ(found.begin()->second["deletable"], false);
    return found.begin()->second["why"].get<std::string>();
  };
  EXPECT_EQ(why_not("image", "/dev/null"), "it is a device");
  EXPECT_EQ(why_not("image", (temp / "tree").string()), "it is a directory");
  EXPECT_EQ(why_not("image", "disk.img"), "its path is not absolute");
  EXPECT_EQ(why_not("device", "/dev/null"), "a device is never deleted");
  EXPECT_EQ(why_not("raw", (temp / "tree/one").string()),
            "the log does not have its entries: nothing proves that it is what was read");
}

TEST_F(CleanupTest, AnEarlierArchiveGoesWhenANewerOneHoldsTheSame) {
  take_in();
  const fs::path earlier = archive();
  const Site::Environment elsewhere = {{"NTT_IMAGES_ROOT", (temp / "archives").string()}};
  site.must({"run", "--image", image.string(), "--no-project"}, elsewhere);
  const std::string out = site.must({"cleanup", "--yes", "--no-project"});
  EXPECT_FALSE(fs::exists(earlier)) << out;
  EXPECT_TRUE(fs::exists(temp / "archives" / earlier.filename()));
  EXPECT_FALSE(fs::exists(image));
}

TEST_F(CleanupTest, AClaimOpensNothingUntilNttItselfHasVerified) {
  for (const Origin origin : {Origin::imported, Origin::backfilled}) {
    take_in();
    medium = status()["medium"];
    // An archive that somebody says was made and compared, in the place of the one that was.
    const Json archived = events("archive_success").back();
    claim("retraction",
          Json{{"retracts", archived["seq"]}, {"why", "to be claimed instead"}}.dump(),
          Origin::native);
    const Sequence claimed = claim("archive_success", archived["data"].dump(), origin);
    EXPECT_NE(cleanup(0, {"--yes"})
                  .at("image")["why"]
                  .get<std::string>()
                  .find("is not of the current archive"),
              std::string::npos);
    // And a verify of it, of the same worth.
    Json verify = events("verify_success").back()["data"];
    verify["archive"] = claimed.value;
    claim("verify_success", verify.dump(), origin);
    EXPECT_NE(cleanup(0, {"--yes"})
                  .at("image")["why"]
                  .get<std::string>()
                  .find("is a claim that ntt did not see"),
              std::string::npos);
    EXPECT_TRUE(fs::exists(image));
    take_in();
    EXPECT_EQ(cleanup(0).at("image")["deletable"], true);
  }
  EXPECT_EQ(cleanup(0, {"--yes"}).at("image")["outcome"], "deleted");
}

TEST_F(CleanupTest, AnArchiveThatOnlyAClaimSaysHoldsTheImageIsUnpackedAndRefused) {
  take_in();
  medium = status()["medium"];
  const Json archived = events("archive_success").back();
  claim("retraction", Json{{"retracts", archived["seq"]}, {"why", "to be claimed instead"}}.dump(),
        Origin::native);
  // The file has the digest that is claimed of it, and something else in it than is claimed.
  fs::remove(archive());
  write_file(temp / "tree/disk.img", "not the image");
  output_of(
      {"sh", "-c",
       "tar c -C " + (temp / "tree").string() + " disk.img | zstd -q -o " + archive().string()});
  Json claimed = archived["data"];
  claimed["bytes"] = fs::file_size(archive());
  claimed["blake3"] = output_of({"b3sum", "--no-names", archive().string()}).substr(0, 64);
  claim("archive_success", claimed.dump(), Origin::backfilled);
  take_in();
  EXPECT_EQ(events("verify_success").back()["data"]["archive_intact"], true);
  EXPECT_EQ(cleanup(0).at("image")["deletable"], true) << "by the log alone";
  expect_refused("is not what was written");
}

TEST_F(CleanupTest, KilledBetweenIntentAndDeletionItIsInterruptedAndARerunFinishesIt) {
  take_in();
  for (int n = 1; events("cleanup_start").empty(); ++n) {
    const CommandResult killed = site.ntt({"cleanup", "--yes", "--no-project"},
                                          {{"LD_PRELOAD", NTT_KILL_AT_SYNC},
                                           {"NTT_TEST_KILL_AT_SYNC", std::to_string(n)},
                                           {"ASAN_OPTIONS", "verify_asan_link_order=0"}});
    ASSERT_EQ(killed.exit_code, 128 + SIGKILL) << "it ended before it was killed";
  }
  EXPECT_TRUE(events("cleanup_done").empty());
  ASSERT_TRUE(fs::exists(image));
  EXPECT_EQ(status()["stages"]["cleanup"], "interrupted");
  EXPECT_EQ(status()["state"], "complete");
  EXPECT_NE(status()["next"].get<std::string>().find("its cleanup was interrupted"),
            std::string::npos);
  EXPECT_EQ(Json::parse(lines_of(site.must({"runs", "--json"}))[0])["outcome"], "interrupted");
  EXPECT_NE(site.must({"timeline", status()["medium"]}).find("no end"), std::string::npos);
  fs::path kept = temp / "kept";
  fs::copy(temp / "home", kept, fs::copy_options::recursive);

  // Killed before the file went: it is judged and read again, then deleted.
  EXPECT_EQ(cleanup(0, {"--yes"}).at("image")["outcome"], "deleted");
  EXPECT_EQ(status()["stages"]["cleanup"], "done");
  const std::string why = cleanup(0, {"--yes"}).at("image")["why"];
  EXPECT_EQ(why.rfind("it was deleted (event ", 0), 0U) << why;

  // Killed after it: what was begun gets its end.
  fs::remove_all(temp / "home");
  fs::copy(kept, temp / "home", fs::copy_options::recursive);
  ASSERT_FALSE(fs::exists(image));
  EXPECT_NE(cleanup(0).at("image")["why"].get<std::string>().find("has no end"), std::string::npos);
  const auto found = cleanup(0, {"--yes"});
  EXPECT_EQ(found.at("image")["outcome"], "gone");
  const auto ends = events("cleanup_done");
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0]["cause"], events("cleanup_start")[0]["seq"]);
  EXPECT_EQ(status()["stages"]["cleanup"], "done");
  take_in();
  EXPECT_EQ(status()["state"], "complete");
}

TEST_F(CleanupTest, AFileThatCannotBeDeletedIsAnErrorInTheLog) {
  take_in();
  // Unlinking what is immutable fails for everybody.
  const fs::path& held = image;
  if (run_command({"chattr", "+i", held.string()}).exit_code != 0) {
    GTEST_SKIP() << "this file system has no immutable files";
  }
  const auto found = cleanup(1, {"--yes"});
  run_command({"chattr", "-i", held.string()});
  EXPECT_EQ(found.at("image")["outcome"], "failed");
  EXPECT_EQ(found.at("mapfile")["outcome"], "refused");
  EXPECT_EQ(events("cleanup_error").size(), 1U);
  EXPECT_EQ(status()["stages"]["cleanup"], "failed");
  EXPECT_EQ(status()["state"], "complete");
  EXPECT_EQ(cleanup(0, {"--yes"}).at("image")["outcome"], "deleted");
}

}  // namespace
}  // namespace ntt::tests
