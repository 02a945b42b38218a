// The schema: made on first use, its version checked every time.

#pragma once

#include <string>

#include "projector/pg.h"

namespace ntt::projector {

inline constexpr int kSchemaVersion = 4;

inline constexpr const char* kLiveSchema = "ntt";

// Statements that create the roles where they are missing.
std::string roles_sql();

// Makes roles, live schema and tables unless they are there, and makes the session write as
// ntt_projector in the live schema. Errors: invalid (tables of another version, or the user may not
// do it; the message says what to run), unavailable.
events::Status open_schema(Pg& pg);

// Makes the schema with empty tables, dropping one that is there, for a session that has opened the
// live schema. The session then writes in it. Needs a transaction.
events::Status make_schema(Pg& pg, const std::string& schema);
// Makes a session write in a schema that is there.
events::Status write_in(Pg& pg, const std::string& schema);

// Opens the live schema whatever version its tables have; makes it when there is none.
events::Status open_schema_of_any_version(Pg& pg);

// Whether the session's schema has tables of this program's version; else Errc::invalid. Needs a
// transaction.
events::Status check_version(Pg& pg);

}  // namespace ntt::projector
