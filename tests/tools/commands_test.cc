// The commands that read the log, run as programs against a log that the test wrote.

#include <gtest/gtest.h>

#include "events/batch.h"
#include "events/emitter.h"
#include "events/rocks_log.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::tests {
namespace {

using events::MediumId;

class CommandsTest : public testing::Test {
 protected:
  CommandResult ntt(std::vector<std::string> arguments,
                    std::map<std::string, std::string> environment = {}) {
    arguments.insert(arguments.begin(), NTT_PROGRAM);
    environment.insert({{"NTT_HOME", (temp_ / "home").string()},
                        {"XDG_CONFIG_HOME", (temp_ / "config").string()}});
    return run_command(arguments, {environment, "", ""});
  }

  // A log with two media whose ids share five characters.
  void write_log() {
    auto log = events::open_rocks_log({temp_ / "home/log"}, clock_);
    ASSERT_TRUE(log);
    for (const char* id : {"abcde0", "abcde1"}) {
      events::Emitter emitter(**log, clock_, MediumId{id}, events::new_run_id(clock_),
                              events::this_actor());
      events::MediumIdentified identified;
      identified.medium_human = id;
      identified.source = {"image", {"/a\nb\xff.img"}};
      ASSERT_TRUE(emitter.emit(identified));
      auto start = emitter.emit(events::EnumStart{});
      ASSERT_TRUE(start);
      events::EntryBatch batch;
      batch.entries.resize(2);
      batch.entries[1].path = "line\nbreak";
      batch.entries[1].type = events::EntryType::file;
      batch.entries[1].modify_time = -1;
      events::EnumBatchData data;
      data.manifest = start->value;
      data.count = 2;
      ASSERT_TRUE(emitter.emit(data, *start, events::encode_entry_batch(batch).attachment));
    }
  }

