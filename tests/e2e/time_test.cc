// What was true, what was known, who set it, and what a correction changes: through the program.

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "events/emitter.h"
#include "events/payload.h"
#include "events/rocks_log.h"
#include "tests/e2e/images.h"
#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const Site::Environment kNoServer = {{"NTT_DB_URL", "postgresql://nobody@/ntt?host=/nonexistent"}};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<json> objects(const std::string& lines) {
  std::vector<json> out;
  for (const auto& line : lines_of(lines)) out.push_back(json::parse(line));
  return out;
}

// A label that does not fit its schema.
struct Unreadable {
  static constexpr const char* kType = events::MediumLabelled::kType;
};
std::string data_of(const Unreadable& /*payload*/) {
  return R"({"label":5})";
}
template <class Payload>
std::string data_of(const Payload& payload) {
  return events::to_data(payload);
}

class TimeTest : public testing::Test {
 protected:
  TimeTest() {
    fs::create_directories(tree());
    write_file(tree() / "letter.txt", "dear reader");
    write_file(tree() / "copy of letter.txt", "dear reader");
    fs::create_hard_link(tree() / "letter.txt", tree() / "the same letter.txt");
    fs::create_directories(tree() / "photos");
    write_file(tree() / "photos/beach.jpg", "sand");
  }
  [[nodiscard]] fs::path tree() const { return site_.temp / "tree"; }

  // Takes the tree in and returns the medium's id.
  std::string take_in(const Site::Environment& environment = {}) {
    const auto done =
        json::parse(site_.must({"run", "--dir", tree().string(), "--json"}, environment));
    return done["medium"];
  }
  json row(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "state");
    arguments.emplace_back("--json");
    return json::parse(site_.must(arguments, kNoServer))["row"];
  }
  std::map<std::string, json> blame(const std::string& medium) {
    std::map<std::string, json> out;
    for (const json& column :
         objects(site_.must({"blame", medium, "--history", "--json"}, kNoServer))) {
      out[column["column"]] = column;
    }
    return out;
  }
  // The sequence number that a column of the row names.
  std::string seq(const std::string& medium, const char* column) {
    return row({medium})[column].dump();
  }
  // An event that an import of old logs would append.
  template <class Payload>
  void add_late(const std::string& medium, const Payload& payload, const char* at,
                events::Origin origin) {
    events::SystemClock clock;
    auto log = events::open_rocks_log({site_.temp / "home/log"}, clock);
    ASSERT_TRUE(log) << log.error().message;
    events::NewEvent event;
    event.id = events::new_event_id(clock);
    event.type = Payload::kType;
    event.medium = {medium};
    event.occurred_at = events::parse_timestamp(at).value();
    event.origin = origin;
    event.actor = events::this_actor();
    event.data = data_of(payload);
    ASSERT_TRUE((*log)->append_one(event));
  }

  Site site_;
};

// Columns as text, with times as ntt writes them.
TEST_F(TimeTest, StateIsTheTablesRow) {
  const std::string medium = take_in();
  site_.must({"label", medium, "box 4"});
  const json state = row({medium});
  std::set<std::string> columns;
  for (const auto& line :
       lines_of(site_.sql("SELECT column_name, data_type FROM information_schema.columns WHERE "
                          "table_schema = 'ntt' AND table_name = 'medium'"))) {
    const std::string name = line.substr(0, line.find('|'));
    if (name == "partition_suffix") continue;
    columns.insert(name);
    const std::string value =
        contains(line, "timestamp")
            ? "to_char(" + name + " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
            : name;
    const json stored =
        json::parse(site_.sql("SELECT coalesce(to_jsonb(" + value + "), 'null') FROM medium"));
    ASSERT_TRUE(state.contains(name)) << name;
    EXPECT_EQ(state[name], stored) << name;
  }
  EXPECT_EQ(state.size(), columns.size());
  EXPECT_EQ(state["message"], "box 4");
}

