// Batches: what is encoded comes back; bounds are kept; damage is noticed.

#include "events/batch.h"

#include <gtest/gtest.h>

#include "events/batch_frame.h"

namespace ntt::events {
namespace {

Entry sample_entry() {
  Entry entry;
  entry.type = EntryType::file;
  entry.device = 2049;
  entry.inode = 77;
  entry.link_count = 2;
  entry.size = 123456789;
  entry.mode = 04755;
  entry.uid = 1000;
  entry.gid = 100;
  entry.modify_time = -1;
  entry.access_time = INT64_MIN;
  entry.change_time = INT64_MAX;
  entry.birth_time = 0;
  entry.path = "a/b\n\xff";
  entry.symlink_target = "../x";
  entry.error_number = 5;
  entry.error_message = "Input/output error";
  return entry;
}

EntryBatch sample_batch() {
  EntryBatch batch{{3}, {8192}, {Entry{}, sample_entry(), sample_entry(), Entry{}}};
  batch.entries[2].path = "a/b\nc";
  batch.entries[3].allocated = false;
  return batch;
}

// 8192 entries with 4096-byte paths, as many as fit.
EntryBatch full_batch() {
  EntryBatch batch;
  for (std::size_t i = 0; i < kBatchRecordsMax; ++i) {
    Entry entry = sample_entry();
    entry.inode = i;
    entry.path = std::string(4080, 'd') + "/" + std::to_string(i);
    entry.symlink_target.clear();
    entry.error_message.clear();
    batch.entries.push_back(entry);
  }
  return batch;
}

TEST(EntryBatchTest, ComesBackAsItWas) {
  const auto decoded = decode_entry_batch(encode_entry_batch(sample_batch()).attachment);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, sample_batch());
}

TEST(EntryBatchTest, AnEmptyBatchComesBack) {
  const auto decoded = decode_entry_batch(encode_entry_batch({}).attachment);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, EntryBatch{});
}

TEST(EntryBatchTest, AFullBatchOfLongPathsComesBack) {
  const EntryBatch batch = full_batch();
  const auto decoded = decode_entry_batch(encode_entry_batch(batch).attachment);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_TRUE(*decoded == batch);
}

TEST(EntryBatchTest, EqualRecordsGiveEqualDigestsAndOtherRecordsDoNot) {
  EntryBatch other = sample_batch();
  other.first_ordinal.value += 1;
  const auto digest = encode_entry_batch(sample_batch()).records_digest;
  EXPECT_EQ(encode_entry_batch(sample_batch()).records_digest, digest);
  EXPECT_NE(encode_entry_batch(other).records_digest, digest);
  other = sample_batch();
  other.volume.value += 1;
  EXPECT_NE(encode_entry_batch(other).records_digest, digest);
}

TEST(EntryBatchTest, AnotherDigestThanExpectedIsCorruption) {
  const EncodedBatch encoded = encode_entry_batch(sample_batch());
  EXPECT_TRUE(decode_entry_batch(encoded.attachment, encoded.records_digest));
  const auto decoded = decode_entry_batch(encoded.attachment, Blake3Digest{});
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, Errc::corruption);
}

TEST(EntryBatchTest, EveryTruncationIsCorruption) {
  const std::string attachment = encode_entry_batch(sample_batch()).attachment;
  for (std::size_t length = 0; length < attachment.size(); ++length) {
    const auto decoded = decode_entry_batch(attachment.substr(0, length));
    ASSERT_FALSE(decoded) << length;
    EXPECT_EQ(decoded.error().code, Errc::corruption);
  }
  EXPECT_FALSE(decode_entry_batch(attachment + "x"));
}

TEST(EntryBatchTest, ATruncatedColumnIsCorruption) {
  const std::string columns = encode_entry_columns(sample_batch());
  std::size_t shorter_batches = 0;  // cut exactly between two columns: later ones have defaults
  for (std::size_t length = 0; length < columns.size(); ++length) {
    const auto decoded = decode_entry_columns(columns.substr(0, length));
    shorter_batches += decoded.has_value() ? 1 : 0;
    EXPECT_FALSE(decoded && *decoded == sample_batch()) << length;
  }
  EXPECT_LT(shorter_batches, 30U);
}

