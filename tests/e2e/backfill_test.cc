// Adopting what the earlier system left: 99 media that finished, most of them without anyone
// writing it down, and those beside them that did not.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/e2e/legacy_site.h"

namespace ntt::tests {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

// BLAKE3 of 1 MiB of zeros, as b3sum has it.
const std::string kBlankDisk = "488de202f73bd976de4e7048f4e1f39a";
const std::string kBatchTime = "2025-10-10 22:02:55+00";

std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> lines;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t to = text.find('\n', from);
    lines.push_back(Json::parse(text.substr(from, to - from), nullptr, false));
    from = to + 1;
  }
  return lines;
}

std::string log_line(const std::string& id, const std::string& second, const std::string& stage) {
  return R"({"medium_hash":")" + id + R"(","ts":"2025-10-)" + second + R"(+00:00","stage":")" +
         stage + "\"}\n";
}

class BackfillTest : public ::testing::Test {
 protected:
  // What `ntt backfill` says of each medium.
  std::map<std::string, Json> backfill(std::vector<std::string> more = {}, int exit_code = 0) {
    more.emplace_back("--json");
    std::map<std::string, Json> media;
    const CommandResult result = site.ntt(old.backfill(more));
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    for (Json& line : lines_of(result.out)) {
      if (line.contains("medium")) media[line["medium"]] = line;
    }
    return media;
  }
  // state: media
  std::map<std::string, int> states() {
    std::map<std::string, int> out;
    for (const Json& medium : lines_of(site.must({"status", "--json"}))) {
      out[medium["state"]] += 1;
    }
    return out;
  }
  Json status(const std::string& id) {
    return Json::parse(site.must({"status", id, "--json"}), nullptr, false);
  }
  // `ntt backfill` killed without warning at its n-th sync.
  CommandResult backfill_killed_at(Site& where, int sync) const {
    return where.ntt(old.backfill(), {{"LD_PRELOAD", NTT_KILL_AT_SYNC},
                                      {"NTT_TEST_KILL_AT_SYNC", std::to_string(sync)},
                                      {"ASAN_OPTIONS", "verify_asan_link_order=0"}});
  }
  // What an audit finds.
  std::string audit(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"audit", "--by-hash-root", old.store.string()});
    const CommandResult result = site.ntt(more);
    return result.exit_code == 0 ? "" : result.out + result.err;
  }
  std::string events() { return site.must({"log", "--json"}); }

  Site site;
  LegacySite old{site};
};

LegacyMediumSpec medium(int number, const std::string& name) {
  LegacyMediumSpec spec;
  spec.id = legacy_id(number);
  spec.name = name + "_" + std::to_string(number);
  spec.files = some_legacy_files(spec.name);
  return spec;
}

