// Any columns are a batch, which is then written and read back as it was, or an error.

#include "events/batch.h"
#include "events/batch_frame.h"
#include "tests/fuzz/fuzz.h"

using namespace ntt::events;  // NOLINT(google-build-using-namespace)

namespace {
template <class Batch>
void check(const Result<Batch>& batch, EncodedBatch (*encode)(const Batch&),
           Result<Batch> (*decode)(std::string_view, ExpectedDigest)) {
  if (!batch) {
    CHECK(batch.error().code == Errc::corruption);
    return;
  }
  const EncodedBatch encoded = encode(*batch);
  const auto again = decode(encoded.attachment, encoded.records_digest);
  CHECK(again && *again == *batch);
}
}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string columns(input(data, size));
  check(decode_entry_columns(columns), &encode_entry_batch, &decode_entry_batch);
  const std::string attachment = pack_block({columns, {columns.size()}}).attachment;
  check(decode_load_batch(attachment), &encode_load_batch, &decode_load_batch);
  check(decode_copy_batch(attachment), &encode_copy_batch, &decode_copy_batch);
  check(decode_verify_batch(attachment), &encode_verify_batch, &decode_verify_batch);
  return 0;
}
