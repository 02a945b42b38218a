// Any text is a time, an id or a name, which then comes back as it was, or an error.

#include "events/types.h"
#include "tests/fuzz/fuzz.h"

using namespace ntt::events;  // NOLINT(google-build-using-namespace)

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = input(data, size);
  if (const auto time = parse_timestamp(text)) {
    const auto again = parse_timestamp(to_rfc3339(*time));
    CHECK(again && *again == *time);
  }
  if (const auto id = EventId::from_hex(text)) CHECK(EventId::from_hex(id->hex()) == id);
  if (const auto medium = MediumId::parse(text)) CHECK(medium->text == text);
  return 0;
}
