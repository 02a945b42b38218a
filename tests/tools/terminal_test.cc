// What people see: numbers, durations, tables.

#include "tools/ntt/terminal.h"

#include <gtest/gtest.h>

namespace ntt::tools {
namespace {

TEST(Terminal, NumbersHaveCommas) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(Terminal, OneIsNotSeveral) {
  EXPECT_EQ(counted(0, "file"), "0 files");
  EXPECT_EQ(counted(1, "file"), "1 file");
  EXPECT_EQ(counted(1234, "difference"), "1,234 differences");
}

TEST(Terminal, BytesComeInPowersOfAThousand) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1000), "1.0 kB");
  EXPECT_EQ(human_bytes(999'949), "999.9 kB");
  EXPECT_EQ(human_bytes(999'950), "1.0 MB");
  EXPECT_EQ(human_bytes(UINT64_MAX), "18.4 EB");
}

TEST(Terminal, DurationsAreClockTimes) {
  EXPECT_EQ(human_duration(7), "0:07");
  EXPECT_EQ(human_duration(754), "12:34");
  EXPECT_EQ(human_duration(10931), "3:02:11");
}

TEST(Terminal, CuttingNeverSplitsACharacter) {
  EXPECT_EQ(cut("short", 5), "short");
  EXPECT_EQ(cut("longer", 5), "long…");
  EXPECT_EQ(cut("äöüäöü", 4), "äöü…");
  EXPECT_EQ(display_width("äöü…"), 4U);
}

TEST(Terminal, ColumnsOfATableAreAligned) {
  Table table({"a", "wide"});
  table.add({"äöü", "1"});
  table.add({"x", ""});
  EXPECT_EQ(table.text(false), "a    wide\näöü  1\nx\n");
}

}  // namespace
}  // namespace ntt::tools
