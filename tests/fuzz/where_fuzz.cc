// Any text is an expression that holds for an event or does not, or an error that shows the place.

#include <string>

#include "tests/fuzz/fuzz.h"
#include "tools/ntt/where.h"

using namespace ntt::events;  // NOLINT(google-build-using-namespace)
using ntt::tools::Where;

namespace {

Event sample() {
  Event event;
  event.seq = {7};
  event.type = "enum_success";
  event.medium = {"0123456789abcdef"};
  event.occurred_at = {1760000000000000};
  event.recorded_at = {1760000000000001};
  event.actor = {"host", "user\xff", "ntt"};
  event.data = R"({"a":[1,-2,1.5,18446744073709551615,null,true,"x%_y"],)"
               R"("o":{"k":{"k":[[0],{}]}},"t":"2025-10-10T00:00:00Z","z":null})";
  return event;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Event event = sample();
  const std::string text(input(data, size));
  const auto where = Where::parse(text);
  if (!where) {
    CHECK(where.error().code == Errc::invalid);
    CHECK(where.error().message.ends_with("^"));
    return 0;
  }
  const bool holds = where->matches(event);
  // What the indexes would leave out cannot match.
  Filter filter;
  where->narrow(filter);
  if (holds) {
    CHECK(filter.first <= event.seq && event.seq <= filter.last);
    CHECK(!filter.medium || *filter.medium == event.medium);
    CHECK(!filter.occurred_from || *filter.occurred_from <= event.occurred_at);
    CHECK(!filter.recorded_until || event.recorded_at < *filter.recorded_until);
  }
  const auto negated = Where::parse("not (" + text + ")");
  if (negated) CHECK(negated->matches(event) != holds);  // else it was as deep as can be
  return 0;
}
