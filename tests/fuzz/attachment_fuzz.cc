// Any attachment is a batch or an error.

#include "events/batch.h"
#include "tests/fuzz/fuzz.h"

using namespace ntt::events;  // NOLINT(google-build-using-namespace)

namespace {
template <class Batch>
void decode(const Result<Batch>& batch) {
  CHECK(batch || batch.error().code == Errc::corruption);
}
}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = input(data, size);
  decode(decode_entry_batch(bytes));
  decode(decode_load_batch(bytes));
  decode(decode_copy_batch(bytes));
  decode(decode_verify_batch(bytes));
  return 0;
}
