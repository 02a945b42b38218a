// Bringing a table's rows to what a fold says, without touching rows that say so already.

#pragma once

#include <string>

#include "projector/pg.h"

namespace ntt::projector {

// A table and the temporary table that holds what its rows ought to be.
struct MergeTable {
  const char* table;
  const char* key;      // its primary key, "a, b"
  const char* columns;  // all of them
  // How new rows are ordered: as the log has them, so that tables which grew bit by bit and tables
  // which were made at once have their rows in one order.
  const char* order;
  [[nodiscard]] std::string fresh() const { return std::string("new_") + table; }
};

// Makes the temporary table, which lives as long as the transaction.
events::Status make_fresh(Pg& pg, const MergeTable& merge);

// Inserts and updates rows that differ from the fresh ones. With a non-empty `scope` (a condition
// on the table `old`), also deletes the rows in it that are not among the fresh ones.
events::Status merge_rows(Pg& pg, const MergeTable& merge, const std::string& scope);

}  // namespace ntt::projector