TEST_F(TimeTest, AnImportedFactWasTrueLongBeforeItWasKnown) {
  const std::string medium = take_in(kNoServer);
  const std::string last = seq(medium, "last_seq");
  add_late(medium, events::MediumLabelled{"as the old system had it"}, "2011-05-01",
           events::Origin::imported);
  EXPECT_EQ(row({medium, "--at", "2012-01-01"})["message"], "as the old system had it");
  EXPECT_EQ(row({medium, "--at", "2012-01-01"})["enum_done"], nullptr);
  EXPECT_EQ(row({medium, "--known-at", last})["message"], nullptr);
  EXPECT_NE(row({medium, "--known-at", last})["enum_done"], nullptr);
  EXPECT_EQ(row({medium})["message"], "as the old system had it");
  // At a time when the fact was true and nothing was known.
  const auto neither = site_.ntt({"state", medium, "--known-at", "2012-01-01"});
  EXPECT_EQ(neither.exit_code, 1);
  EXPECT_TRUE(contains(neither.err, "was known by then")) << neither.err;
  EXPECT_EQ(site_.ntt({"state", medium, "--at", "2010-01-01"}).exit_code, 1);
  EXPECT_EQ(site_.ntt({"state", medium, "--at", "yesterday"}).exit_code, 2);
  EXPECT_EQ(site_.ntt({"state", medium, "--at", "0"}).exit_code, 2);
  EXPECT_EQ(site_.ntt({"state", medium, "--at", "1000000"}).exit_code, 1);
}

TEST_F(TimeTest, ABackfilledCompletionHasItsOwnTimeAndIsKnownFromNow) {
  const std::string medium = take_in(kNoServer);
  events::ArchiveSuccess archived;
  archived.path = {"/archives/old.tar.zst"};
  const std::string before = seq(medium, "last_seq");
  add_late(medium, archived, "2012-03-04T05:06:07Z", events::Origin::backfilled);
  EXPECT_EQ(row({medium, "--at", "2012-03-04T05:06:07Z"})["archive_done"],
            "2012-03-04T05:06:07.000000Z");
  EXPECT_EQ(row({medium, "--known-at", before})["archive_done"], nullptr);
  const json archive_done = blame(medium)["archive_done"];
  EXPECT_EQ(archive_done["event"]["origin"], "backfilled");
  EXPECT_LT(archive_done["event"]["occurred_at"], archive_done["event"]["recorded_at"]);
}

TEST_F(TimeTest, BlameNamesTheEventsThatTheRowNames) {
  const std::string medium = take_in(kNoServer);
  const json state = row({medium});
  auto columns = blame(medium);
  EXPECT_EQ(columns.size(), state.size());
  for (const auto& [name, column] : columns) EXPECT_EQ(column["value"], state[name]) << name;
  for (const char* column : {"enum_done", "copy_done", "verify_done"}) {
    const json& event = columns[column]["event"];
    EXPECT_EQ(event["seq"], state[std::string(column) + "_seq"]) << column;
    EXPECT_EQ(event["occurred_at"], state[column]) << column;
    EXPECT_EQ(event["actor"]["user"], events::this_actor().user);
    EXPECT_FALSE(event["run"].is_null());
  }
  EXPECT_EQ(columns["enum_done"]["event"]["type"], "load_success");
  EXPECT_EQ(columns["message"]["event"], nullptr);
  const std::string table = site_.must({"blame", medium}, kNoServer);
  EXPECT_TRUE(contains(table, "copy_success")) << table;
}

// The paths of a generation but for the root directory.
std::vector<std::string> paths_of(Site& site, const std::string& medium, const char* generation) {
  std::vector<std::string> paths;
  for (const json& entry :
       objects(site.must({"generations", medium, "--generation", generation, "--json"}))) {
    if (entry["path"] != "") paths.push_back(entry["path"]);
  }
  return paths;
}

std::vector<std::string> found_in(const fs::path& tree) {
  return lines_of(output_of({"find", tree.string(), "-mindepth", "1", "-printf", "%P\\n"}));
}

