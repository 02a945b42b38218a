// Columns of optional times. Only the batch codec uses this.

#pragma once

#include <vector>

#include "events/batch.h"
#include "events/batch_columns.h"

namespace ntt::events {

// The time to store, and times of the same entry (null: none), stored before, that it often equals.
struct TimeColumn {
  std::optional<Nanos> Entry::*time;
  std::optional<Nanos> Entry::*first_guess;
  std::optional<Nanos> Entry::*second_guess;
};

// Three columns: what each time is (State), then seconds and nanoseconds of those that are stored,
// as differences to another time.
void put_times(ColumnWriter& out, std::uint8_t id, const std::vector<Entry>& entries,
               const TimeColumn& column);
void get_times(ColumnReader& in, std::uint8_t id, std::vector<Entry>& entries,
               const TimeColumn& column);

}  // namespace ntt::events
