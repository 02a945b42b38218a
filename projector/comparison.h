// Comparison: the live tables against a shadow, row by row and column by column.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "events/log.h"
#include "projector/pg.h"

namespace ntt::projector {

// One thing that the live tables say and the log does not, or the other way round.
struct Difference {
  enum class Kind {
    changed,     // a column of a row
    missing,     // a row that the log justifies and the table lacks
    unexpected,  // a row that no event justifies
    structure,   // a table, index, column, partition, view or right: `key` names it
  };
  Kind kind = Kind::changed;
  std::string table;
  std::string medium;  // empty: of none
  std::string key;     // of the row: "start_seq=4", bytes escaped
  std::string column;  // of a changed row
  // Text as people read it: times RFC 3339, bytes escaped. Of a missing or unexpected row, the row
  // as JSON. Nothing: NULL, or no such row.
  std::optional<std::string> table_value;
  std::optional<std::string> log_value;
  events::Sequence event;  // the one behind log_value; 0: none
};

std::string_view to_string(Difference::Kind kind);

struct ComparisonScope {
  std::optional<events::MediumId> medium;  // only its rows; empty: everything, structure too
  bool checkpoint = false;                 // the checkpoint's row as well
};

// Compares schema `ntt` with `shadow`, which has to be folded up to the same event. Visits every
// difference until `visit` fails. Memory is bounded: rows are fetched a thousand at a time, and
// partitions that agree are read on the server only. Needs a transaction. Returns the number of
// rows compared.
events::Result<std::uint64_t> compare_with_shadow(
    Pg& pg, const std::string& shadow, const ComparisonScope& scope,
    const std::function<events::Status(const Difference&)>& visit);

}  // namespace ntt::projector