TEST_F(TimeTest, AChangedSourceMakesANewGenerationAndTheOldOneCanBeRead) {
  const std::string medium = take_in();
  const auto old_paths = found_in(tree());
  const std::string beach = output_of({"b3sum", "--no-names", (tree() / "photos/beach.jpg")});
  fs::remove(tree() / "photos/beach.jpg");
  write_file(tree() / "photos/wood.jpg", "trees");
  site_.must({"run", "--dir", tree().string(), "--force"});

  const auto list = objects(site_.must({"generations", medium, "--json"}, kNoServer));
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["generation"], 1);
  EXPECT_EQ(list[0]["current"], false);
  EXPECT_FALSE(list[0]["copied_at"].is_null());
  EXPECT_EQ(list[1]["current"], true);
  EXPECT_EQ(list[1]["source_path"], tree().string());
  EXPECT_EQ(list[1]["load_seq"], row({medium})["enum_done_seq"]);
  expect_same_lines(paths_of(site_, medium, "1"), old_paths);
  expect_same_lines(paths_of(site_, medium, "2"), found_in(tree()));
  for (const json& entry :
       objects(site_.must({"generations", medium, "--generation", "1", "--json"}))) {
    EXPECT_NE(entry["disposition"], nullptr) << entry;
    if (entry["path"] != "photos/beach.jpg") continue;
    EXPECT_EQ(entry["blob"], lines_of(beach).at(0));
  }
  EXPECT_TRUE(contains(site_.must({"generations", medium, "--generation", "1"}), "beach.jpg"));
  const auto unknown = site_.ntt({"generations", medium, "--generation", "3"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_TRUE(contains(unknown.err, "no generation 3")) << unknown.err;

  // The new load withdrawn, the tables show the old generation again.
  const std::string files = "SELECT count(*) FROM path WHERE path = 'photos/beach.jpg'";
  EXPECT_EQ(site_.sql(files), "0");
  site_.must({"retract", list[1]["load_seq"].dump(), "--why", "the disk was swapped"});
  EXPECT_EQ(site_.sql(files), "1");
  EXPECT_EQ(site_.sql("SELECT generation FROM medium"), "1");
  EXPECT_TRUE(contains(site_.must({"generations", medium}), "retracted by event"));
  expect_same_lines(paths_of(site_, medium, "2"), found_in(tree()));
}

TEST_F(TimeTest, ARetractionIsShownRecordedAndCanItselfBeRetracted) {
  const std::string medium = take_in();
  const std::string before = site_.table_dump();
  const json was = row({medium});
  const std::string copy = was["copy_done_seq"].dump();

  const auto would =
      json::parse(site_.must({"retract", copy, "--why", "wrong store", "--dry-run", "--json"}));
  EXPECT_EQ(would["event"], nullptr);
  EXPECT_EQ(row({medium}), was);
  const auto done = json::parse(site_.must({"retract", copy, "--why", "wrong store", "--json"}));
  EXPECT_EQ(done["changes"], would["changes"]);
  EXPECT_EQ(done["changes"][0]["column"], "copy_done");
  EXPECT_EQ(done["changes"][0]["before"], was["copy_done"]);
  EXPECT_EQ(done["changes"][0]["after"], nullptr);
  EXPECT_EQ(done["tables"], "current");
  EXPECT_EQ(site_.sql("SELECT copy_done IS NULL AND enum_done IS NOT NULL FROM medium"), "t");

  // History keeps both.
  const std::string retraction = done["event"].dump();
  EXPECT_TRUE(contains(site_.must({"show", copy}), "copy_success"));
  EXPECT_TRUE(contains(site_.must({"show", retraction}), "wrong store"));
  const json copy_done = blame(medium)["copy_done"];
  EXPECT_EQ(copy_done["event"]["seq"], done["event"]);
  EXPECT_EQ(copy_done["retraction"]["type"], "retraction");
  EXPECT_EQ(copy_done["history"][0]["value"], was["copy_done"]);
  EXPECT_EQ(copy_done["history"][0]["event"]["type"], "copy_success");

  const auto again = site_.ntt({"retract", copy, "--why", "once more"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_TRUE(contains(again.err, "by event " + retraction)) << again.err;

  site_.must({"retract", retraction, "--why", "it was the right store"});
  json now = row({medium});
  EXPECT_GT(now["last_seq"], was["last_seq"]);
  now["last_seq"] = was["last_seq"];
  EXPECT_EQ(now, was);
  EXPECT_EQ(site_.sql("SELECT copy_done_seq FROM medium"), copy);
  EXPECT_EQ(lines_of(site_.must({"log", "--medium", medium, "--type", "retraction"})).size(), 2U);
}

TEST_F(TimeTest, AnEventThatCannotBeReadStopsItsMediumUntilItIsRetracted) {
  const std::string medium = take_in();
  add_late(medium, Unreadable{}, "2020-01-01", events::Origin::native);
  site_.must({"label", medium, "after it", "--no-project"});
  const auto projected = site_.ntt({"project"});
  EXPECT_EQ(projected.exit_code, 1);
  const std::string bad = site_.sql("SELECT seq FROM unfolded_event");
  EXPECT_TRUE(contains(projected.err, "ntt show " + bad)) << projected.err;
  EXPECT_EQ(site_.sql("SELECT seq = (SELECT max(seq) FROM event) FROM projection_checkpoint"), "t");
  EXPECT_TRUE(contains(site_.must({"status"}), "ntt retract " + bad));
  EXPECT_TRUE(contains(site_.must({"status", medium}), "stopped       before event " + bad));
  const json status = json::parse(site_.must({"status", medium, "--json"}));
  EXPECT_EQ(status["stopped_before"].dump(), bad);
  EXPECT_FALSE(status["copy_done"].is_null());
  EXPECT_EQ(row({medium})["message"], nullptr);
  const auto audit = site_.ntt({"audit"});
  EXPECT_EQ(audit.exit_code, 3) << audit.err;
  EXPECT_TRUE(contains(audit.out, "FOUND  fold  event " + bad)) << audit.out;
  EXPECT_EQ(site_.ntt({"rebuild"}).exit_code, 1);
  site_.must({"retract", bad, "--why", "nobody can read it"});
  EXPECT_EQ(site_.sql("SELECT message FROM medium"), "after it");
  EXPECT_EQ(site_.ntt({"project"}).exit_code, 0);
  EXPECT_EQ(site_.ntt({"audit"}).exit_code, 0);
  site_.must({"blame", medium});
  site_.must({"generations", medium});
  EXPECT_EQ(site_.ntt({"run", "--dir", tree().string()}).exit_code, 0);
}

TEST_F(TimeTest, WhatCannotBeRetractedIsRefusedWithAReason) {
  const std::string medium = take_in(kNoServer);
  const auto refused = [&](const std::string& type) {
    const auto first =
        objects(site_.must({"log", "--medium", medium, "--type", type, "--json"})).at(0);
    const auto result = site_.ntt({"retract", first["seq"].dump(), "--why", "x"});
    EXPECT_EQ(result.exit_code, 1) << type;
    return result.err;
  };
  const json head = row({medium})["last_seq"];
  EXPECT_TRUE(contains(refused("pipeline_start"), "records a run"));
  EXPECT_TRUE(contains(refused("enum_batch"), "part of a manifest"));
  EXPECT_TRUE(contains(refused("copy_batch"), "retract that one first"));
  EXPECT_TRUE(contains(refused("copy_start"), "the attempt was made"));
  const auto beyond = site_.ntt({"retract", "999999", "--why", "x"});
  EXPECT_EQ(beyond.exit_code, 1);
  EXPECT_TRUE(contains(beyond.err, "the log, which ends at event")) << beyond.err;
  EXPECT_EQ(site_.ntt({"retract", "1"}).exit_code, 2);
  EXPECT_EQ(site_.ntt({"retract", "1", "--why", " "}).exit_code, 2);
  EXPECT_EQ(site_.ntt({"label", medium, ""}).exit_code, 2);
  EXPECT_EQ(site_.ntt({"note", medium, ""}).exit_code, 2);
  EXPECT_EQ(row({medium})["last_seq"], head);
}

TEST_F(TimeTest, EveryCommandHasHelpWithExamples) {
  for (const char* command : {"state", "blame", "generations", "retract", "label", "note"}) {
    EXPECT_TRUE(contains(site_.must({command, "--help"}), "Examples:")) << command;
  }
}

TEST_F(TimeTest, TextThatIsNoUtf8IsRefusedForItWouldLookLikeAnEscape) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"label", "aaaa", "\xff"},
                                                {"note", "aaaa", "\xff"},
                                                {"retract", "1", "--why", "\xff"},
                                                {"run", "--dir", "/", "--label", "\xff"}}) {
    const auto refused = site_.ntt(words);
    EXPECT_NE(refused.exit_code, 0) << words.front();
    EXPECT_TRUE(contains(refused.err, "'\\xff' is not UTF-8")) << refused.err;
  }
}