TEST_F(BackfillTest, NinetyNineMediaThatFinishedAreCompleteAndTheOthersSayWhyNot) {
  std::string log;
  std::vector<LegacyMediumSpec> with_times;
  for (int i = 0; i < 25; ++i) {  // both timestamps, set when it was done
    LegacyMediumSpec spec = medium(i, "both");
    spec.enum_done = "2025-10-05 11:" + std::to_string(10 + i) + ":07.123456+00";
    spec.copy_done = "2025-10-05 12:" + std::to_string(31 + i) + ":59.654321+00";
    if (i % 2 == 0) {
      log += log_line(spec.id, "05T11:" + std::to_string(10 + i) + ":07", "load_success");
      log += log_line(spec.id, "05T12:" + std::to_string(31 + i) + ":59", "copy_success");
    }
    with_times.push_back(spec);
    old.add(spec);
  }
  for (int i = 25; i < 67; ++i) {  // pattern A: neither
    LegacyMediumSpec spec = medium(i, "neither");
    spec.has_raw = true;
    if (i % 2 == 0) {
      log += log_line(spec.id, "05T11:00:03", "load_success");
      log += log_line(spec.id, "05T13:00:05", "copy_success");
    }
    old.add(spec);
  }
  for (int i = 67; i < 99; ++i) {  // pattern B: copy_done by hand, all at once
    LegacyMediumSpec spec = medium(i, "by_hand");
    spec.copy_done = kBatchTime;
    old.add(spec);
  }
  LegacyMediumSpec loaded = medium(100, "loaded");
  for (LegacyFileRow& file : loaded.files) {
    file.copied = file.has_blob = false;
    file.claimed_by = "";
    file.status = "pending";
    file.processed_at = "";
  }
  loaded.has_archive = false;
  LegacyMediumSpec empty = medium(101, "empty_partition");
  empty.files.clear();
  LegacyMediumSpec without = medium(102, "no_partition");
  without.has_partition = without.has_archive = false;
  without.files.clear();
  LegacyMediumSpec half = medium(103, "half");
  half.files[2].copied = half.files[2].has_blob = false;
  half.files[2].status = "pending";
  LegacyMediumSpec no_blob = medium(104, "success_without_blob");
  no_blob.files[2].has_blob = false;
  LegacyMediumSpec truncated = medium(105, "truncated_archive");
  LegacyMediumSpec twice = medium(106, "said_twice");
  twice.files[2].copied = twice.files[2].has_blob = false;
  twice.files[2].status = "pending";
  log += log_line(twice.id, "05T11:00:03", "load_success");
  log += log_line(twice.id, "05T13:00:05", "copy_success");
  log += log_line(twice.id, "05T14:00:05", "copy_success");
  LegacyMediumSpec blank = medium(107, "blank");
  blank.id = kBlankDisk;
  for (const auto& spec : {loaded, empty, without, half, no_blob, truncated, twice, blank}) {
    old.add(spec);
  }
  old.write();
  fs::resize_file(old.archive(truncated.id), fs::file_size(old.archive(truncated.id)) / 2);
  output_of({"touch", "-d", "2025-10-07T06:00:00Z", old.archive(truncated.id).string()});
  write_file(site.temp / "orchestrator.jsonl", log);

  site.must({"import-log", (site.temp / "orchestrator.jsonl").string()});
  auto report = backfill();
  site.must({"project"});
  EXPECT_EQ(report.size(), 107U);

  // Exactly the 99 are complete.
  auto words = states();
  EXPECT_EQ(words["complete (adopted)"], 99);
  EXPECT_EQ(words["never tried"], 1);
  EXPECT_EQ(words["attempted but not completed"], 7);
  EXPECT_EQ(words.size(), 3U);
  for (int i = 0; i < 99; ++i) {
    EXPECT_EQ(status(legacy_id(i))["state"], "complete (adopted)") << i;
  }
  // The others say why.
  const auto why = [this](const LegacyMediumSpec& spec) {
    return status(spec.id)["state_why"].get<std::string>();
  };
  EXPECT_EQ(why(loaded), "its files are not copied");
  EXPECT_NE(why(empty).find("no_rows"), std::string::npos) << why(empty);
  EXPECT_EQ(status(without.id)["state"], "never tried");
  EXPECT_NE(why(half).find("1 of 2 files are not stored (1: not copied)"), std::string::npos)
      << why(half);
  EXPECT_NE(why(no_blob).find("success without a blob"), std::string::npos) << why(no_blob);
  EXPECT_NE(why(truncated).find("damaged"), std::string::npos) << why(truncated);
  EXPECT_NE(why(twice).find("incomplete"), std::string::npos) << why(twice);
  EXPECT_NE(why(blank).find("ambiguous_id"), std::string::npos) << why(blank);
  EXPECT_EQ(site.sql("SELECT enum_done IS NOT NULL, copy_done, archive_done FROM medium WHERE "
                     "medium_hash = '" +
                     truncated.id + "'"),
            "t|2025-10-05 12:30:00.25+00|");

  // The 25 keep their times, to the microsecond.
  for (const LegacyMediumSpec& spec : with_times) {
    EXPECT_EQ(site.sql("SELECT to_char(enum_done, 'YYYY-MM-DD HH24:MI:SS.US') || '+00', "
                       "to_char(copy_done, 'YYYY-MM-DD HH24:MI:SS.US') || '+00', enum_done_basis, "
                       "copy_done_basis FROM medium WHERE medium_hash = '" +
                       spec.id + "'"),
              spec.enum_done + "|" + spec.copy_done + "|table|table");
    EXPECT_EQ(report[spec.id]["conflicts"], Json::array());
  }
  // Pattern A: by the old log where it tells, else by the rows; pattern B never by the hand.
  const auto times = [this](int number) {
    return site.sql(
        "SELECT enum_done, copy_done, enum_done_basis, copy_done_basis FROM medium "
        "WHERE medium_hash = '" +
        legacy_id(number) + "'");
  };
  EXPECT_EQ(times(26), "2025-10-05 11:00:03+00|2025-10-05 13:00:05+00|legacy_log|legacy_log");
  EXPECT_EQ(times(25),
            "2025-10-05 12:00:00+00|2025-10-05 12:30:00.25+00|not later than "
            "processed_at|processed_at");
  EXPECT_EQ(times(70), times(25));
  ASSERT_EQ(report[legacy_id(70)]["conflicts"].size(), 1U);
  EXPECT_NE(report[legacy_id(70)]["conflicts"][0].get<std::string>().find(
                "5 d 9 h later than what dates it, processed_at (one of 32 identical ones"),
            std::string::npos)
      << report[legacy_id(70)]["conflicts"];

  // Nothing of what was only adopted may be deleted, least of all where the archive is damaged.
  for (const Json& candidate : lines_of(site.must({"cleanup", "--json"}))) {
    EXPECT_EQ(candidate["deletable"], false) << candidate;
  }

  // What operators and scripts ask daily.
  EXPECT_EQ(site.sql("SELECT count(*) FROM medium WHERE image_path IS NOT NULL AND (enum_done IS "
                     "NULL OR copy_done IS NULL)"),
            "7");
  EXPECT_EQ(site.sql("SELECT m.medium_hash, COUNT(i.id) AS file_count FROM medium m LEFT JOIN "
                     "inode i ON i.medium_hash = m.medium_hash WHERE m.enum_done IS NOT NULL GROUP "
                     "BY m.medium_hash HAVING COUNT(i.id) = 0"),
            "");
  const std::string partition = "inode_p_" + legacy_id(30).substr(0, 8);
  EXPECT_EQ(site.sql("SELECT count(*), count(*) FILTER (WHERE copied) FROM " + partition), "4|4");

  // Again is nothing.
  const std::string before = events();
  site.must({"import-log", (site.temp / "orchestrator.jsonl").string()});
  backfill();
  EXPECT_EQ(events(), before);

  // The old database can go: what was in it is in the log.
  old.sql("DROP TABLE path, inode, medium, blobs");
  const std::string dump = site.must({"db", "dump"});
  site.must({"db", "psql", "--admin", "--", "-q", "-c", "DROP SCHEMA ntt CASCADE"});
  site.must({"rebuild"});
  EXPECT_EQ(site.must({"db", "dump"}), dump);
  EXPECT_EQ(audit(), "");
}

