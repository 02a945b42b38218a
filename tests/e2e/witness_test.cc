// The tables as a witness of the log that they were made from.

#include <gtest/gtest.h>

#include "tests/e2e/images.h"
#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;

class WitnessTest : public testing::Test {
 protected:
  WitnessTest() { make_plain_tree(site_.temp / "tree"); }
  void run(const std::string& name) { site_.must({"run", "--dir", (site_.temp / name).string()}); }
  [[nodiscard]] fs::path log() const { return site_.temp / "home/log"; }
  bool finds(const std::string& what) {
    const auto verified = site_.ntt({"verify", "log", "--witness", "db"});
    EXPECT_EQ(verified.exit_code, 3) << verified.out << verified.err;
    return verified.out.find(what) != std::string::npos;
  }
  Site site_;
};

TEST_F(WitnessTest, TablesNoticeALogThatWasPutBackAndOneThatWentAnotherWay) {
  run("tree");
  site_.must({"checkpoint"});
  site_.must({"project"});
  site_.must({"verify", "log", "--witness", "db"});
  fs::copy(log(), site_.temp / "older", fs::copy_options::recursive);
  make_plain_tree(site_.temp / "second");
  write_file(site_.temp / "second/more", "more");
  run("second");
  site_.must({"verify", "log", "--witness", "db"});

  fs::rename(log(), site_.temp / "newer");
  fs::rename(site_.temp / "older", log());
  site_.must({"verify", "log"});  // whole in itself
  EXPECT_TRUE(finds("cut short"));
  write_file(site_.temp / "second/even more", "x");
  const Site::Environment no_server = {
      {"NTT_DB_URL", "postgresql://nobody@/ntt?host=/nonexistent"}};
  for (const char* tree : {"second", "tree"}) {
    site_.must({"run", "--dir", (site_.temp / tree).string()}, no_server);
  }
  site_.must({"verify", "log"});
  EXPECT_TRUE(finds("not the one that was seen"));
}

}  // namespace
}  // namespace ntt::tests
