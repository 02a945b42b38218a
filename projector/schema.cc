// First use of a database, and the version check.

#include "projector/schema.h"

#include "projector/schema_sql.h"

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Result;
using events::Status;

namespace {

// Keeps two first users of one database apart.
constexpr const char* kSetupLock = "SELECT pg_advisory_xact_lock(7815279810334101)";

Status run(Pg& pg, const std::string& sql) {
  auto done = pg.execute(sql);
  if (!done) return std::move(done).error();
  return {};
}

Result<bool> asks(Pg& pg, const std::string& condition) {
  auto rows = pg.query("SELECT " + condition);
  if (!rows) return std::move(rows).error();
  return rows->at(0).at(0) == "t";
}

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

// As the connecting user, who may have rights that ntt_projector lacks.
Status create_schema(Pg& pg) {
  if (auto made = create_roles(pg); !made) return made;
  return run(pg,
             "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = ntt, public', "
             "current_database()); END $$;"
             "CREATE SCHEMA ntt AUTHORIZATION ntt_projector");
}

Status create_tables(Pg& pg) {
  return run(pg,
             "GRANT USAGE ON SCHEMA ntt TO ntt_reader;"
             "ALTER DEFAULT PRIVILEGES IN SCHEMA ntt GRANT SELECT ON TABLES TO ntt_reader;" +
                 std::string(k0001InitSql));
}

Status become_owner(Pg& pg) {
  return run(pg,
             "SET ROLE ntt_projector; SET search_path = ntt; SET timezone = 'UTC'; "
             "SET client_min_messages = warning");
}

Status check_version(Pg& pg) {
  auto rows = pg.query("SELECT max(version) FROM schema_version");
  if (!rows) return std::move(rows).error();
  const std::string found = rows->at(0).at(0).value_or("none");
  if (found == std::to_string(kSchemaVersion)) return {};
  return Error{Errc::invalid, "the tables have schema version " + found +
                                  ", this program writes version " +
                                  std::to_string(kSchemaVersion) +
                                  ": use the program that made them, or drop schema ntt and "
                                  "project again (the log has everything)"};
}

Status set_up(Pg& pg) {
  if (auto locked = pg.query(kSetupLock); !locked) return std::move(locked).error();
  auto there = asks(pg, "to_regnamespace('ntt') IS NOT NULL");
  if (!there) return std::move(there).error();
  if (!*there) {
    if (auto made = create_schema(pg); !made) return cannot_set_up(made.error());
  }
  if (auto owner = become_owner(pg); !owner) return cannot_set_up(owner.error());
  there = asks(pg, "to_regclass('ntt.schema_version') IS NOT NULL");
  if (!there) return std::move(there).error();
  if (!*there) {
    if (auto made = create_tables(pg); !made) return made;
  }
  return check_version(pg);
}

}  // namespace

std::string roles_sql() {
  return kRolesSql;
}

Status open_schema(Pg& pg) {
  if (auto begun = pg.begin(); !begun) return begun;
  auto done = set_up(pg);
  if (!done) {
    pg.roll_back();
    return done;
  }
  return pg.commit();
}

}  // namespace ntt::projector
