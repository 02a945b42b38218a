// Whatever the image reader sends is a frame's content, which is then written and read back as it
// was, or an error.

#include "stages/reader_protocol.h"
#include "tests/fuzz/fuzz.h"

using namespace ntt::stages::wire;  // NOLINT(google-build-using-namespace)
using ntt::events::Errc;

namespace {

template <class T>
void check(std::string_view payload) {
  const auto value = decode<T>(payload);
  if (!value) {
    CHECK(value.error().code == Errc::corruption);
    return;
  }
  const std::string bytes = encode(*value);
  const auto again = decode<T>(bytes);
  CHECK(again && encode(*again) == bytes);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = ntt::events::input(data, size);
  if (const auto header = decode_header(bytes.substr(0, kHeaderBytes))) {
    CHECK(header->length <= kPayloadBytesMax);
  }
  check<TablesRequest>(bytes);
  check<ProbeRequest>(bytes);
  check<Region>(bytes);
  check<FoundVolume>(bytes);
  check<WalkRequest>(bytes);
  check<WalkDone>(bytes);
  check<ReadRequest>(bytes);
  check<ReadDone>(bytes);
  check<Attempt>(bytes);
  return 0;
}