TEST(EntryBatchTest, EveryFlippedByteIsNoticedOrChangesNothing) {
  const EncodedBatch encoded = encode_entry_batch(sample_batch());
  for (std::size_t i = 0; i < encoded.attachment.size(); ++i) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      std::string damaged = encoded.attachment;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      const auto decoded = decode_entry_batch(damaged, encoded.records_digest);
      EXPECT_TRUE(!decoded || *decoded == sample_batch()) << i;
    }
  }
}

TEST(EntryBatchTest, AColumnOfALaterVersionIsSkipped) {
  std::string columns = encode_entry_columns(sample_batch());
  columns += std::string("\xC8\x03") + "new";
  const auto decoded = decode_entry_columns(columns);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, sample_batch());
}

TEST(EntryBatchTest, AColumnThatIsThereTwiceIsCorruption) {
  std::string columns = encode_entry_columns(sample_batch());
  columns += std::string("\xC8\x01x\xC8\x01x", 6);
  EXPECT_FALSE(decode_entry_columns(columns));
}

TEST(EntryBatchTest, AFormatOfALaterVersionIsRefused) {
  std::string attachment = encode_entry_batch(sample_batch()).attachment;
  attachment[4] = 2;
  const auto decoded = decode_entry_batch(attachment);
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message.find("newer ntt"), std::string::npos);
}

TEST(EntryBatchTest, AnAttachmentOfAnotherKindIsRefused) {
  EXPECT_FALSE(decode_load_batch(encode_entry_batch(sample_batch()).attachment));
  EXPECT_FALSE(decode_entry_batch(encode_copy_batch({}).attachment));
  EXPECT_FALSE(decode_copy_batch(encode_verify_batch({}).attachment));
  EXPECT_FALSE(decode_verify_batch(encode_load_batch({}).attachment));
}

// A megabyte-long path that every other record repeats: 8 GB from a few kilobytes.
TEST(EntryBatchTest, PathsThatWouldExpandWithoutLimitAreCorruption) {
  ColumnWriter out(kBatchRecordsMax);
  append_block_head(out.head(), BatchKind::entries, kBatchRecordsMax);
  out.head() += std::string(2, '\0');
  out.put_deltas(22, [](std::size_t i) { return i == 0 ? 0 : kPathBytesMax; });
  out.put_varints(23, [](std::size_t i) { return i == 0 ? kPathBytesMax : 0; });
  out.put_bytes(24, std::string(kPathBytesMax, 'x'));
  const auto decoded = decode_entry_batch(pack_block(std::move(out).take()).attachment);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, Errc::corruption);
}

TEST(EntryBatchTest, ALengthBeyondTheBoundIsRefusedBeforeItIsAllocated) {
  const auto packed = pack_block({std::string(kBatchBytesMax + 1, '\0'), {kBatchBytesMax + 1}});
  EXPECT_FALSE(decode_entry_batch(packed.attachment));
}

TEST(EntryBatchTest, MoreRecordsThanABatchHoldsAreABugOfTheCaller) {
  EntryBatch batch;
  batch.entries.resize(kBatchRecordsMax + 1);
  EXPECT_DEATH(encode_entry_batch(batch), "kBatchRecordsMax");
}

TEST(CopyBatchTest, ComesBackAsItWas) {
  CopyBatch batch;
  batch.records.push_back({{0}, CopyOutcome::copied, {}, 5, FileErrorType::none, ""});
  batch.records[0].blob.bytes[0] = 1;
  batch.records.push_back({{7}, CopyOutcome::partial, {}, 4096, FileErrorType::io_error, "EIO"});
  batch.records.push_back({{8}, CopyOutcome::duplicate, {}, 0, FileErrorType::none, ""});
  const auto decoded = decode_copy_batch(encode_copy_batch(batch).attachment);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, batch);
}

TEST(CopyBatchTest, OrdinalsThatDoNotRiseAreABugOfTheCaller) {
  CopyBatch batch;
  batch.records.resize(2);
  EXPECT_DEATH(encode_copy_batch(batch), "ordinal");
}

TEST(LoadBatchTest, ComesBackAsItWas) {
  const LoadBatch batch{{{{0}, 3U, {}}, {{5}, {}, Ordinal{2}}, {{6}, 0U, Ordinal{0}}}};
  const auto decoded = decode_load_batch(encode_load_batch(batch).attachment);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, batch);
}

}  // namespace
}  // namespace ntt::events
