// Lines of the earlier system's logs: every form there was, and everything else that stood in them.

#include "stages/legacy_line.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "events/hash.h"
#include "stages/json_scan.h"
#include "stages/legacy_id.h"

namespace ntt::stages {
namespace {

using Json = nlohmann::json;

const std::string kHash = "da69350a5b27adf013e02994611cebc3";

std::vector<std::string> lines_of(const std::string& name) {
  std::ifstream file(std::string(NTT_LEGACY_LOGS) + "/" + name);
  EXPECT_TRUE(file) << name;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

TEST(LegacyLine, EveryFormOfEveryLogIsKnown) {
  for (const char* log : {"orchestrator", "enum", "loader", "archiver", "floppy-orchestrator",
                          "drive-identification", "mime-backfill", "backup", "verify"}) {
    for (const std::string& line : lines_of(std::string(log) + ".jsonl")) {
      const LegacyReading reading = read_legacy_line(line);
      EXPECT_EQ(reading.reason, line == "null" ? "null" : "") << line;
      if (line == "null") continue;
      ASSERT_TRUE(reading.time) << line;
      const Json expected = Json::parse(line);
      for (const auto& [key, value] : expected.items()) {
        const std::string& said = reading.says.at(key);
        EXPECT_EQ(value.is_string() ? Json(said) : Json::parse(said), value) << line;
      }
    }
  }
}

TEST(LegacyLine, WhatIsOfNoKnownFormSaysWhy) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "blank"},
      {" \r", "blank"},
      {"null", "null"},
      {"null\r", "null"},
      {"[1]", "not_an_object"},
      {"\"text\"", "not_an_object"},
      {"Pager usage is off.", "not_json"},
      {R"({"a":1}{"b":2})", "not_json"},
      {R"({"a":1,})", "not_json"},
      {R"({"a":01})", "not_json"},
      {R"({"a":"x)", "truncated"},
      {R"({"a":1)", "truncated"},
      {R"({"a":tru)", "truncated"},
      {R"({"a":1})", "no_stage"},
      {R"({"stage":"from_the_future","ts":"2025-10-10T15:41:03-07:00"})", "unknown_stage"},
      {R"({"stage":7,"ts":"2025-10-10T15:41:03-07:00"})", "unknown_stage"},
      {R"({"stage":"load_success"})", "no_time"},
      {R"({"stage":"load_success","ts":"yesterday"})", "bad_time"},
      {R"({"stage":"load_success","ts":7})", "bad_time"},
      {std::string(100, '['), "not_json"},
  };
  for (const auto& [line, reason] : cases) EXPECT_EQ(read_legacy_line(line).reason, reason) << line;
}

TEST(LegacyLine, AMemberThatIsNullSaysNothing) {
  const LegacyReading reading = read_legacy_line(
      R"({"stage":"identify","medium_hash":"aaaa","message":null,"ts":"2025-10-10T10:00:00Z"})");
  EXPECT_EQ(reading.reason, "");
  EXPECT_FALSE(reading.says.contains("message"));
  EXPECT_TRUE(reading.says.contains("stage"));
}

TEST(LegacyLine, TimesKeepTheirOffsetAndSayHowFineTheyAre) {
  const auto seconds = read_legacy_time("2025-10-10T15:41:03-07:00");
  ASSERT_TRUE(seconds);
  EXPECT_EQ(events::to_rfc3339(seconds->at), "2025-10-10T22:41:03.000000Z");
  EXPECT_EQ(seconds->text, "2025-10-10T15:41:03-07:00");
  EXPECT_TRUE(seconds->has_offset);
  EXPECT_EQ(seconds->resolution, 1000000U);
  EXPECT_EQ(read_legacy_time("2025-10-10T15:41:03-0700")->at, seconds->at);
  EXPECT_EQ(read_legacy_time("2025-10-10 15:41:03.123-07:00")->resolution, 1000U);
  const auto local = read_legacy_time("2025-10-12T11:00:00.123456");
  ASSERT_TRUE(local);
  EXPECT_FALSE(local->has_offset);
  EXPECT_EQ(local->resolution, 1U);
  EXPECT_EQ(events::to_rfc3339(local->at), "2025-10-12T11:00:00.123456Z");
  for (const char* text : {"", "2025-10-10", "2025-10-10T15:41:03.", "2025-13-10T15:41:03Z"}) {
    EXPECT_FALSE(read_legacy_time(text)) << text;
  }
}

TEST(LegacyLine, TheHourThatCameTwiceIsToldApartByTheOffset) {
  EXPECT_EQ(read_legacy_time("2025-11-02T01:30:00-08:00")->at.micros -
                read_legacy_time("2025-11-02T01:30:00-07:00")->at.micros,
            3600000000);
}

