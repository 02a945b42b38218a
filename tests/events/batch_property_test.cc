// Batches hold any records, and no bytes can hurt whoever decodes them.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "events/batch.h"
#include "events/batch_frame.h"
#include "tests/events/batch_generators.h"

namespace ntt::events {
namespace {

template <class Batch>
using Encode = EncodedBatch (*)(const Batch&);
template <class Batch>
using Decode = Result<Batch> (*)(std::string_view, ExpectedDigest);

template <class Batch>
void comes_back(const Batch& batch, Encode<Batch> encode, Decode<Batch> decode) {
  const EncodedBatch encoded = encode(batch);
  const auto decoded = decode(encoded.attachment, encoded.records_digest);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == batch);
  RC_ASSERT(encode(*decoded).attachment == encoded.attachment);
}

RC_GTEST_PROP(BatchProperty, AnyEntriesComeBack, ()) {
  comes_back(*any_entry_batch(), &encode_entry_batch, &decode_entry_batch);
}
RC_GTEST_PROP(BatchProperty, AnyDecisionsComeBack, ()) {
  comes_back(*any_load_batch(), &encode_load_batch, &decode_load_batch);
}
RC_GTEST_PROP(BatchProperty, AnyCopyOutcomesComeBack, ()) {
  comes_back(*any_copy_batch(), &encode_copy_batch, &decode_copy_batch);
}
RC_GTEST_PROP(BatchProperty, AnyVerifyOutcomesComeBack, ()) {
  comes_back(*any_verify_batch(), &encode_verify_batch, &decode_verify_batch);
}

RC_GTEST_PROP(BatchProperty, ColumnsWithoutCompressionComeBack, ()) {
  const EntryBatch batch = *any_entry_batch();
  const auto decoded = decode_entry_columns(encode_entry_columns(batch));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == batch);
}

// Flips bytes of the attachment and, under an intact frame, of the columns.
template <class Batch>
void survives_damage(const Batch& batch, Encode<Batch> encode, Decode<Batch> decode) {
  const EncodedBatch encoded = encode(batch);
  const auto flip = [](std::string& bytes) {
    for (int flips = *rc::gen::inRange(1, 4); flips > 0; --flips) {
      bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
    }
  };
  std::string damaged = encoded.attachment;
  flip(damaged);
  const auto decoded = decode(damaged, encoded.records_digest);
  RC_ASSERT((!decoded || *decoded == batch));

  std::string columns = *unpack_block(encoded.attachment, {});
  flip(columns);
  const auto other = decode(pack_block({columns, {columns.size()}}).attachment, {});
  RC_ASSERT((other || other.error().code == Errc::corruption));
}

RC_GTEST_PROP(BatchProperty, DamagedEntriesAreNoticed, ()) {
  survives_damage(*any_entry_batch(), &encode_entry_batch, &decode_entry_batch);
}
RC_GTEST_PROP(BatchProperty, DamagedDecisionsAreNoticed, ()) {
  survives_damage(*any_load_batch(), &encode_load_batch, &decode_load_batch);
}
RC_GTEST_PROP(BatchProperty, DamagedCopyOutcomesAreNoticed, ()) {
  survives_damage(*any_copy_batch(), &encode_copy_batch, &decode_copy_batch);
}
RC_GTEST_PROP(BatchProperty, DamagedVerifyOutcomesAreNoticed, ()) {
  survives_damage(*any_verify_batch(), &encode_verify_batch, &decode_verify_batch);
}

RC_GTEST_PROP(BatchProperty, AnyBytesAreABatchOrCorruption, ()) {
  const std::string bytes = *any_bytes();
  const auto entries = decode_entry_columns(bytes);
  RC_ASSERT((entries || entries.error().code == Errc::corruption));
  const auto attachment = decode_entry_batch("NTTB\x01\x01" + bytes);
  RC_ASSERT((attachment || attachment.error().code == Errc::corruption));
}

}  // namespace
}  // namespace ntt::events
