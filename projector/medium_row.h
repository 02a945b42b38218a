// What the columns of a medium's row in the table `medium` are. The table, `ntt state` and `ntt
// blame` all take them from here. Pure.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "projector/medium_fold.h"

namespace ntt::projector {

// A value as the table holds it: NULL, text (what PostgreSQL cannot hold is escaped), integer,
// bigint, timestamptz, or a jsonb list of texts.
using RowValue = std::variant<std::monostate, std::string, std::int32_t, std::int64_t,
                              events::Timestamp, std::vector<std::string>>;

struct RowColumn {
  std::string_view name;
  RowValue value;
  bool operator==(const RowColumn&) const = default;
};

// Every column but `partition_suffix`, which depends on the other media of the tables. Their number
// and order are the same for every state.
std::vector<RowColumn> medium_row(const MediumState& state);

// What stands behind enum_done and copy_done, or behind their absence where the fact itself is
// known: "native", of an adopted fact what dates it, "not later than ..." or "unknown". Empty: not
// loaded, not copied.
std::string enum_done_basis(const MediumState& state);
std::string copy_done_basis(const MediumState& state);

// A column that two rows do not agree on.
struct RowDifference {
  std::string_view name;
  RowValue before;
  RowValue after;
};
std::vector<RowDifference> row_differences(const std::vector<RowColumn>& before,
                                           const std::vector<RowColumn>& after);

}  // namespace ntt::projector
