// Any bytes come back from their escape, and any text is an escape or an error.

#include "events/bytes.h"
#include "tests/fuzz/fuzz.h"

using namespace ntt::events;  // NOLINT(google-build-using-namespace)

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = input(data, size);
  const std::string escaped = escape_bytes(bytes);
  CHECK(is_valid_utf8(escaped));
  CHECK(unescape_bytes(escaped).value() == bytes);
  const auto unescaped = unescape_bytes(bytes);
  CHECK(unescaped || unescaped.error().code == Errc::invalid);
  return 0;
}
