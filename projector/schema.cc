// First use of a database, and the version check.

#include "projector/schema.h"

#include <functional>

#include "projector/schema_sql.h"

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Result;
using events::Status;

namespace {

// Keeps two first users of one database apart.
constexpr const char* kSetupLock = "SELECT pg_advisory_xact_lock(7815279810334101)";

Error cannot_set_up(const Error& error) {
  return {Errc::invalid,
          "the database is not set up for ntt, and this user may not do it: " + error.message +
              "\nAn administrator can, by connecting once as a superuser (ntt project with that "
              "user in NTT_DB_URL), or by running:\n  CREATE ROLE ntt_projector LOGIN; CREATE ROLE "
              "ntt_reader LOGIN; GRANT ntt_projector TO <user>;\n  ALTER DATABASE <name> OWNER TO "
              "ntt_projector;"};
}

Status create_roles(Pg& pg) {
  auto there = asks(pg,
                    "count(*) = 2 FROM pg_roles WHERE rolname IN "
                    "('ntt_projector', 'ntt_reader')");
  if (!there) return std::move(there).error();
  if (*there) return {};
  return run(pg, roles_sql());
}

// As the connecting user, who may have rights that ntt_projector lacks. ntt_projector will make
// schemas of its own beside this one.
Status create_live_schema(Pg& pg) {
  if (auto made = create_roles(pg); !made) return made;
  return run(pg,
             "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = ntt, public', "
             "current_database()); EXECUTE format('GRANT CREATE ON DATABASE %I TO ntt_projector', "
             "current_database()); END $$;"
             "CREATE SCHEMA ntt AUTHORIZATION ntt_projector");
}

// In the schema that the search_path names.
Status create_tables(Pg& pg, const std::string& schema) {
  return run(pg, "GRANT USAGE ON SCHEMA " + schema +
                     " TO ntt_reader; ALTER DEFAULT PRIVILEGES IN SCHEMA " + schema +
                     " GRANT SELECT ON TABLES TO ntt_reader;" + std::string(kTablesSql));
}

Status become_owner(Pg& pg) {
  return run(pg,
             "SET ROLE ntt_projector; SET timezone = 'UTC'; "
             "SET client_min_messages = warning");
}

Status set_up(Pg& pg) {
  if (auto locked = pg.query(kSetupLock); !locked) return std::move(locked).error();
  auto there = asks(pg, "to_regnamespace('ntt') IS NOT NULL");
  if (!there) return std::move(there).error();
  if (!*there) {
    if (auto made = create_live_schema(pg); !made) return cannot_set_up(made.error());
  }
  if (auto owner = become_owner(pg); !owner) return cannot_set_up(owner.error());
  if (auto there_now = write_in(pg, kLiveSchema); !there_now) return there_now;
  there =
      asks(pg,
           "EXISTS (SELECT FROM pg_class WHERE relnamespace = 'ntt'::regnamespace AND relkind IN "
           "('r', 'p'))");
  if (!there) return std::move(there).error();
  if (*there) return {};
  return create_tables(pg, kLiveSchema);
}

Status in_transaction(Pg& pg, const std::function<Status()>& work) {
  if (auto begun = pg.begin(); !begun) return begun;
  auto done = work();
  if (!done) {
    pg.roll_back();
    return done;
  }
  return pg.commit();
}

}  // namespace

Status check_version(Pg& pg) {
  auto there = asks(pg, "to_regclass('schema_version') IS NOT NULL");
  if (!there) return std::move(there).error();
  if (!*there) {
    return Error{Errc::invalid,
                 "there is no table schema_version: the tables are not whole; `ntt "
                 "rebuild` makes them anew from the log"};
  }
  auto rows = pg.query("SELECT max(version) FROM schema_version");
  if (!rows) return std::move(rows).error();
  const std::string found = rows->at(0).at(0).value_or("none");
  if (found == std::to_string(kSchemaVersion)) return {};
  return Error{Errc::invalid, "the tables have schema version " + found +
                                  ", this program writes version " +
                                  std::to_string(kSchemaVersion) +
                                  ": `ntt rebuild` makes them anew from the log, or use the "
                                  "program that made them"};
}

std::string roles_sql() {
  return kRolesSql;
}

Status open_schema(Pg& pg) {
  return in_transaction(pg, [&pg]() -> Status {
    if (auto done = set_up(pg); !done) return done;
    return check_version(pg);
  });
}

Status open_schema_of_any_version(Pg& pg) {
  return in_transaction(pg, [&pg] { return set_up(pg); });
}

Status write_in(Pg& pg, const std::string& schema) {
  return run(pg, "SET search_path = " + schema);
}

Status make_schema(Pg& pg, const std::string& schema) {
  auto made = run(pg, "DROP SCHEMA IF EXISTS " + schema + " CASCADE; CREATE SCHEMA " + schema);
  if (made) made = write_in(pg, schema);
  if (made) made = create_tables(pg, schema);
  return made;
}

}  // namespace ntt::projector
