// Importing old logs: every line once, whatever the files, their order and their packing.

#include "stages/legacy_import.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "stages/log_lines.h"
#include "tests/stages/log_bench.h"
#include "tests/support/command.h"

namespace ntt::tests {
namespace {

using stages::LegacyImportReport;

const char* const kLogs[] = {"archiver", "backup",        "drive-identification", "enum",
                             "loader",   "mime-backfill", "floppy-orchestrator",  "odd",
                             "verify",   "orchestrator"};

std::string timed(const std::string& second, const std::string& members) {
  return "{" + members + ",\"ts\":\"2025-10-10T10:00:" + second + "-07:00\"}\n";
}
std::string start(const std::string& second, const std::string& medium) {
  return timed(second, R"("stage":"start","medium_hash":")" + medium + "\"");
}
std::string done(const std::string& second) {
  return timed(second, R"("stage":"done","exit":0)");
}

class LegacyImport : public ::testing::Test {
 protected:
  LegacyImportReport import(const std::vector<std::string>& files, bool dry_run = false) {
    auto report = stages::import_legacy_logs(
        {bench.log.get(), bench.progress, bench.cancelled},
        {files, events::new_run_id(bench.clock), {"host", "user", "ntt test"}, dry_run});
    EXPECT_TRUE(report.has_value()) << report.error().message;
    if (!report) return {};
    EXPECT_TRUE(report->adds_up());
    return *report;
  }
  std::string file(const std::string& name, const std::string& text) {
    write_file(bench.directory / name, text);
    return (bench.directory / name).string();
  }
  static std::string log_file(const std::string& name) {
    return std::string(NTT_LEGACY_LOGS) + "/" + name + ".jsonl";
  }
  // What does not depend on which file a line was read from.
  [[nodiscard]] std::multiset<std::string> stored() const {
    std::multiset<std::string> out;
    for (const auto& event : bench.events()) {
      out.insert(event.id.hex() + " " + event.type + " " + event.medium.text + " " +
                 events::to_rfc3339(event.occurred_at));
    }
    return out;
  }
  [[nodiscard]] std::vector<std::string> media() const {
    std::vector<std::string> out;
    for (const auto& event : bench.events()) out.push_back(event.medium.text);
    return out;
  }

  LogBench bench;
};

TEST_F(LegacyImport, EveryLineIsOneEventOfItsOwnBytes) {
  const auto report = import({log_file("loader")});
  EXPECT_EQ(report.lines, 18U);
  EXPECT_EQ(report.events, 18U);
  EXPECT_EQ(report.claims, 18U);
  std::string text;
  std::uint64_t number = 0;
  for (const auto& event : bench.events()) {
    EXPECT_EQ(event.type, "legacy_claim");
    EXPECT_EQ(event.origin, events::Origin::imported);
    const auto claim = events::payload_of<events::LegacyClaim>(event);
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->line, ++number);
    EXPECT_EQ(claim->time_basis, "offset");
    EXPECT_EQ(claim->time_resolution, 1000000U);
    text += claim->text.bytes + "\n";
  }
  EXPECT_EQ(text, read_file(log_file("loader")));
}

TEST_F(LegacyImport, ImportingTwiceAddsNothing) {
  std::vector<std::string> files;
  for (const char* log : kLogs) files.push_back(log_file(log));
  const auto first = import(files);
  EXPECT_EQ(first.lines, 173U);
  const auto before = stored();
  const auto second = import(files);
  EXPECT_EQ(second.events, 0U);
  EXPECT_EQ(second.duplicates, second.lines);
  EXPECT_EQ(stored(), before);
}

