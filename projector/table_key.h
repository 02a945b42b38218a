// TableKey: the tables of the schema, and what tells the rows of each apart.

#pragma once

#include <string>
#include <vector>

namespace ntt::projector {

struct TableKey {
  const char* name;
  // Ends with "nth" where rows may be equal in these columns: they are then told apart by all.
  std::vector<std::string> columns;
  bool is_partitioned = false;  // a partition a medium
  // The column that holds the event behind a row; empty: none does.
  const char* event = "last_seq";
};

// Every table of ntt but the partitions. Small ones first: they tell most.
const std::vector<TableKey>& all_tables();

}  // namespace ntt::projector