  TempDir temp_;
  events::SystemClock clock_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(CommandsTest, WithoutALogStatusInvitesAndOthersSayWhatToDo) {
  const auto status = ntt({"status"});
  EXPECT_EQ(status.exit_code, 0);
  EXPECT_TRUE(contains(status.out, "No media yet")) << status.out;
  const auto log = ntt({"log"});
  EXPECT_EQ(log.exit_code, 1);
  EXPECT_EQ(log.out, "");
  EXPECT_TRUE(contains(log.err, "ntt run --image")) << log.err;
}

TEST_F(CommandsTest, WrongUsageIsTwo) {
  const std::vector<std::vector<std::string>> wrong = {{},
                                                       {"frobnicate"},
                                                       {"status", "--frobnicate"},
                                                       {"show"},
                                                       {"show", "x"},
                                                       {"run"},
                                                       {"run", "--until", "sometime"},
                                                       {"run", "--image", "a", "--dir", "b"},
                                                       {"log", "--where", ""},
                                                       {"log", "--type", ""},
                                                       {"log", "--limit", "0"},
                                                       {"log", "--limit", "-1"},
                                                       {"find", "--name", "x", "-n", "-1"},
                                                       {"db"},
                                                       {"--lock-wait", "soon", "status"}};
  for (const auto& arguments : wrong) {
    EXPECT_EQ(ntt(arguments).exit_code, 2) << testing::PrintToString(arguments);
  }
}

TEST_F(CommandsTest, EveryCommandHasHelpOnStandardOutput) {
  for (const char* command : {"run", "status", "log", "show", "project", "verify", "reconcile",
                              "checkpoint", "prove", "db", "doctor"}) {
    const auto help = ntt({command, "--help"});
    EXPECT_EQ(help.exit_code, 0) << command;
    EXPECT_TRUE(contains(help.out, "Examples:")) << command << "\n" << help.out;
    EXPECT_EQ(help.err, "") << command;
  }
}

TEST_F(CommandsTest, MediumIsNamedByAnUnambiguousPrefix) {
  write_log();
  EXPECT_EQ(ntt({"status", "abcde1"}).exit_code, 0);
  const auto ambiguous = ntt({"status", "abcde"});
  EXPECT_EQ(ambiguous.exit_code, 1);
  EXPECT_TRUE(contains(ambiguous.err, "abcde0")) << ambiguous.err;
  EXPECT_TRUE(contains(ambiguous.err, "abcde1")) << ambiguous.err;
  EXPECT_TRUE(contains(ntt({"status", "abc"}).err, "too short"));
  EXPECT_TRUE(contains(ntt({"status", "ffff"}).err, "no medium begins with"));
}

TEST_F(CommandsTest, LogFiltersAndLimits) {
  write_log();
  EXPECT_EQ(lines_of(ntt({"log", "--json"}).out).size(), 6U);
  EXPECT_EQ(lines_of(ntt({"log", "--medium", "abcde0"}).out).size(), 3U);
  EXPECT_EQ(lines_of(ntt({"log", "--type", "enum_*"}).out).size(), 4U);
  EXPECT_EQ(lines_of(ntt({"log", "--until", "2001-01-01"}).out).size(), 0U);
  EXPECT_EQ(lines_of(ntt({"log", "--origin", "imported"}).out).size(), 0U);
  const auto newest = lines_of(ntt({"log", "--limit", "2"}).out);
  ASSERT_EQ(newest.size(), 2U);
  EXPECT_TRUE(contains(newest[1], "     6  "));
  EXPECT_EQ(ntt({"log", "--since", "yesterday"}).exit_code, 2);
  EXPECT_EQ(ntt({"log", "--run", "1"}).exit_code, 2);
}

TEST_F(CommandsTest, AReaderThatLeavesIsNoErrorToSpeakOf) {
  {
    auto log = events::open_rocks_log({temp_ / "home/log"}, clock_);
    ASSERT_TRUE(log);
    events::Emitter emitter(**log, clock_, MediumId{"abcde0"}, events::new_run_id(clock_),
                            events::this_actor());
    const auto start = emitter.emit(events::EnumStart{});
    ASSERT_TRUE(start);
    events::EntryBatch batch;
    batch.entries.resize(4000);  // printed, more than a pipe holds
    events::EnumBatchData data;
    data.manifest = start->value;
    data.count = batch.entries.size();
    ASSERT_TRUE(emitter.emit(data, *start, events::encode_entry_batch(batch).attachment));
  }
  for (const char* command :
       {"show 2 --batch", "show 2 --batch --json", "export jsonl --batches"}) {
    const auto piped =
        run_command({"bash", "-c", std::string("\"$0\" ") + command + " | head -c 10", NTT_PROGRAM},
                    {{{"NTT_HOME", (temp_ / "home").string()},
                      {"XDG_CONFIG_HOME", (temp_ / "config").string()}},
                     "",
                     ""});
    EXPECT_EQ(piped.err, "") << command;
    EXPECT_EQ(piped.out.size(), 10U) << command;
  }
  const auto full = run_command(
      {"bash", "-c", "\"$0\" show 2 --batch > /dev/full", NTT_PROGRAM},
      {{{"NTT_HOME", (temp_ / "home").string()}, {"XDG_CONFIG_HOME", (temp_ / "config").string()}},
       "",
       ""});
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_TRUE(contains(full.err, "could not be written")) << full.err;
}

TEST_F(CommandsTest, AnExportToAPipeIsWrittenToItAndDoesNotReplaceIt) {
  write_log();
  const auto pipe = temp_ / "pipe";
  const auto piped = run_command(
      {"bash", "-c", "mkfifo \"$1\" && { \"$0\" export jsonl --out \"$1\" & cat \"$1\"; wait; }",
       NTT_PROGRAM, pipe.string()},
      {{{"NTT_HOME", (temp_ / "home").string()}, {"XDG_CONFIG_HOME", (temp_ / "config").string()}},
       "",
       ""});
  EXPECT_EQ(piped.out, ntt({"export", "jsonl"}).out) << piped.err;
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
  // Nor does one to a link.
  write_file(temp_ / "target", "old");
  std::filesystem::create_symlink(temp_ / "target", temp_ / "link");
  EXPECT_EQ(ntt({"export", "jsonl", "--out", (temp_ / "link").string()}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(temp_ / "link"));
  EXPECT_EQ(read_file(temp_ / "target"), piped.out);
}

TEST_F(CommandsTest, ShowDecodesABatchWithEveryByteEscaped) {
  write_log();
  const auto shown = ntt({"show", "3", "--batch", "--json"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_TRUE(contains(shown.out, R"("path":"line\\x0abreak")")) << shown.out;
  EXPECT_TRUE(contains(shown.out, R"("modify_time":"1969-12-31T23:59:59.999999999")"));
  EXPECT_EQ(ntt({"show", "1", "--batch"}).exit_code, 1);
  EXPECT_EQ(ntt({"show", "999"}).exit_code, 1);
}

TEST_F(CommandsTest, StatusNeedsNoDatabaseAndTellsOfInterruptedWork) {
  write_log();
  const auto json = ntt({"status", "--json"}, {{"NTT_DB_URL", "postgresql:///?host=/nowhere"}});
  EXPECT_EQ(json.exit_code, 0) << json.err;
  ASSERT_EQ(lines_of(json.out).size(), 2U);
  EXPECT_TRUE(contains(json.out, R"("enum":"interrupted")")) << json.out;
  EXPECT_TRUE(contains(ntt({"status"}).out, "(continues enum)"));
}

TEST_F(CommandsTest, VerifyFindsAChangedByteAndEndsWithThree) {
  write_log();
  const auto whole = ntt({"verify", "log"});
  EXPECT_EQ(whole.exit_code, 0) << whole.out << whole.err;
  EXPECT_TRUE(contains(whole.out, "6 events"));
  // The events lie in the write-ahead log or in the first of the tables.
  for (const auto& item : std::filesystem::directory_iterator(temp_ / "home/log/db")) {
    const auto extension = item.path().extension();
    if ((extension != ".log" && extension != ".sst") || item.file_size() == 0) continue;
    std::string bytes = read_file(item.path());
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    write_file(item.path(), bytes);
  }
  const auto damaged = ntt({"verify", "log"});
  EXPECT_EQ(damaged.exit_code, 3) << damaged.out << damaged.err;
  EXPECT_TRUE(contains(damaged.out, "the log is damaged")) << damaged.out;
  EXPECT_TRUE(contains(ntt({"verify", "log", "--json"}).out, R"("intact":false)"));
}

TEST_F(CommandsTest, AnUnknownCommandIsNamed) {
  const auto unknown = ntt({"bogus"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_TRUE(contains(unknown.err, "no command 'bogus'")) << unknown.err;
}

TEST_F(CommandsTest, MessagesCanBeJson) {
  const auto failed = ntt({"--log-json", "log"});
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_TRUE(contains(failed.err, R"("level":"error","message":"there is no log)")) << failed.err;
}

TEST_F(CommandsTest, WhoeverHoldsTheLogIsNamedToAWriterAndNoHindranceToReaders) {
  write_log();
  auto held = events::open_rocks_log({temp_ / "home/log"}, clock_);
  ASSERT_TRUE(held);
  EXPECT_EQ(ntt({"status"}).exit_code, 0);
  EXPECT_EQ(ntt({"log"}).exit_code, 0);
  write_file(temp_ / "x.img", some_bytes(4096, 1));
  const auto second = ntt({"run", "--image", (temp_ / "x.img").string(), "--lock-wait", "0.1"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_TRUE(contains(second.err, "process " + std::to_string(getpid()))) << second.err;
}

TEST_F(CommandsTest, CompletionKnowsCommandsOptionsValuesAndMedia) {
  write_log();
  EXPECT_TRUE(contains(ntt({"completion", "words", "--", "st"}).out, "status\n"));
  EXPECT_TRUE(contains(ntt({"completion", "words", "--", "run", "--"}).out, "--image\n"));
  EXPECT_EQ(ntt({"completion", "words", "--", "run", "--image", ""}).out, "@files\n");
  EXPECT_TRUE(contains(ntt({"completion", "words", "--", "run", "--until", ""}).out, "enum\n"));
  EXPECT_TRUE(contains(ntt({"completion", "words", "--", "status", ""}).out, "abcde1\n"));
  EXPECT_EQ(run_command({"bash", "-n"}, {{}, ntt({"completion", "bash"}).out, ""}).exit_code, 0);
}

}  // namespace
}  // namespace ntt::tests
