// TABLES.md and the schema name the same tables and the same columns, in the same order.

#include <gtest/gtest.h>

#include <sstream>

#include "tests/projector/tables_fixture.h"

namespace ntt::tests {
namespace {

// "table: column column ..." for each heading of the page that has a table below it.
std::map<std::string, std::string> documented() {
  std::map<std::string, std::string> tables;
  std::istringstream page(read_file(NTT_SOURCE_DIR "/projector/TABLES.md"));
  std::string table;
  for (std::string line; std::getline(page, line);) {
    if (line.substr(0, 3) == "## ") table = line.substr(3);
    if (line.substr(0, 2) != "| " || line.substr(0, 8) == "| column") continue;
    tables[table] += line.substr(2, line.find(' ', 2) - 2) + " ";
  }
  return tables;
}

TEST_F(TablesTest, ThePageAboutThemAgreesWithTheSchema) {
  std::map<std::string, std::string> found;
  for (const std::string& line : lines_of(
           ask("SELECT c.relname, string_agg(a.attname, ' ' ORDER BY a.attnum) FROM pg_class c "
               "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
               "WHERE c.relnamespace = 'ntt'::regnamespace AND c.relkind IN ('r', 'p', 'v') "
               "AND NOT c.relispartition AND c.relname <> 'open_attempt' GROUP BY 1"))) {
    found[line.substr(0, line.find('|'))] = line.substr(line.find('|') + 1) + " ";
  }
  EXPECT_EQ(documented(), found);
}

}  // namespace
}  // namespace ntt::tests
