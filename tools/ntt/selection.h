// Selection: which events a command was asked for, and reading them from the log.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "events/log.h"
#include "tools/ntt/where.h"

namespace ntt::tools {

struct Selection {
  events::Filter filter;
  // A part of the host, the user or the program; a glob for one of them whole if it has * ? or [.
  std::string actor;
  std::optional<Where> where;
};

// Calls `visit` with each event of `selection`, in sequence order, until it returns false.
events::Status scan(const events::Log& log, const Selection& selection,
                    const std::function<bool(const events::Event&)>& visit);

// Where the newest `limit` events of `selection` begin: scanning it from there gives them. Reads
// the log backwards, no further than it has to. One past the selection's end if there are none.
events::Result<events::Sequence> begin_of_newest(const events::Log& log, const Selection& selection,
                                                 std::uint64_t limit);

}  // namespace ntt::tools