TEST_F(LegacyImport, TheOrderOfTheFilesDoesNotMatter) {
  std::vector<std::string> files;
  for (const char* log : kLogs) files.push_back(log_file(log));
  import(files);
  const auto expected = stored();
  std::reverse(files.begin(), files.end());
  LogBench other;
  const auto report = stages::import_legacy_logs(
      {other.log.get(), other.progress, other.cancelled},
      {files, events::new_run_id(other.clock), {"host", "user", "ntt test"}, false});
  ASSERT_TRUE(report.has_value());
  std::multiset<std::string> found;
  for (const auto& event : other.events()) {
    found.insert(event.id.hex() + " " + event.type + " " + event.medium.text + " " +
                 events::to_rfc3339(event.occurred_at));
  }
  EXPECT_EQ(found, expected);
}

TEST_F(LegacyImport, AnOverlappingCopyAddsOnlyWhatIsNewAndEqualLinesStayTwo) {
  const std::string twice = done("05");
  const std::string old = start("01", "aaaa") + twice + twice;
  const std::string newer = twice + twice + start("06", "bbbb") + done("07");
  // The older file is given last, and is read first.
  const auto report = import({file("old", newer), file("old.1", old)});
  EXPECT_EQ(report.lines, 7U);
  EXPECT_EQ(report.events, 5U);
  EXPECT_EQ(report.duplicates, 2U);
  EXPECT_EQ(media(), (std::vector<std::string>{"aaaa", "aaaa", "", "bbbb", "bbbb"}));
}

TEST_F(LegacyImport, PackedFilesAreTheSameLines) {
  const std::string text = read_file(log_file("orchestrator"));
  const std::string plain = file("old", text);
  output_of({"gzip", "-k", plain});
  output_of({"zstd", "-q", "-k", plain});
  // Two packed parts, one after the other, are one file, as for their own programs.
  const std::string both = file("both.gz", read_file(plain + ".gz") + read_file(plain + ".gz"));
  const auto packed = import({plain + ".gz", plain + ".zst", plain});
  EXPECT_EQ(packed.events, 75U);
  EXPECT_EQ(packed.duplicates, 150U);
  EXPECT_EQ(import({both}).lines, 150U);
}

TEST_F(LegacyImport, ADamagedFileIsAnErrorAndWhatCameBeforeItIsKept) {
  std::string lines;
  for (int i = 0; i < 50000; ++i) lines += "{\"stage\":\"odd\",\"n\":" + std::to_string(i) + "}\n";
  const std::string plain = file("old", lines);
  output_of({"gzip", "-k", plain});
  const std::string whole = read_file(plain + ".gz");
  const std::string cut = file("cut.gz", whole.substr(0, whole.size() / 2));
  auto report = stages::import_legacy_logs(
      {bench.log.get(), bench.progress, bench.cancelled},
      {{log_file("loader"), cut}, events::new_run_id(bench.clock), {}, false});
  ASSERT_FALSE(report.has_value());
  EXPECT_NE(report.error().message.find("cut.gz"), std::string::npos) << report.error().message;
  EXPECT_GT(bench.events().size(), 10000U);
}

TEST_F(LegacyImport, LinesWithoutAMediumBelongToTheStartAboveThem) {
  import({file("old", start("01", "aaaa") + done("02") + done("03") + start("04", "bbbb") +
                          timed("05", R"("stage":"enum_complete","out":"/r/cccc.raw")") +
                          done("06"))});
  EXPECT_EQ(media(), (std::vector<std::string>{"aaaa", "aaaa", "", "bbbb", "cccc", "bbbb"}));
}

TEST_F(LegacyImport, WhereTheStartsOfTwoMediaAreOpenNobodyGuesses) {
  const auto opens = [](const char* second, const std::string& stage, const std::string& medium) {
    return timed(second, "\"stage\":\"" + stage + "\",\"medium_hash\":\"" + medium + "\"");
  };
  import({file("old", opens("01", "identify", "aaaa") + opens("02", "identify", "bbbb") +
                          opens("03", "pipeline_start", "bbbb") + done("04"))});
  EXPECT_EQ(media(), (std::vector<std::string>{"aaaa", "bbbb", "bbbb", ""}));
}

