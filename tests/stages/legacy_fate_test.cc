// What a row of the earlier system's table inode says of its file.

#include "stages/legacy_fate.h"

#include <gtest/gtest.h>

#include "stages/blank_id.h"
#include "tests/support/command.h"

namespace ntt::tests {
namespace {

using events::FileErrorType;
using stages::legacy_fate;
using stages::LegacyInode;
using stages::LegacyState;

const std::string kBlob(64, 'a');

LegacyInode file() {
  LegacyInode inode;
  inode.type = 'f';
  inode.size = 5;
  inode.copied = true;
  inode.status = "success";
  inode.claimed_by = "worker-7";
  return inode;
}

TEST(LegacyFate, OnlyARowThatNamesABlobAndIsCopiedIsStored) {
  LegacyInode inode = file();
  inode.blob = kBlob;
  EXPECT_EQ(legacy_fate(inode).state, LegacyState::stored);
  EXPECT_EQ(legacy_fate(inode).blob.hex(), kBlob);
  inode.copied = false;
  EXPECT_EQ(legacy_fate(inode).state, LegacyState::pending);
}

TEST(LegacyFate, SuccessWithoutABlobIsNotStored) {
  EXPECT_EQ(legacy_fate(file()).state, LegacyState::pending);
  EXPECT_EQ(legacy_fate(file()).message, "success without a blob");
  LegacyInode inode = file();
  inode.status.clear();
  EXPECT_EQ(legacy_fate(inode).message, "copied without a blob");
  inode.blob = "not hex";
  EXPECT_EQ(legacy_fate(inode).message, "a blob id of another form");
}

TEST(LegacyFate, WhatWasGivenUpFailedForTheReasonThatStandsThere) {
  LegacyInode inode = file();
  inode.status = "failed_permanent";
  inode.error_type = "io_error";
  inode.error = "Errno 5";
  EXPECT_EQ(legacy_fate(inode).state, LegacyState::failed);
  EXPECT_EQ(legacy_fate(inode).error, FileErrorType::io_error);
  EXPECT_EQ(legacy_fate(inode).message, "Errno 5");
  for (const auto& [mark, error] : {std::pair("IO_ERROR_SKIP", FileErrorType::io_error),
                                    {"FAT_ERROR_SKIP", FileErrorType::io_error},
                                    {"DIAGNOSTIC_SKIP:BEYOND_EOF", FileErrorType::io_error},
                                    {"BACKSLASH_SKIP", FileErrorType::path_error},
                                    {"MAX_RETRIES_EXCEEDED", FileErrorType::unknown}}) {
    LegacyInode skipped = file();
    skipped.claimed_by = mark;
    EXPECT_EQ(legacy_fate(skipped).state, LegacyState::failed) << mark;
    EXPECT_EQ(legacy_fate(skipped).error, error) << mark;
    EXPECT_EQ(legacy_fate(skipped).message, mark);
  }
}

TEST(LegacyFate, WhatWasExcludedIsNeitherStoredNorLost) {
  for (const char* mark : {"EXCLUDED", "EXCLUDED: all_paths_pattern_match"}) {
    LegacyInode inode = file();
    inode.claimed_by = mark;
    EXPECT_EQ(legacy_fate(inode).state, LegacyState::excluded) << mark;
    EXPECT_EQ(legacy_fate(inode).message, mark);
  }
}

TEST(LegacyFate, WhatWasNeverReadIsNoExclusion) {
  LegacyInode inode = file();
  inode.claimed_by = "EXCLUDED: bad_health";
  EXPECT_EQ(legacy_fate(inode).state, LegacyState::pending) << "the medium was never mounted";
  inode.claimed_by = "EXCLUDED: persistent_failure: I/O error";
  EXPECT_EQ(legacy_fate(inode).state, LegacyState::failed);
}

TEST(LegacyFate, ABlobIdMayBeWrittenInCapitals) {
  LegacyInode inode = file();
  inode.blob = std::string(64, 'A');
  EXPECT_EQ(legacy_fate(inode).blob.hex(), kBlob);
  EXPECT_FALSE(legacy_fate(inode).is_renamed_empty);
}

TEST(LegacyFate, WhatIsNoFileHasNothingToCopy) {
  for (const char type : {'d', 'l', 'b', 'c', 'p', 's', 'u'}) {
    LegacyInode inode = file();
    inode.type = type;
    EXPECT_EQ(legacy_fate(inode).state, LegacyState::no_file) << type;
  }
}

TEST(LegacyFate, AnEmptyFileIsKnownByItsBlake3) {
  LegacyInode inode = file();
  inode.size = 0;
  inode.blob = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  EXPECT_EQ(legacy_fate(inode).blob.hex(),
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  inode.size = 1;
  EXPECT_EQ(legacy_fate(inode).blob.hex(), inode.blob) << "only of an empty file is that known";
}

TEST(BlankIds, AreThoseThatB3sumGivesForBlankBlocks) {
  const auto ids = stages::blank_ids();
  EXPECT_TRUE(ids.contains("af1349b9f5f9a1a6a0404dea36dcc949"));  // nothing at all
  for (const auto& [bytes, fill] :
       {std::pair("1048576", R"(\000)"), {"2097152", R"(\000)"}, {"1048576", R"(\366)"}}) {
    const std::string hash =
        output_of({"sh", "-c",
                   std::string("head -c ") + bytes + " /dev/zero | tr '\\000' '" + fill +
                       "' | b3sum --no-names"});
    EXPECT_TRUE(ids.contains(hash.substr(0, 32))) << bytes << " " << fill;
  }
}

}  // namespace
}  // namespace ntt::tests