TEST_F(TimeTest, LabelsAndNotesNeedNoDatabaseAndTablesFollow) {
  const std::string medium = take_in();
  const auto labelled = site_.ntt({"label", medium.substr(0, 6), "box 4"}, kNoServer);
  EXPECT_EQ(labelled.exit_code, 0) << labelled.err;
  EXPECT_TRUE(contains(labelled.err, "ntt project")) << labelled.err;
  EXPECT_EQ(row({medium})["message"], "box 4");
  EXPECT_EQ(site_.sql("SELECT message IS NULL FROM medium"), "t");
  const auto same = site_.ntt({"label", medium, "box 4"}, kNoServer);
  EXPECT_EQ(same.exit_code, 0);
  EXPECT_TRUE(contains(same.out, "already")) << same.out;
  site_.must({"note", medium, "the case was opened", "--no-project"});
  const auto notes =
      objects(site_.must({"log", "--medium", medium, "--type", "note", "--json"}, kNoServer));
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes[0]["data"]["text"], "the case was opened");
  EXPECT_EQ(notes[0]["actor"]["user"], events::this_actor().user);
  site_.must({"label", medium, "box 5"});
  EXPECT_EQ(site_.sql("SELECT message FROM medium"), "box 5");
  EXPECT_EQ(blame(medium)["message"]["history"][0]["value"], "box 4");
}

}  // namespace
}  // namespace ntt::tests
