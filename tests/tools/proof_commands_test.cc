// checkpoint, prove, verify proof and verify log --witness, run as programs.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "events/emitter.h"
#include "events/rocks_log.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class ProofCommandsTest : public testing::Test {
 protected:
  CommandResult ntt_at(const std::string& home, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), NTT_PROGRAM);
    return run_command(arguments, {{{"NTT_HOME", (temp_ / home).string()},
                                    {"XDG_CONFIG_HOME", (temp_ / "config").string()}},
                                   "",
                                   temp_.path().string()});
  }
  CommandResult ntt(const std::vector<std::string>& arguments) { return ntt_at("home", arguments); }
  std::string must(const std::vector<std::string>& arguments) {
    const auto result = ntt(arguments);
    EXPECT_EQ(result.exit_code, 0) << testing::PrintToString(arguments) << result.err << result.out;
    return result.out;
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (temp_ / name).string(); }

  // Appends notes "0", "1", ...; each third with an attachment.
  void append(int count, const std::string& home = "home", const std::string& what = "") {
    auto log = events::open_rocks_log({temp_ / home / "log"}, clock_);
    ASSERT_TRUE(log) << log.error().message;
    events::Emitter emitter(**log, clock_, events::MediumId{"aa"}, {}, events::this_actor());
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(emitter.emit(events::Note{what + std::to_string(i)}, {}, i % 3 == 2 ? "c" : ""));
    }
  }
  void copy_home(const std::string& name) {
    fs::create_directories(temp_ / name);
    fs::copy(temp_ / "home/log", temp_ / name / "log", fs::copy_options::recursive);
  }
  // The verifier key as the archive gives it away.
  std::string key() {
    for (const auto& file : fs::directory_iterator(temp_ / "home/key")) {
      if (file.path().extension() == ".vkey") return lines_of(read_file(file.path())).at(0);
    }
    return "";
  }

  TempDir temp_;
  events::SystemClock clock_;
};

TEST_F(ProofCommandsTest, CheckpointCoversEverythingBeforeTheEventThatRecordsIt) {
  append(5);
  const auto shown = json::parse(must({"checkpoint", "--json", "--out", path("cp")}));
  EXPECT_EQ(shown["size"], 5);
  EXPECT_EQ(shown["event"], 6);
  EXPECT_EQ(shown["key"], key());
  EXPECT_EQ(shown["note"], read_file(temp_ / "cp"));
  const auto event = json::parse(must({"show", "6", "--json"}));
  EXPECT_EQ(event["type"], "checkpoint_signed");
  EXPECT_EQ(event["medium"], nullptr);
  EXPECT_EQ(event["data"]["size"], 5);
  EXPECT_EQ(event["data"]["signed_note"], shown["note"]);
  EXPECT_EQ(event["data"]["root"], shown["root"]);
  EXPECT_TRUE(contains(key(), event["data"]["key_id"].get<std::string>() + "+"));
  EXPECT_TRUE(contains(must({"checkpoint"}), "\n6\n")) << "standard output is the note";
  EXPECT_EQ(json::parse(must({"verify", "log", "--json"}))["head_seq"], 7);
}

TEST_F(ProofCommandsTest, WithoutALogThereIsNothingToSignAndNoneIsMade) {
  EXPECT_EQ(ntt({"checkpoint"}).exit_code, 1);
  EXPECT_FALSE(fs::exists(temp_ / "home/log"));
}

TEST_F(ProofCommandsTest, AnEventIsProvenToSomebodyWithoutTheLog) {
  append(9);
  must({"prove", "3", "--out", path("p.json")});
  const auto holds = ntt_at("elsewhere", {"verify", "proof", path("p.json"), "--key", key()});
  EXPECT_EQ(holds.exit_code, 0) << holds.out << holds.err;
  EXPECT_TRUE(contains(holds.out, "The proof holds")) << holds.out;
  EXPECT_TRUE(contains(holds.out, "the attachment")) << holds.out;
  EXPECT_FALSE(fs::exists(temp_ / "elsewhere"));
  const auto nobody = ntt_at("elsewhere", {"verify", "proof", path("p.json")});
  EXPECT_EQ(nobody.exit_code, 3);
  EXPECT_TRUE(contains(nobody.out, "--key")) << nobody.out;
  EXPECT_EQ(ntt({"verify", "proof", path("p.json")}).exit_code, 0) << "its own key is known here";

  must({"checkpoint", "--out", path("cp")});
  append(4);
  EXPECT_EQ(ntt_at("elsewhere", {"verify", "proof", path("p.json"), "--checkpoint", path("cp")})
                .exit_code,
            0);
  must({"prove", "3", "--attachment", "--size", "5", "--out", path("q.json")});
  const auto other = ntt_at(
      "elsewhere", {"verify", "proof", path("q.json"), "--checkpoint", path("cp"), "--json"});
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_EQ(json::parse(other.out)["holds"], false);
  must({"prove", "3", "--checkpoint", path("cp"), "--out", path("r.json")});
  EXPECT_EQ(ntt_at("elsewhere",
                   {"verify", "proof", path("r.json"), "--checkpoint", path("cp"), "--key", key()})
                .exit_code,
            0);
}

