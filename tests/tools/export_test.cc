// Exporting and importing a log through the program: the log that the first release wrote.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class ExportTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(temp_ / "golden");
    output_of({"sh", "-c", "zstd -dc \"$0\" | tar -x -C \"$1\"", NTT_GOLDEN_DIR "/log-1.tar.zst",
               (temp_ / "golden").string()});
  }

  CommandResult ntt(const std::string& home, std::vector<std::string> arguments,
                    const std::string& input = "") {
    arguments.insert(arguments.begin(), NTT_PROGRAM);
    return run_command(arguments, {{{"NTT_HOME", (temp_ / home).string()},
                                    {"XDG_CONFIG_HOME", (temp_ / "config").string()}},
                                   input,
                                   ""});
  }
  std::string exported(const std::string& home, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"export", "jsonl"});
    const auto result = ntt(home, more);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }
  // Imports into a new place; nothing may be left of what is refused.
  CommandResult import_text(const std::string& text) {
    write_file(temp_ / "in.jsonl", text);
    fs::remove_all(temp_ / "new");
    auto result = ntt("new", {"import", "jsonl", (temp_ / "in.jsonl").string()});
    if (result.exit_code != 0 && fs::exists(temp_ / "new")) {
      EXPECT_TRUE(fs::is_empty(temp_ / "new")) << result.err;
    }
    return result;
  }
  static std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
  }

  TempDir temp_;
};

TEST_F(ExportTest, ExportImportExportGivesTheSameBytesAndTheSameLog) {
  for (const bool batches : {false, true}) {
    std::vector<std::string> more;
    if (batches) more.emplace_back("--batches");
    const std::string text = exported("golden", more);
    const auto imported = import_text(text);
    ASSERT_EQ(imported.exit_code, 0) << imported.err;
    EXPECT_EQ(exported("new", more), text);
    const auto verified = ntt("new", {"verify", "log"});
    EXPECT_EQ(verified.exit_code, 0);
    EXPECT_EQ(verified.out, ntt("golden", {"verify", "log"}).out) << "the same root";
    EXPECT_EQ(ntt("new", {"log", "--json"}).out, ntt("golden", {"log", "--json"}).out);
  }
}

TEST_F(ExportTest, RecordsOfEveryKindOfBatchAreLinesOfTheirOwn) {
  const std::string text = exported("golden", {"--batches"});
  for (const char* type : {"enum_batch", "load_batch", "copy_batch", "verify_batch"}) {
    EXPECT_TRUE(contains(text, "\"type\":\"" + std::string(type) + ".record\"")) << type;
  }
}

TEST_F(ExportTest, StandardInputAndOutputServeToo) {
  const std::string text = exported("golden");
  const auto imported = ntt("new", {"import", "jsonl", "-"}, text);
  ASSERT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_EQ(ntt("new", {"export", "jsonl", "--out", (temp_ / "out").string()}).out, "");
  EXPECT_EQ(read_file(temp_ / "out"), text);
  EXPECT_FALSE(fs::exists(temp_ / "out.part"));
}

TEST_F(ExportTest, EveryLineThatIsDroppedIsNoticedAtItsPlace) {
  const auto lines = lines_of(exported("golden"));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto changed = lines;
    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
    const auto imported = import_text(joined(changed));
    EXPECT_EQ(imported.exit_code, 1);
    const bool last = i + 1 == lines.size();
    EXPECT_TRUE(contains(imported.err, last ? "not whole" : "line " + std::to_string(i + 1) + ":"))
        << i << ": " << imported.err;
  }
}

TEST_F(ExportTest, EveryLineThatIsChangedIsNoticedAtItsPlace) {
  const auto lines = lines_of(exported("golden"));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto changed = lines;
    char& byte = changed[i][changed[i].size() * (i + 1) / (lines.size() + 1)];
    byte = static_cast<char>(byte ^ 1);
    const auto imported = import_text(joined(changed));
    EXPECT_EQ(imported.exit_code, 1);
    EXPECT_TRUE(contains(imported.err, "line " + std::to_string(i + 1) + ":")) << imported.err;
  }
}

