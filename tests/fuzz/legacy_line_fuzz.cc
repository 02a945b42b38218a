// Any bytes are a line of a known form or have a reason why they are none.

#include "events/payload.h"
#include "stages/legacy_line.h"
#include "tests/fuzz/fuzz.h"

using namespace ntt;  // NOLINT(google-build-using-namespace)

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line = events::input(data, size);
  stages::LegacyReading reading = stages::read_legacy_line(line);
  CHECK(reading.reason.empty() != reading.stage.empty());
  CHECK(!reading.reason.empty() || reading.time);
  CHECK(!reading.time || reading.time->at.is_writable());
  CHECK(!reading.medium || reading.names_medium);
  events::LegacyClaim claim;
  claim.text.bytes = line;
  claim.says = std::move(reading.says);
  const auto back = events::from_data<events::LegacyClaim>(1, events::to_data(claim));
  CHECK(back && back->text == claim.text);
  return 0;
}