TEST_F(BackfillTest, RowsComeAlongWithPathsOutcomesAndTypes) {
  LegacyMediumSpec spec = medium(1, "rows");
  std::string every_byte;
  for (int c = 1; c < 256; ++c) {
    if (c != '/') every_byte += static_cast<char>(c);
  }
  LegacyFileRow odd;
  odd.path = every_byte;
  odd.content = "odd";
  LegacyFileRow linked;
  linked.path = "linked";
  linked.content = "linked twice";
  linked.inode = 9;
  LegacyFileRow link = linked;
  link.path = "a/link";
  LegacyFileRow given_up;
  given_up.path = "bad sectors";
  given_up.content = "???";
  given_up.has_blob = false;
  given_up.status = "failed_permanent";
  given_up.error_type = "io_error";
  given_up.error = "[Errno 5] Input/output error";
  LegacyFileRow nothing;
  nothing.path = "nothing";
  for (const auto& file : {odd, linked, link, given_up, nothing}) spec.files.push_back(file);
  old.add(spec);
  old.write();
  // The earlier system named the content of empty files by its SHA-256.
  old.sql(
      "UPDATE inode SET blobid = "
      "'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' WHERE size = 0 AND "
      "fs_type = 'f'");
  auto report = backfill();
  EXPECT_EQ(report[spec.id]["outcome"], "complete") << report[spec.id].dump(1);
  site.must({"project"});
  const auto of = [&](const std::string& columns, const std::string& path) {
    return site.sql("SELECT " + columns +
                    " FROM path p JOIN inode i ON i.id = p.inode_id WHERE "
                    "p.path = '" +
                    path + "'");
  };
  EXPECT_EQ(site.sql("SELECT count(*) FROM path WHERE path = '\\x" +
                     [&] {
                       std::string hex;
                       for (const unsigned char c : every_byte) {
                         char two[3];
                         std::snprintf(two, sizeof two, "%02x", c);
                         hex += two;
                       }
                       return hex;
                     }() +
                     "'"),
            "1");
  EXPECT_EQ(of("p.disposition, i.mime_type, i.processed_at, i.mtime, i.ino = 9, i.nlink", "linked"),
            "stored|text/plain|2025-10-05 12:00:00+00|1000000000|t|1");
  EXPECT_EQ(of("p.blobid = (SELECT blobid FROM path WHERE path = 'linked')", "a/link"), "t");
  EXPECT_EQ(of("p.disposition, i.status, i.error_type, i.errors[1]", "bad sectors"),
            "unreadable|failed_permanent|io_error|[Errno 5] Input/output error");
  EXPECT_EQ(of("p.disposition, p.exclude_reason, i.claimed_by", "excluded.iso"),
            "excluded|pattern_match|EXCLUDED");
  EXPECT_EQ(of("p.blobid", "nothing"),
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  EXPECT_EQ(audit({"--deep"}), "");
  EXPECT_EQ(status(spec.id)["state_why"], "1 file is not stored");
}

TEST_F(BackfillTest, ADryRunShowsTheVeryEventsAndAppendsNone) {
  old.add(medium(1, "dry"));
  old.write();
  const std::string shown = site.must(old.backfill({"--dry-run", "--json"}));
  EXPECT_EQ(site.ntt({"log"}).exit_code, 1);  // there is no log
  site.must(old.backfill());
  std::vector<Json> rehearsed;
  for (const Json& line : lines_of(shown)) {
    if (line.contains("would_append")) rehearsed.push_back(line["would_append"]);
  }
  const auto appended = lines_of(events());
  ASSERT_EQ(rehearsed.size(), appended.size());
  for (std::size_t i = 0; i < appended.size(); ++i) {
    for (const char* key :
         {"seq", "id", "type", "medium", "occurred_at", "origin", "cause", "data"}) {
      EXPECT_EQ(rehearsed[i][key], appended[i][key]) << i << " " << key;
    }
  }
  EXPECT_TRUE(fs::is_empty(site.temp / "home" / "tmp"));
}

TEST_F(BackfillTest, ABlobThatIsNotInTheStoreIsNoCopy) {
  LegacyMediumSpec spec = medium(1, "lost");
  spec.files[1].in_store = false;
  old.add(spec);
  old.write();
  auto report = backfill();
  EXPECT_EQ(report[spec.id]["outcome"], "incomplete");
  EXPECT_EQ(report[spec.id]["pending"], 1);
  EXPECT_NE(report[spec.id]["why"].get<std::string>().find("not in the store"), std::string::npos);
  // Put back, it is adopted; nothing is adopted twice.
  const auto before = lines_of(events()).size();
  spec.files[1].in_store = true;
  LegacyMediumSpec only_blobs = spec;
  only_blobs.id = legacy_id(2);
  old.add(only_blobs);  // deposits the content
  report = backfill();
  EXPECT_EQ(report[spec.id]["outcome"], "complete") << report[spec.id].dump(1);
  EXPECT_EQ(lines_of(events()).size(),
            before + 5);  // copy_start, copy_batch, copy_success; two retractions
  site.must({"project"});
  EXPECT_EQ(status(spec.id)["state"], "complete (adopted)");
}

TEST_F(BackfillTest, WhatNothingDatesIsCompleteAndHasNoTime) {
  LegacyMediumSpec spec = medium(1, "undated");
  for (LegacyFileRow& file : spec.files) file.processed_at = "";
  spec.has_archive = false;
  old.add(spec);
  old.write();
  auto report = backfill();
  EXPECT_EQ(report[spec.id]["outcome"], "complete");
  EXPECT_EQ(report[spec.id]["copy_done"]["time_is"], "unknown");
  site.must({"project"});
  EXPECT_EQ(site.sql("SELECT added_at, enum_done, copy_done, enum_done_basis, copy_done_basis, "
                     "generation FROM medium"),
            "2025-10-01 08:00:00+00|||unknown|unknown|1");
  EXPECT_EQ(site.sql("SELECT count(*) FROM inode WHERE copied AND blobid IS NOT NULL"), "2");
  EXPECT_EQ(status(spec.id)["state"], "complete (date unknown)");
  EXPECT_EQ(audit(), "");
}

TEST_F(BackfillTest, FilesOfVolumesThatShareAnInodeNumberAreUnverifiedContent) {
  LegacyMediumSpec spec = medium(1, "volumes");
  spec.files.clear();
  for (int volume : {1, 2}) {
    LegacyFileRow root;
    root.type = 'd';
    root.volume = volume;
    LegacyFileRow own;
    own.path = "own";
    own.content = "only in " + std::to_string(volume);
    own.volume = volume;
    LegacyFileRow shared;
    shared.path = "shared";
    shared.content = "of volume 1";  // the row of the second was dropped
    shared.inode = 7;
    shared.volume = volume;
    for (const auto& file : {root, own, shared}) spec.files.push_back(file);
  }
  old.add(spec);
  old.write();
  auto report = backfill();
  EXPECT_EQ(report[spec.id]["unverified"], 2) << report[spec.id].dump(1);
  EXPECT_EQ(report[spec.id]["stored"], 2);
  site.must({"project"});
  EXPECT_EQ(site.sql("SELECT volume, convert_from(path, 'UTF8'), disposition, blobid IS NULL FROM "
                     "path ORDER BY volume, path"),
            "1||not_regular|t\n"
            "1|own|stored|f\n"
            "1|shared|failed|t\n"
            "2||not_regular|t\n"
            "2|own|stored|f\n"
            "2|shared|unreadable|t");
  EXPECT_NE(site.sql("SELECT problems FROM medium").find("not"), std::string::npos);
}

TEST_F(BackfillTest, KilledHalfWayItGoesOnAndLeavesTheSameTables) {
  for (int i = 0; i < 3; ++i) old.add(medium(i, "killed"));
  old.write();
  site.must(old.backfill());
  const std::string whole = events();
  const auto count = lines_of(whole).size();
  for (int syncs : {3, 9, 14}) {
    Site other;
    const CommandResult killed = backfill_killed_at(other, syncs);
    EXPECT_EQ(killed.exit_code, 128 + SIGKILL) << syncs;
    other.must(old.backfill());
    EXPECT_EQ(lines_of(other.must({"log", "--json"})).size(), count) << syncs;
    std::vector<std::string> ids;
    for (const Json& event : lines_of(other.must({"log", "--json"}))) ids.push_back(event["id"]);
    for (const Json& event : lines_of(whole)) {
      EXPECT_NE(std::find(ids.begin(), ids.end(), event["id"]), ids.end()) << event;
    }
  }
}

TEST_F(BackfillTest, OtherEvidenceIsToldAndAdoptedAfterARetraction) {
  LegacyMediumSpec spec = medium(1, "changed");
  old.add(spec);
  old.write();
  backfill();
  write_file(site.temp / "late.jsonl", log_line(spec.id, "05T11:00:03", "load_success") +
                                           log_line(spec.id, "05T13:00:05", "copy_success"));
  site.must({"import-log", (site.temp / "late.jsonl").string()});
  auto report = backfill({}, 3);
  EXPECT_EQ(report[spec.id]["outcome"], "changed");
  const std::string load = site.must({"log", "--type", "load_success", "--json"});
  site.must({"retract", std::to_string(Json::parse(load)["seq"].get<int>()), "--why",
             "an old log came to light"});
  report = backfill();
  EXPECT_EQ(report[spec.id]["outcome"], "complete") << report[spec.id].dump(1);
  site.must({"project"});
  EXPECT_EQ(site.sql("SELECT enum_done, copy_done FROM medium"),
            "2025-10-05 11:00:03+00|2025-10-05 13:00:05+00");
  EXPECT_EQ(audit(), "");
}

TEST_F(BackfillTest, RowsThatChangedSinceAreToldAndNeverMixedWithThoseThatWereAdopted) {
  LegacyMediumSpec spec = medium(1, "rows_change");
  old.add(spec);
  old.write();
  backfill();
  site.must({"project"});
  const std::string dump = site.must({"db", "dump"});
  const auto before = lines_of(events()).size();
  // Every count stays as it was.
  old.sql("UPDATE inode SET mtime = mtime + 1 WHERE ino = (SELECT max(ino) FROM inode)");
  auto report = backfill({}, 3);
  EXPECT_EQ(report[spec.id]["outcome"], "changed") << report[spec.id].dump(1);
  EXPECT_EQ(lines_of(events()).size(), before);
  site.must({"project"});
  EXPECT_EQ(site.must({"db", "dump"}), dump);
  const std::string load = site.must({"log", "--type", "load_success", "--json"});
  site.must({"retract", std::to_string(Json::parse(load)["seq"].get<int>()), "--why", "changed"});
  report = backfill();
  EXPECT_EQ(report[spec.id]["outcome"], "complete") << report[spec.id].dump(1);
  site.must({"project"});
  EXPECT_EQ(site.sql("SELECT max(mtime) FROM inode"), "1000000001");
  EXPECT_EQ(audit(), "");
}

TEST_F(BackfillTest, RowsThatChangeWhileTheirAdoptionIsInterruptedAreAdoptedAsTheyAre) {
  LegacyMediumSpec spec = medium(1, "interrupted");
  old.add(spec);
  old.write();
  std::string left;
  const auto is_between = [&left] {
    return left.find("enum_batch") != left.npos && left.find("load_success") == left.npos;
  };
  for (int sync = 5; sync < 40 && !is_between(); ++sync) {
    backfill_killed_at(site, sync);
    left = site.ntt({"log", "--json"}).out;
  }
  ASSERT_TRUE(is_between());
  old.sql("UPDATE inode SET mtime = mtime + 1 WHERE ino = (SELECT max(ino) FROM inode)");
  EXPECT_EQ(backfill()[spec.id]["outcome"], "complete");
  site.must({"project"});
  EXPECT_EQ(site.sql("SELECT max(mtime) FROM inode"), "1000000001");
  EXPECT_EQ(status(spec.id)["state"], "complete (adopted)");
  EXPECT_EQ(audit(), "");
}

TEST_F(BackfillTest, ABlobLostAndFoundAndLostAgainIsToldEachTime) {
  LegacyMediumSpec spec = medium(1, "comes_and_goes");
  old.add(spec);
  old.write();
  const std::string blob = old.sql("SELECT min(blobid) FROM inode");
  const fs::path place = old.store / blob.substr(0, 2) / blob.substr(2, 2) / blob;
  for (int i = 0; i < 2; ++i) {
    fs::rename(place, site.temp / "away");
    EXPECT_EQ(backfill()[spec.id]["outcome"], "incomplete") << i;
    site.must({"project"});
    EXPECT_EQ(status(spec.id)["state"], "attempted but not completed") << i;
    fs::rename(site.temp / "away", place);
    EXPECT_EQ(backfill()[spec.id]["outcome"], "complete") << i;
    site.must({"project"});
    EXPECT_EQ(status(spec.id)["state"], "complete (adopted)") << i;
  }
  EXPECT_EQ(audit(), "");
}

TEST_F(BackfillTest, AnArchiveThatIsRepairedNeedsNoRetraction) {
  LegacyMediumSpec spec = medium(1, "repaired");
  LegacyMediumSpec hollow = medium(2, "no_image_in_it");
  old.add(spec);
  old.add(hollow);
  old.write();
  const std::string whole = read_file(old.archive(spec.id));
  write_file(old.archive(spec.id), whole.substr(0, whole.size() / 2));
  write_file(site.temp / "only.map", "# Mapfile\n");
  output_of({"tar", "-C", site.temp.path().string(), "-I", "zstd -q", "-cf",
             old.archive(hollow.id).string(), "only.map"});
  auto report = backfill();
  EXPECT_EQ(report[spec.id]["archive"], "damaged");
  EXPECT_EQ(report[hollow.id]["archive"], "damaged");
  EXPECT_EQ(status(hollow.id)["state"], "attempted but not completed");
  write_file(old.archive(spec.id), whole);  // with a time of its own
  report = backfill();
  EXPECT_EQ(report[spec.id]["archive"], "whole");
  EXPECT_EQ(status(spec.id)["state"], "complete (adopted)");
}

TEST_F(BackfillTest, WhatDoesNotMatterMayChange) {
  LegacyMediumSpec spec = medium(1, "cleaned_up");
  spec.has_raw = true;
  old.add(spec);
  old.write();
  backfill();
  const std::string before = events();
  fs::remove(old.raw / (spec.id + ".raw"));
  fs::rename(old.store, site.temp / "moved");
  old.store = site.temp / "moved";
  EXPECT_EQ(backfill()[spec.id]["outcome"], "complete");
  EXPECT_EQ(events(), before);
}

TEST_F(BackfillTest, AClaimThatWasRetractedDatesNothing) {
  LegacyMediumSpec spec = medium(1, "retracted_claim");
  old.add(spec);
  old.write();
  write_file(site.temp / "log.jsonl", log_line(spec.id, "05T13:00:05", "copy_success"));
  site.must({"import-log", (site.temp / "log.jsonl").string()});
  site.must({"retract", "1", "--why", "that run was of another disk"});
  EXPECT_EQ(backfill()[spec.id]["copy_done"]["dated_by"], "processed_at");
}

TEST_F(BackfillTest, OneBadMediumDoesNotKeepTheOthers) {
  LegacyMediumSpec spec = medium(2, "good");
  old.add(spec);
  old.write();
  old.sql("INSERT INTO medium VALUES ('', 'no id'), ('a/../b c', 'odd id')");
  old.sql("UPDATE medium SET diagnostics = repeat('x', 20000000) WHERE medium_hash = '" + spec.id +
          "'");
  fs::create_directory(old.archives / "dir");
  auto report = backfill({}, 1);
  EXPECT_EQ(report[""]["outcome"], "error");
  EXPECT_EQ(report[spec.id]["outcome"], "complete") << report[spec.id].dump(1);
}

TEST_F(BackfillTest, ARowWithoutATypeIsAFileAndAnInodeWithoutAPathIsMissed) {
  LegacyMediumSpec spec = medium(1, "odd_rows");
  old.add(spec);
  old.write();
  old.sql("UPDATE inode SET fs_type = NULL");
  EXPECT_EQ(backfill()[spec.id]["stored"], 2);
  LegacyMediumSpec pathless = medium(2, "pathless");
  old.add(pathless);
  old.write();
  old.sql("INSERT INTO inode (medium_hash, dev, ino, size, fs_type, copied) VALUES ('" +
          pathless.id + "', 1793, 1, 5, 'f', false)");
  auto report = backfill();
  EXPECT_EQ(report[pathless.id]["outcome"], "incomplete");
  EXPECT_NE(report[pathless.id]["why"].get<std::string>().find("no path leads to it"),
            std::string::npos);
}

TEST_F(BackfillTest, VolumesAreToldApartByTheirDevicesWhereverTheyWereMounted) {
  LegacyMediumSpec spec = medium(1, "odd_mounts");
  spec.files.clear();
  for (const char* where : {"p1/a", "p2/b", ""}) {
    LegacyFileRow file;
    file.path = where;
    file.content = "of one of them";
    file.inode = *where == '\0' ? 0 : 7;
    file.type = *where == '\0' ? 'd' : 'f';
    spec.files.push_back(file);
  }
  old.add(spec);
  old.write();
  old.sql("UPDATE path SET dev = 1794 WHERE path = convert_to('/mnt/ntt/" + spec.id +
          "/p2/b', 'UTF8')");
  auto report = backfill();
  EXPECT_EQ(report[spec.id]["unverified"], 2) << report[spec.id].dump(1);
  EXPECT_EQ(report[spec.id]["stored"], 0);
}

TEST_F(BackfillTest, WhatWasAdoptedMayBeDeletedOnlyAfterItWasVerifiedHere) {
  LegacyMediumSpec spec = medium(1, "image_there");
  LegacyMediumSpec bad = medium(2, "archive_turns_bad");
  spec.has_image = bad.has_image = true;
  old.add(spec);
  old.add(bad);
  old.write();
  backfill();
  const std::vector<std::string> cleanup = {"cleanup", "--yes", "--by-hash-root",
                                            old.store.string()};
  site.ntt(cleanup);
  EXPECT_TRUE(fs::exists(old.image(spec.id))) << "a claim opened the gate";
  site.must({"verify", "blobs", "--by-hash-root", old.store.string()});
  // One byte of the second archive turns.
  std::string bytes = read_file(old.archive(bad.id));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file(old.archive(bad.id), bytes);
  const CommandResult cleaned = site.ntt(cleanup);
  EXPECT_EQ(cleaned.exit_code, 1) << cleaned.out << cleaned.err;
  EXPECT_FALSE(fs::exists(old.image(spec.id))) << cleaned.out << cleaned.err;
  EXPECT_TRUE(fs::exists(old.image(bad.id)));
  EXPECT_EQ(status(bad.id)["state"], "failed");
  EXPECT_EQ(status(spec.id)["state"], "complete (adopted)");
}

TEST_F(BackfillTest, EarlierStagesOfTheTablesAreReadToo) {
  old.add(medium(1, "early"));
  old.write();
  // Before status, types and errors; blob ids as bytes under another name; no partitions.
  old.sql(
      "ALTER TABLE inode DROP COLUMN status, DROP COLUMN error_type, DROP COLUMN mime_type, "
      "DROP COLUMN errors, DROP COLUMN claimed_at, DROP COLUMN id;"
      "CREATE TABLE flat AS SELECT * FROM inode; DROP TABLE inode;"
      "ALTER TABLE flat RENAME TO inode; ALTER TABLE inode RENAME COLUMN blobid TO hash;"
      "ALTER TABLE inode ALTER hash TYPE bytea USING decode(hash, 'hex');"
      "ALTER TABLE medium DROP COLUMN message, DROP COLUMN diagnostics, DROP COLUMN problems;"
      "ALTER TABLE path DROP COLUMN exclude_reason, DROP COLUMN blobid");
  auto report = backfill();
  EXPECT_EQ(report[legacy_id(1)]["outcome"], "complete") << report[legacy_id(1)].dump(1);
  EXPECT_EQ(report[legacy_id(1)]["stored"], 2);
}

TEST_F(BackfillTest, TheOldDatabaseIsOnlyReadAndNeedsNoMoreThanThat) {
  old.add(medium(1, "least"));
  old.write();
  old.sql("GRANT SELECT ON medium, inode, path TO ntt_reader");
  const std::string before = old.sql(
      "SELECT pg_current_wal_lsn() IS NOT NULL, "
      "sum(n_tup_ins + n_tup_upd + n_tup_del) FROM "
      "pg_stat_user_tables");
  std::string as_reader = old.url();
  as_reader.replace(as_reader.find("ntt_projector"), 13, "ntt_reader");
  auto command = old.backfill();
  command[2] = as_reader;
  site.must(command);
  EXPECT_EQ(old.sql("SELECT pg_current_wal_lsn() IS NOT NULL, sum(n_tup_ins + n_tup_upd + "
                    "n_tup_del) FROM pg_stat_user_tables"),
            before);
}

TEST_F(BackfillTest, WhatCannotBeReadIsRefusedWithAReason) {
  old.add(medium(1, "refused"));
  old.write();
  const auto says = [&](const std::vector<std::string>& command, const std::string& what) {
    const CommandResult result = site.ntt(command);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.err.find(what), std::string::npos) << result.err;
  };
  says({"backfill"}, "--from-db URL is needed");
  auto command = old.backfill();
  command[2] = "postgresql:///nobody?host=/nowhere";
  says(command, "earlier system's database");
  command = old.backfill({"--from-schema", "other"});
  says(command, "no table medium of schema other");
  command = old.backfill();
  command[4] = (site.temp / "no-store").string();
  says(command, "--by-hash-root names it");
  says(old.backfill({"--medium", "ffff"}), "has no medium ffff");
  std::string own = old.url();
  own.replace(own.find("copyjob"), 7, "ntt");
  site.must({"project"});
  command = old.backfill({"--from-schema", "ntt"});
  command[2] = own;
  says(command, "ntt's own");
}

}  // namespace
}  // namespace ntt::tests
