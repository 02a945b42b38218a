// Values of a medium's row, and the events behind them, as JSON and as text for people.

#pragma once

#include <string>
#include <vector>

#include "events/event.h"
#include "projector/as_of.h"
#include "projector/medium_row.h"
#include "tools/ntt/json.h"

namespace ntt::tools {

// docs/json.md: times RFC 3339, NULL null, a list an array.
Json json_of(const projector::RowValue& value);

// "-" for NULL; the parts of a list, and the lines of a text, on lines of their own.
std::string text_of(const projector::RowValue& value);
// The same on one line.
std::string line_of(const projector::RowValue& value);

// What identifies an event and says who recorded it; no payload.
Json reference_to(const events::Event& event);

// [{"column", "before", "after"}]
Json json_of(const std::vector<projector::RowDifference>& differences);

// "ada@host"
std::string name_of(const events::Actor& actor);

// A sequence number (digits alone) or a time (RFC 3339 or a date). Errc::invalid otherwise.
events::Result<projector::Moment> parse_moment(const std::string& text);

}  // namespace ntt::tools
