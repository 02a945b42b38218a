// One DELETE and one INSERT ... ON CONFLICT a table.

#include "projector/row_merge.h"

#include <sstream>
#include <vector>

namespace ntt::projector {

using events::Status;

namespace {

std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> names;
  std::istringstream in(list);
  for (std::string name; std::getline(in >> std::ws, name, ',');) names.push_back(name);
  return names;
}

Status run(Pg& pg, const std::string& sql) {
  auto done = pg.execute(sql);
  if (!done) return std::move(done).error();
  return {};
}

}  // namespace

Status make_fresh(Pg& pg, const MergeTable& merge) {
  return run(pg,
             "CREATE TEMP TABLE " + merge.fresh() + " (LIKE " + merge.table + ") ON COMMIT DROP");
}

Status merge_rows(Pg& pg, const MergeTable& merge, const std::string& scope) {
  if (!scope.empty()) {
    std::string same = "true";
    for (const std::string& name : names_in(merge.key)) {
      same += " AND fresh." + name + " = old." + name;
    }
    auto deleted =
        run(pg, "DELETE FROM " + merge.table + " old WHERE " + scope +
                    " AND NOT EXISTS (SELECT FROM " + merge.fresh() + " fresh WHERE " + same + ")");
    if (!deleted) return deleted;
  }
  std::string assignments;
  for (const std::string& name : names_in(merge.columns)) {
    assignments += (assignments.empty() ? "" : ", ") + name + " = excluded." + name;
  }
  return run(pg, "INSERT INTO " + merge.table + " AS old (" + merge.columns + ") SELECT " +
                     merge.columns + " FROM " + merge.fresh() + " ORDER BY " + merge.key +
                     " ON CONFLICT (" + merge.key + ") DO UPDATE SET " + assignments +
                     " WHERE old.* IS DISTINCT FROM excluded.*");
}

}  // namespace ntt::projector
