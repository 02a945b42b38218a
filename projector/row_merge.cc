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

}  // namespace

Status make_fresh(Pg& pg, const MergeTable& merge) {
  return run(pg,
             "CREATE TEMP TABLE " + merge.fresh() + " (LIKE " + merge.table + ") ON COMMIT DROP");
}

Status merge_rows(Pg& pg, const MergeTable& merge, const std::string& scope) {
  std::ostringstream sql;
  if (!scope.empty()) {
    sql << "DELETE FROM " << merge.table << " old WHERE " << scope
        << " AND NOT EXISTS (SELECT FROM " << merge.fresh() << " fresh WHERE true";
    for (const std::string& name : names_in(merge.key)) {
      sql << " AND fresh." << name << " = old." << name;
    }
    sql << ");";
  }
  sql << "INSERT INTO " << merge.table << " AS old (" << merge.columns << ") SELECT "
      << merge.columns << " FROM " << merge.fresh() << " ORDER BY " << merge.order
      << " ON CONFLICT (" << merge.key << ") DO UPDATE SET ";
  const char* separator = "";
  for (const std::string& name : names_in(merge.columns)) {
    sql << separator << name << " = excluded." << name;
    separator = ", ";
  }
  sql << " WHERE old.* IS DISTINCT FROM excluded.*";
  return run(pg, sql.str());
}

}  // namespace ntt::projector
