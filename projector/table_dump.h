// The live tables as SQL that psql loads: a function of their rows alone.
//
// pg_dump writes rows in the order of a table's file, which depends on what was updated on the way.
// Here they come in the order of their keys, so equal rows give equal bytes.

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "events/result.h"

namespace ntt::projector {

// Takes the next piece of the dump. After an error there is no other.
using DumpSink = std::function<events::Status(std::string_view)>;

// Reads one state of all tables and never more than a row at a time; a partition that it reads is
// not exchanged meanwhile. The reader's rights are enough. Errors: not_found (there are no tables),
// invalid (of another version, not whole, or with tables that are not ntt's), conflict,
// unavailable, what the sink says.
events::Status dump_tables(const std::string& url, const DumpSink& sink);

}  // namespace ntt::projector
