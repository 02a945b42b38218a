// The numbers stand for nothing; they only have to be ours.

#include "projector/locks.h"

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Status;

namespace {

constexpr const char* kTablesLock = "7815279810334102";
constexpr const char* kShadowLock = "7815279";  // with the schema's hash
constexpr const char* kAnotherProjector = "another projector is at work on these tables";

// Waits for a lock, but not for long.
Status wait_for(Pg& pg, const char* timeout, const std::string& call,
                const std::string& otherwise) {
  auto locked =
      pg.execute(std::string("SET LOCAL lock_timeout = '") + timeout + "'; SELECT " + call);
  if (locked) return {};
  if (locked.error().code != Errc::conflict) return std::move(locked).error();
  return Error{Errc::conflict, otherwise};
}

}  // namespace

Status lock_tables(Pg& pg) {
  auto locked = pg.query(std::string("SELECT pg_try_advisory_xact_lock(") + kTablesLock + ")");
  if (!locked) return std::move(locked).error();
  if (locked->at(0).at(0) == "t") return {};
  return Error{Errc::conflict, kAnotherProjector};
}

Status wait_for_tables(Pg& pg) {
  return wait_for(pg, "60s", std::string("pg_advisory_xact_lock(") + kTablesLock + ")",
                  kAnotherProjector);
}

// A process that was killed a moment ago may still have a session.
Status lock_shadow(Pg& pg, const std::string& schema) {
  return wait_for(
      pg, "5s",
      std::string("pg_advisory_lock(") + kShadowLock + ", hashtext(" + pg.quote(schema) + "))",
      "another rebuild, diff or audit is at work in schema " + schema + ": wait until it is over");
}

}  // namespace ntt::projector
