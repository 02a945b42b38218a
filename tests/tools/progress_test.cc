// Progress: rates, the time left, and the text of the bar.

#include "tools/ntt/progress.h"

#include <gtest/gtest.h>

namespace ntt::tools {
namespace {

TEST(Progress, TimeLeftGoesByBytesWhereTheirTotalIsKnown) {
  ProgressState state;
  state.items_done = 90;
  state.items_total = 100;
  state.bytes_done = 250;
  state.bytes_total = 1000;
  const ProgressRates rates = rates_of(state, 10);
  EXPECT_DOUBLE_EQ(rates.fraction, 0.25);
  EXPECT_DOUBLE_EQ(rates.seconds_left, 30);
  EXPECT_DOUBLE_EQ(rates.bytes_per_second, 25);
  EXPECT_DOUBLE_EQ(rates.items_per_second, 9);
}

TEST(Progress, NothingIsSaidOfWhatIsUnknown) {
  ProgressState state;
  state.items_done = 5;
  const ProgressRates rates = rates_of(state, 2);
  EXPECT_LT(rates.fraction, 0);
  EXPECT_LT(rates.seconds_left, 0);
}

TEST(Progress, TheBarShowsStageShareRateAndTimeLeft) {
  ProgressState state;
  state.stage = "copy";
  state.what = "reading volume 2";
  state.items_done = 1500;
  state.items_total = 3000;
  state.bytes_done = 50'000'000;
  state.bytes_total = 100'000'000;
  EXPECT_EQ(bar_text(state, 5, 0),
            "copy     [##########..........]  50 %  1,500/3,000  50.0 MB  10.0 MB/s  0:05 left  "
            "reading volume 2");
  EXPECT_LE(bar_text(state, 5, 40).size(), 42U);  // 39 columns, of which the cut takes 3 bytes
}

TEST(Progress, MoreThanTheTotalIsAllOfIt) {
  ProgressState state;
  state.items_done = 12;
  state.items_total = 10;
  EXPECT_DOUBLE_EQ(rates_of(state, 1).fraction, 1);
}

TEST(Progress, WithoutATerminalThereIsNoBar) {
  EXPECT_EQ(progress_style("json"), ProgressStyle::json);
  EXPECT_EQ(progress_style("none"), ProgressStyle::none);
}

}  // namespace
}  // namespace ntt::tools
