// A dump of the tables is a function of the log, whatever the tables went through.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/images.h"
#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class DumpTest : public testing::Test {
 protected:
  [[nodiscard]] fs::path tree(int number) const {
    return site_.temp / ("tree-" + std::to_string(number));
  }
  void take_in(int number, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"run", "--dir", tree(number).string()};
    words.insert(words.end(), more.begin(), more.end());
    site_.must(words);
  }
  // The newest event of a type.
  std::string newest(const std::string& type) {
    const auto lines = lines_of(site_.must({"log", "--type", type, "--json"}));
    return std::to_string(nlohmann::json::parse(lines.back())["seq"].get<std::uint64_t>());
  }
  // Rows are updated, deleted and exchanged in every way that there is.
  void live_through_everything() {
    make_plain_tree(tree(0));
    make_awkward_tree(tree(1));  // has all contents of the first
    write_file(tree(1) / "one more", "one more");
    take_in(0, {"--until", "load"});
    take_in(1);
    take_in(0);
    const std::string first =
        lines_of(site_.sql("SELECT medium_hash FROM medium ORDER BY added_at"))[0];
    site_.must({"label", first, "box 7"});
    site_.must({"label", first, "box 8, \t'shelf' \\ 2\n", "--no-project"});
    site_.must({"note", first, "looked at", "--no-project"});
    site_.must({"project"});
    write_file(tree(0) / "added later", "added later");
    take_in(0, {"--force"});
    site_.must({"retract", newest("verify_success"), "--why", "the wrong store"});
    take_in(0);  // verifies again
    site_.must({"retract", newest("medium_labelled"), "--why", "of another box"});
    take_in(1, {"--force", "--no-project"});
    site_.must({"project"});
  }
  std::string dump() { return site_.must({"db", "dump"}); }
  void change(const std::string& sql) {
    site_.must({"db", "psql", "--admin", "--", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql});
  }
  // An empty database of another language, on ntt's own server; its superuser's URL.
  std::string make_database() {
    std::string url = site_.must({"db", "url", "--admin"});
    url.pop_back();
    const auto replace = [&url](const std::string& old, const std::string& fresh) {
      const std::size_t at = url.find(old);
      ASSERT_NE(at, std::string::npos) << url;
      url.replace(at, old.size(), fresh);
    };
    replace("//ntt_projector@", "//ntt_admin@");
    output_of({"psql", url, "-Xqc",
               "CREATE DATABASE copied TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' "
               "LOCALE 'C'"});
    replace("/ntt?", "/copied?");
    return url;
  }

  Site site_;
};

TEST_F(DumpTest, AfterTheSchemaIsDroppedARebuildGivesTheSameDumpByteForByte) {
  live_through_everything();
  const std::string before = dump();
  EXPECT_EQ(site_.sql("SELECT max(generation) FROM medium"), "2");
  EXPECT_NE(site_.sql("SELECT count(*) FROM retracted_event"), "0");
  EXPECT_EQ(dump(), before);
  change("DROP SCHEMA ntt CASCADE");
  site_.must({"rebuild"});
  EXPECT_TRUE(dump() == before);
  change("DROP SCHEMA ntt CASCADE");
  site_.must({"project"});
  EXPECT_TRUE(dump() == before);
}

TEST_F(DumpTest, LoadedIntoAnotherDatabaseItHoldsTheSameAndIsDumpedTheSame) {
  live_through_everything();
  const fs::path file = site_.temp / "tables.sql";
  site_.must({"db", "dump", "--output", file.string()});
  const std::string before = read_file(file);
  EXPECT_EQ(dump(), before);
  const std::string url = make_database();
  output_of({"psql", url, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file.string()});
  EXPECT_TRUE(site_.must({"db", "dump"}, {{"NTT_DB_URL", url}}) == before);
  // Every table that there is, and every row of it: this list and the counts are PostgreSQL's.
  const std::string count_all =
      "SELECT table_name, (xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM "
      "ntt.%I', table_name), false, true, '')))[1]::text FROM information_schema.tables WHERE "
      "table_schema = 'ntt' ORDER BY 1";
  const std::string counts = site_.sql(count_all);
  EXPECT_TRUE(contains(counts, "find_filter|2")) << counts;
  EXPECT_EQ(output_of({"psql", url, "-XAtqc", count_all}), counts + "\n");
  const std::string indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'ntt' ORDER BY 1";
  EXPECT_EQ(output_of({"psql", url, "-XAtqc", indexes}), site_.sql(indexes) + "\n");
}

TEST_F(DumpTest, EveryRowThatSomebodyChangedShows) {
  make_plain_tree(tree(0));
  take_in(0);
  const std::string before = dump();
  for (const char* sql :
       {"UPDATE medium SET message = 'box 9'",
        "UPDATE path SET reason = 'x' WHERE path = 'empty.txt'",
        "DELETE FROM inode WHERE size = 300000", "UPDATE schema_version SET version = version",
        "UPDATE projection_checkpoint SET root = 'x'"}) {
    change(std::string("BEGIN; ") + sql + "; COMMIT");
    const bool changes = !contains(sql, "version = version");
    EXPECT_EQ(dump() != before, changes) << sql;
    site_.must({"rebuild"});
    EXPECT_TRUE(dump() == before) << sql;
  }
}

TEST_F(DumpTest, WithoutTablesItSaysWhatMakesThem) {
  site_.must({"db", "psql", "--", "-c", "SELECT 1"});
  const auto none = site_.ntt({"db", "dump", "--output", (site_.temp / "none").string()});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_TRUE(contains(none.err, "ntt project")) << none.err;
  EXPECT_FALSE(fs::exists(site_.temp / "none"));
}

TEST_F(DumpTest, ATableThatIsNotOfTheLogIsNamed) {
  make_plain_tree(tree(0));
  take_in(0);
  change("CREATE TABLE ntt.mine (x int)");
  const auto refused = site_.ntt({"db", "dump"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_TRUE(contains(refused.err, "mine")) << refused.err;
}

}  // namespace
}  // namespace ntt::tests