TEST(LegacyLine, AMediumIsNamedByItsKeyOrByTheNameOfAFile) {
  const auto named_by = [](const std::string& members) -> std::string {
    const auto reading = read_legacy_line("{" + members + "}");
    return reading.medium ? reading.medium->id.text + " " + reading.medium->key : "";
  };
  EXPECT_EQ(named_by(R"("medium_hash":"x","out":"/r/y.raw")"), "x medium_hash");
  EXPECT_EQ(named_by(R"("session_hash":"abc")"), "abc session_hash");
  for (const char* key : {"out", "file", "raw", "raw_file"}) {
    const std::string quoted = std::string("\"") + key + "\":";
    EXPECT_EQ(named_by(quoted + "\"/data/raw/" + kHash + ".raw\""), kHash + " " + key);
    EXPECT_EQ(named_by(quoted + "\"/data/raw/carved_sda_20251013.raw\""),
              std::string("carved_sda_20251013 ") + key);
  }
  EXPECT_EQ(named_by("\"img\":\"/data/img/" + kHash + ".img\""), kHash + " img");
  EXPECT_EQ(named_by("\"archive\":\"/a/" + kHash + ".tar.zst\""), kHash + " archive");
  EXPECT_EQ(named_by("\"mnt\":\"/mnt/ntt/" + kHash + "/p2\""), kHash + " mnt");
  EXPECT_EQ(named_by("\"raw\":\"/r/" + kHash + "_p2.raw\""), kHash + " raw");
  EXPECT_EQ(named_by(R"("img":"/data/img/holiday.img")"), "");
  EXPECT_EQ(named_by("\"img\":\"/data/img/" + kHash + "0.img\""), "");
  // A medium without a hash was a bug of its own; no other key speaks for it.
  EXPECT_EQ(named_by(R"("medium_hash":"","raw":"/r/abc.raw")"), "");
}

RC_GTEST_PROP(LegacyLineProperty, AnyBytesAreReadAndOnlyKnownFormsSaySomething, ()) {
  const auto bytes = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("{}[]\":,\\ntruefalsu0123456789.-eE+ \x01\xff")));
  const LegacyReading reading = read_legacy_line(bytes);
  RC_ASSERT(reading.reason.empty() == !reading.stage.empty());
  RC_ASSERT(reading.reason.empty() || reading.says.empty());
}

// The JSON that a generator of depth `depth` writes.
Json any_json(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::arbitrary<std::int64_t>();
    case 3:
      return static_cast<double>(*rc::gen::arbitrary<std::int32_t>()) / 8;
    case 4:
      return *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
    case 5: {
      Json array = Json::array();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) array.push_back(any_json(depth - 1));
      return array;
    }
    default: {
      Json object = Json::object();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        object[*rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127))] =
            any_json(depth - 1);
      }
      return object;
    }
  }
}

RC_GTEST_PROP(JsonScanProperty, ItReadsWhatAnotherReaderReads, ()) {
  const Json json = any_json(3);
  const std::string text = json.dump(*rc::gen::element(-1, 2), ' ', *rc::gen::arbitrary<bool>());
  const JsonScan scan = scan_json(text);
  RC_ASSERT(scan.shape == (json.is_object() ? JsonShape::object : JsonShape::other));
  if (!json.is_object()) return;
  RC_ASSERT(scan.members.size() == json.size());
  for (const JsonMember& member : scan.members) {
    const Json& value = json.at(member.key);
    RC_ASSERT(Json::parse(member.value) == value);
    if (value.is_string()) RC_ASSERT(member.text() == value.get<std::string>());
  }
}

RC_GTEST_PROP(JsonScanProperty, ItRefusesWhatAnotherReaderRefuses, ()) {
  std::string text = any_json(3).dump();
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  // No exponents: the other reader refuses numbers that are too large for a double.
  text[at] = *rc::gen::elementOf(std::string("{}[]\":,\\ntfu019.-+ \x01"));
  const JsonShape shape = scan_json(text).shape;
  RC_ASSERT(Json::accept(text) == (shape == JsonShape::object || shape == JsonShape::other));
}

RC_GTEST_PROP(JsonScanProperty, EveryBeginningOfAnObjectIsTruncated, ()) {
  Json object = any_json(3);
  if (!object.is_object()) object = {{"a", object}};
  const std::string text = object.dump();
  const auto length = *rc::gen::inRange<std::size_t>(0, text.size());
  RC_ASSERT(scan_json(text.substr(0, length)).shape == JsonShape::truncated);
}

TEST(LegacyId, IsWhatItAlwaysWas) {
  std::ifstream golden(std::string(NTT_GOLDEN_DIR) + "/legacy-ids.tsv");
  int read = 0;
  for (std::string row; std::getline(golden, row); ++read) {
    const std::size_t first = row.find('\t');
    const std::size_t second = row.find('\t', first + 1);
    const std::string line = row.substr(second + 1);
    EXPECT_EQ(events::to_uuid_string(
                  legacy_event_id(events::Blake3::of(line), std::stoull(row.substr(first + 1)))),
              row.substr(0, first))
        << line;
  }
  EXPECT_GE(read, 170);
}

TEST(LegacyId, RepeatsAreCountedWhileTheyStandCloseTogether) {
  RepeatCounter counter(4);
  const auto line = [](int i) { return events::Blake3::of(std::to_string(i)); };
  EXPECT_EQ(counter.count(line(0)), 1U);
  EXPECT_EQ(counter.count(line(0)), 2U);
  for (int i = 1; i < 4; ++i) EXPECT_EQ(counter.count(line(i)), 1U);
  EXPECT_EQ(counter.count(line(0)), 3U);  // of the generation before
  for (int i = 10; i < 20; ++i) EXPECT_EQ(counter.count(line(i)), 1U);
  EXPECT_EQ(counter.count(line(0)), 1U);  // forgotten
}

}  // namespace
}  // namespace ntt::stages