TEST_F(ProofCommandsTest, APayloadNestedWithoutEndIsShownAndDoesNoHarm) {
  append(1);
  {
    auto log = events::open_rocks_log({temp_ / "home/log"}, clock_).value();
    events::NewEvent event;
    event.id = events::new_event_id(clock_);
    event.type = "note";
    event.occurred_at = clock_.now();
    event.data = std::string(1'000'000, '[');
    ASSERT_TRUE(log->append_one(event));
  }
  must({"prove", "2", "--out", path("p.json")});
  for (const char* how : {"--json", "--color=never"}) {
    const auto shown = ntt({"verify", "proof", path("p.json"), how});
    EXPECT_EQ(shown.exit_code, 0) << shown.err;
    EXPECT_TRUE(contains(shown.out, "[[[[[[[["));
  }
}

TEST_F(ProofCommandsTest, GrowthIsProvenFromAnyCheckpointToAnyNewerOne) {
  append(4);
  must({"checkpoint", "--out", path("old")});
  append(7);
  must({"prove", "--since", path("old"), "--out", path("p.json")});
  write_file(temp_ / "key", key() + "\n");
  const auto holds = ntt_at("elsewhere", {"verify", "proof", path("p.json"), "--json", "--key",
                                          path("key"), "--checkpoint", path("old")});
  EXPECT_EQ(holds.exit_code, 0) << holds.out << holds.err;
  const auto verdict = json::parse(holds.out);
  EXPECT_EQ(verdict["kind"], "consistency");
  EXPECT_EQ(verdict["from_size"], 4);
  EXPECT_EQ(verdict["size"], 12);
  must({"checkpoint", "--out", path("new")});
  must({"prove", "--since", path("old"), "--checkpoint", path("new")});
  EXPECT_EQ(ntt({"prove", "--since", path("new"), "--checkpoint", path("old")}).exit_code, 1);
  EXPECT_EQ(ntt({"prove", "--since", path("new"), "--size", "3"}).exit_code, 1);
}

TEST_F(ProofCommandsTest, WrongUsageAndUnreadableInputAreNoFindings) {
  append(3);
  EXPECT_EQ(ntt({"prove"}).exit_code, 2);
  EXPECT_EQ(ntt({"prove", "1", "--since", "x"}).exit_code, 2);
  EXPECT_EQ(ntt({"prove", "1", "--size", "2", "--checkpoint", "x"}).exit_code, 2);
  EXPECT_EQ(ntt({"prove", "4"}).exit_code, 1);
  EXPECT_EQ(ntt({"prove", "2", "--size", "1"}).exit_code, 1);
  EXPECT_EQ(ntt({"prove", "1", "--attachment"}).exit_code, 1);
  EXPECT_EQ(ntt({"prove", "--since", path("none")}).exit_code, 1);
  EXPECT_EQ(ntt({"verify", "proof"}).exit_code, 2);
  EXPECT_EQ(ntt({"verify", "proof", path("none")}).exit_code, 1);
  write_file(temp_ / "junk", "{}");
  const auto junk = ntt({"verify", "proof", path("junk")});
  EXPECT_EQ(junk.exit_code, 1);
  EXPECT_TRUE(contains(junk.err, "this is no proof")) << junk.err;
  EXPECT_EQ(ntt({"verify", "log", "--witness", path("none")}).exit_code, 1);
  EXPECT_EQ(ntt({"verify", "log", "--witness", path("junk")}).exit_code, 1);
  EXPECT_EQ(ntt({"verify", "log", "--key", "nonsense"}).exit_code, 1);
}

TEST_F(ProofCommandsTest, ALogThatContradictsItsCheckpointNeitherProvesNorSigns) {
  append(4);
  copy_home("home2");
  append(4);
  must({"checkpoint", "--out", path("cp")});
  fs::copy(temp_ / "home/key", temp_ / "home2/key", fs::copy_options::recursive);
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"checkpoint"}, {"prove", "1"}, {"prove", "--since", path("cp")}}) {
    const auto refused = ntt_at("home2", arguments);
    EXPECT_EQ(refused.exit_code, 3) << arguments[0] << refused.err;
    EXPECT_TRUE(contains(refused.err, "cut short")) << refused.err;
  }
}

