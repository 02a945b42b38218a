// The schema: made on first use, its version checked every time.

#pragma once

#include <string>

#include "projector/pg.h"

namespace ntt::projector {

inline constexpr int kSchemaVersion = 1;

// Statements that create the roles where they are missing.
std::string roles_sql();

// Makes roles, schema and tables unless they are there, and makes the session write as
// ntt_projector in schema ntt. Errors: conflict (tables of another version), invalid (the user may
// not do it; the message says what an administrator has to run), unavailable.
events::Status open_schema(Pg& pg);

}  // namespace ntt::projector
