// Any data is a payload, which is then written and read back as it was, or an error.

#include "events/payload.h"
#include "tests/fuzz/fuzz.h"

using namespace ntt::events;  // NOLINT(google-build-using-namespace)

namespace {

template <class Payload>
void check(std::string_view data) {
  const auto payload = from_data<Payload>(Payload::kVersion, data);
  // PayloadReader takes no spaces, so this is what the reader of all JSON says.
  const auto slow = from_data<Payload>(Payload::kVersion, std::string(data) + " ");
  CHECK(payload.has_value() == slow.has_value());
  CHECK(!payload || *payload == *slow);
  if (!payload) {
    CHECK(payload.error().code == Errc::corruption);
    return;
  }
  const auto again = from_data<Payload>(Payload::kVersion, to_data(*payload));
  CHECK(again && *again == *payload);
}

template <class... Payload>
void check_all(PayloadList<Payload...> /*list*/, std::string_view data) {
  (check<Payload>(data), ...);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_all(AllPayloads{}, input(data, size));
  return 0;
}
