// The checkpoint: up to where the tables are folded, and the witness of that prefix of the log.

#pragma once

#include "events/log.h"
#include "projector/pg.h"

namespace ntt::projector {

// The version of the folds' rules. Tables folded by other rules are not continued.
inline constexpr int kProjectionVersion = 3;

struct Checkpoint {
  events::Head head;
  int version = 0;  // of the rules that folded the rows; 0: there are none
};

// Of the live tables, whatever their version. Errc::corruption when it is lost. Needs a
// transaction.
events::Result<Checkpoint> read_any_checkpoint(Pg& pg);

// Of the live tables. Errc::invalid when other rules folded the rows. Needs a transaction.
events::Result<events::Head> read_checkpoint(Pg& pg);

// Moves the checkpoint of the session's schema. Errc::conflict when it does not stand at
// `expected`.
events::Status write_checkpoint(Pg& pg, events::Sequence expected, const events::Head& head);

// Whether the log still has the prefix that the checkpoint witnesses: Errc::corruption if it is
// shorter or another.
events::Status check_witness(const events::Log& log, const events::Head& checkpoint);

}  // namespace ntt::projector