// The heart of it: copies of the log, taken after each event, are what a cut at that record's end
// leaves. Each is whole in itself, head file included.
TEST_F(ProofCommandsTest, ALogCutAtAnyRecordBoundaryIsFoundByEveryKindOfWitness) {
  constexpr int kEvents = 10;
  for (int i = 0; i < kEvents; ++i) {
    append(1);
    copy_home("cut" + std::to_string(i + 1));
  }
  fs::copy(temp_ / "home/log/head", temp_ / "head");
  must({"prove", "1"});  // makes the key
  must({"checkpoint", "--out", path("cp")});
  EXPECT_EQ(ntt({"verify", "log", "--witness", path("cp"), "--witness", path("head")}).exit_code,
            0);
  for (int left = 1; left < kEvents; ++left) {
    const std::string home = "cut" + std::to_string(left);
    const auto alone = ntt_at(home, {"verify", "log"});
    EXPECT_EQ(alone.exit_code, 0) << alone.out;
    EXPECT_TRUE(contains(alone.out, "the log is whole")) << alone.out;
    for (const char* witness : {"cp", "head"}) {
      const auto found = ntt_at(home, {"verify", "log", "--json", "--witness", path(witness)});
      EXPECT_EQ(found.exit_code, 3) << found.out;
      const auto report = json::parse(found.out)["witnesses"][0];
      EXPECT_EQ(report["agrees"], false);
      EXPECT_EQ(report["differs_from"], left + 1);
      EXPECT_EQ(report["differs_to"], kEvents);
      EXPECT_TRUE(contains(report["problem"], "cut short")) << found.out;
    }
  }
}

TEST_F(ProofCommandsTest, ALogOfTheSameLengthWithOneEventChangedIsFoundAndWhere) {
  append(1);
  copy_home("forged");
  append(3);
  must({"checkpoint", "--out", path("early")});  // of 4 events
  append(5);
  must({"checkpoint", "--out", path("late")});  // of 10
  fs::copy(temp_ / "home/log/head", temp_ / "head");
  // The same log up to its first event, then others, as many as there were.
  append(10, "forged", "changed");
  const auto alone = ntt_at("forged", {"verify", "log"});
  EXPECT_EQ(alone.exit_code, 0) << alone.out;
  for (const char* witness : {"early", "late", "head"}) {
    const auto found = ntt_at("forged", {"verify", "log", "--witness", path(witness)});
    EXPECT_EQ(found.exit_code, 3) << found.out;
    EXPECT_TRUE(contains(found.out, "not the one that was seen")) << found.out;
  }
}

TEST_F(ProofCommandsTest, AForkIsNarrowedDownByTheWitnessesThatAgree) {
  append(3);
  must({"checkpoint", "--out", path("early")});  // 3 events, and its own
  copy_home("fork");
  append(5);
  must({"checkpoint", "--out", path("late")});  // 9 events
  append(6, "fork", "other");
  const auto found = ntt_at("fork", {"verify", "log", "--json", "--witness", path("late"),
                                     "--witness", path("early"), "--key", key()});
  EXPECT_EQ(found.exit_code, 3);
  const auto reports = json::parse(found.out)["witnesses"];
  EXPECT_EQ(reports[0]["differs_from"], 4);
  EXPECT_EQ(reports[0]["differs_to"], 9);
  EXPECT_EQ(reports[0]["signature"], "verified");
  EXPECT_EQ(reports[1]["agrees"], true);
}

TEST_F(ProofCommandsTest, AnotherLogIsSaidToBeAnother) {
  append(3);
  must({"checkpoint", "--out", path("cp")});
  append(8, "other");
  const auto found = ntt_at("other", {"verify", "log", "--witness", path("cp")});
  EXPECT_EQ(found.exit_code, 3);
  EXPECT_TRUE(contains(found.out, "it saw another log")) << found.out;
  EXPECT_TRUE(contains(found.out, "signature not checked")) << found.out;
}

TEST_F(ProofCommandsTest, AWitnessWithABadSignatureIsNone) {
  append(3);
  std::string note = must({"checkpoint"});
  note[note.find("\n3\n") + 1] = '2';
  write_file(temp_ / "cp", note);
  const auto found = ntt({"verify", "log", "--witness", path("cp")});
  EXPECT_EQ(found.exit_code, 3);
  EXPECT_TRUE(contains(found.out, "it is no witness")) << found.out;
}

}  // namespace
}  // namespace ntt::tests
