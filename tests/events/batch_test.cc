// Batches: what is encoded comes back.

#include "events/batch.h"

#include <gtest/gtest.h>

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

TEST(EntryBatchTest, ComesBackAsItWas) {
  EntryBatch batch{{3}, {8192}, {Entry{}, sample_entry(), sample_entry(), Entry{}}};
  batch.entries[2].path = "a/b\nc";
  batch.entries[3].allocated = false;
  const auto decoded = decode_entry_batch(encode_entry_batch(batch).attachment);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, batch);
}

TEST(EntryBatchTest, AnEmptyBatchComesBack) {
  const auto decoded = decode_entry_batch(encode_entry_batch({}).attachment);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, EntryBatch{});
}

}  // namespace
}  // namespace ntt::events
