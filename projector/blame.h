// Blame: which event set each column of a medium's row, and what the column had been before. Pure.
//
// The fold itself is watched: its events are added one by one in fold order (fold_order.h), the
// medium's own time, and a column that is different after an event was set by that event. So blame
// cannot say other than the fold does, and what is judged at the end (health, problems, copy_done)
// is attributed like the rest. Why this order and not the log's: docs/time.md.

#pragma once

#include <string>
#include <vector>

#include "projector/medium_row.h"

namespace ntt::projector {

struct FormerValue {
  RowValue value;
  Sequence set_by;  // an event; for what a retraction brought about, the retraction; 0: no event
};

struct ColumnBlame {
  std::string_view column;
  RowValue value;
  // The event whose fact the value is. Where a retraction left the column without a value, or
  // with its default, the retraction. 0: no event ever set it.
  Sequence set_by;
  // The retraction that last changed the column, if nothing did since: it brought the value back or
  // took one away. 0: none.
  Sequence retraction;
  std::vector<FormerValue> former;  // the oldest first; values that were retracted are among them
};

// Every column of medium_row(). Former values of `last_seq` are left out: they are the events of
// the other columns. `medium_events` as fold_medium() takes them, and the same errors.
events::Result<std::vector<ColumnBlame>> blame_medium(
    const std::vector<events::Event>& medium_events);

}  // namespace ntt::projector