TEST_F(ExportTest, EveryPairOfLinesThatIsSwappedIsNoticedAtTheFirst) {
  const auto lines = lines_of(exported("golden"));
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    auto changed = lines;
    std::swap(changed[i], changed[i + 1]);
    const auto imported = import_text(joined(changed));
    EXPECT_EQ(imported.exit_code, 1);
    EXPECT_TRUE(contains(imported.err, "line " + std::to_string(i + 1) + ":")) << imported.err;
  }
}

TEST_F(ExportTest, WhatIsCutOffOrGoesOnIsRefused) {
  const std::string text = exported("golden");
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, text.size() / 2, text.size() - 1}) {
    EXPECT_EQ(import_text(text.substr(0, size)).exit_code, 1) << size;
  }
  EXPECT_TRUE(contains(import_text(text + "\n").err, "after the last"));
}

TEST_F(ExportTest, APartOfALogIsForReadingOnly) {
  for (const std::vector<std::string>& part :
       {std::vector<std::string>{"--first", "2"}, {"--last", "3"}, {"--medium", "carved"}}) {
    const std::string text = exported("golden", part);
    EXPECT_GT(lines_of(text).size(), 2U);
    const auto imported = import_text(text);
    EXPECT_EQ(imported.exit_code, 1);
    EXPECT_TRUE(contains(imported.err, "a part of a log")) << imported.err;
  }
  EXPECT_EQ(ntt("golden", {"export", "jsonl", "--first", "3", "--last", "2"}).exit_code, 2);
}

TEST_F(ExportTest, ALogWithEventsIsNeverReplaced) {
  write_file(temp_ / "in.jsonl", exported("golden"));
  const auto imported = ntt("golden", {"import", "jsonl", (temp_ / "in.jsonl").string()});
  EXPECT_EQ(imported.exit_code, 1);
  EXPECT_TRUE(contains(imported.err, "38 events")) << imported.err;
}

TEST_F(ExportTest, AnImportThatIsKilledLeavesNoLogAndIsRepeated) {
  const std::string text = exported("golden");
  const fs::path pipe = temp_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  Process import(
      {NTT_PROGRAM, "import", "jsonl", pipe.string()},
      {{{"NTT_HOME", (temp_ / "new").string()}, {"XDG_CONFIG_HOME", (temp_ / "config").string()}},
       "",
       ""});
  std::ofstream writer(pipe, std::ios::binary);
  writer << text.substr(0, text.size() / 2) << std::flush;
  const auto has_begun = [&] { return fs::exists(temp_ / "new") && !fs::is_empty(temp_ / "new"); };
  while (!has_begun() && import.is_running()) std::this_thread::yield();
  import.signal(SIGKILL);
  EXPECT_EQ(import.wait().exit_code, 128 + SIGKILL);
  EXPECT_FALSE(fs::exists(temp_ / "new/log"));
  writer.close();
  write_file(temp_ / "in.jsonl", text);
  EXPECT_EQ(ntt("new", {"import", "jsonl", (temp_ / "in.jsonl").string()}).exit_code, 0);
  EXPECT_EQ(exported("new"), text);
}

TEST_F(ExportTest, CsvOfEventsHasARowForEachEvent) {
  const auto csv = ntt("golden", {"export", "csv", "events"});
  ASSERT_EQ(csv.exit_code, 0) << csv.err;
  EXPECT_EQ(lines_of(csv.out).size(), 39U);
  EXPECT_TRUE(csv.out.starts_with("seq,id,type,")) << csv.out;
  EXPECT_EQ(ntt("golden", {"export", "csv", "events", "--generation", "1"}).exit_code, 2);
}

}  // namespace
}  // namespace ntt::tests