TEST_F(LegacyImport, ARunIsOverWithItsLastLine) {
  import({file("old", timed("01", R"("stage":"identify","medium_hash":"aaaa")") +
                          timed("02", R"("stage":"pipeline_start","medium_hash":"aaaa")") +
                          timed("03", R"("stage":"pipeline_done","medium_hash":"aaaa")") +
                          done("04") + timed("05", R"("stage":"error","msg":"no device")"))});
  EXPECT_EQ(media(), (std::vector<std::string>{"aaaa", "aaaa", "aaaa", "aaaa", ""}));
}

TEST_F(LegacyImport, WhereTwoStartsAreOpenNobodyGuesses) {
  import({file("old", start("01", "aaaa") + start("02", "bbbb") + done("03") + done("04") +
                          start("05", "aaaa") + done("06"))});
  EXPECT_EQ(media(), (std::vector<std::string>{"aaaa", "bbbb", "", "", "aaaa", "aaaa"}));
}

TEST_F(LegacyImport, ALineWithoutATimeHasThatOfTheLineAboveIt) {
  import({file("old", "null\n" + start("01", "aaaa") + "null\nnull")});
  const auto events = bench.events();
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].occurred_at.micros, 0);
  EXPECT_EQ(events::payload_of<events::LegacyLine>(events[0])->time_basis, "none");
  EXPECT_EQ(events[2].occurred_at, events[1].occurred_at);
  const auto last = events::payload_of<events::LegacyLine>(events[3]);
  EXPECT_EQ(last->time_basis, "preceding");
  EXPECT_EQ(last->line, 4U);
  EXPECT_EQ(last->reason, "null");
}

TEST_F(LegacyImport, AVeryLongLineIsKeptByItsBeginningLengthAndDigest) {
  const std::string line(3U << 20U, 'x');
  const auto report = import({file("old", line + "\n" + line + "y\n" + done("01"))});
  EXPECT_EQ(report.events, 3U);  // they differ in their last byte
  EXPECT_EQ(report.other.at("too_long"), 2U);
  const auto kept = events::payload_of<events::LegacyLine>(bench.events()[1]);
  EXPECT_EQ(kept->length, line.size() + 1);
  EXPECT_EQ(kept->text.bytes, line.substr(0, 64U << 10U));
}

TEST_F(LegacyImport, AnyBytesAreKept) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    if (i != '\n') bytes += static_cast<char>(i);
  }
  import({file("old", bytes)});
  EXPECT_EQ(events::payload_of<events::LegacyLine>(bench.events().at(0))->text.bytes, bytes);
}

TEST_F(LegacyImport, ADryRunCountsAndAddsNothing) {
  const auto report = import({log_file("orchestrator"), log_file("orchestrator")}, true);
  EXPECT_EQ(report.events, 75U);
  EXPECT_EQ(report.duplicates, 75U);
  EXPECT_TRUE(bench.events().empty());
  import({log_file("orchestrator")});
  EXPECT_EQ(import({log_file("orchestrator")}, true).events, 0U);
}

TEST_F(LegacyImport, AnInterruptedImportGoesOnWhenItIsRunAgain) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "{\"n\":" + std::to_string(i) + "}\n";
  const std::string log = file("old", text);
  bench.progress.hook = [this](std::uint64_t lines) { bench.cancelled = lines > 5000; };
  const auto first = import({log});
  EXPECT_TRUE(first.interrupted);
  EXPECT_TRUE(first.adds_up());
  EXPECT_GT(first.events, 5000U);
  EXPECT_LT(first.events, 20000U);
  bench.progress.hook = {};
  bench.cancelled = false;
  const auto second = import({log});
  EXPECT_EQ(second.lines, 20000U);
  EXPECT_EQ(first.events + second.events, 20000U);
}

}  // namespace
}  // namespace ntt::tests
