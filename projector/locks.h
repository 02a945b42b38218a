// Who may work on the tables: advisory locks, one for each kind of work.

#pragma once

#include "projector/pg.h"

namespace ntt::projector {

// Keeps others from writing the live tables until the transaction ends, whatever ends it.
// Errc::conflict when another projector is at work.
events::Status lock_tables(Pg& pg);

// The same, waiting for at most a minute for the other one to finish.
events::Status wait_for_tables(Pg& pg);

// Keeps a second rebuild, diff or audit from making its tables where this one's are, until the
// connection ends. Errc::conflict when one is at work for five seconds more. Needs a transaction.
events::Status lock_shadow(Pg& pg, const std::string& schema);

}  // namespace ntt::projector
