// The frames between ntt and ntt-reader: what is sent arrives, and nothing else is believed.

#include "stages/reader_protocol.h"

#include <gtest/gtest.h>

#include <random>

namespace ntt::stages::wire {
namespace {

using events::Errc;

FoundVolume some_volume() {
  FoundVolume found;
  found.id = {Attempt::apfs, 1U << 20U, 1U << 30U, 77};
  found.readable = true;
  found.filesystem = "apfs";
  found.label = "Disk\xFF";
  found.message = std::string(100, 'm');
  found.time_basis = "utc";
  return found;
}

TEST(ReaderProtocol, EveryValueArrivesAsItWasSent) {
  const auto found = decode<FoundVolume>(encode(some_volume()));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, some_volume().id);
  EXPECT_EQ(found->label, some_volume().label);
  EXPECT_EQ(found->message, some_volume().message);
  EXPECT_TRUE(found->readable);

  const auto walk = decode<WalkRequest>(
      encode(WalkRequest{some_volume().id, true, {{std::string("a\0b", 3), "why"}, {"c", ""}}}));
  ASSERT_TRUE(walk);
  EXPECT_TRUE(walk->deleted_entries);
  ASSERT_EQ(walk->barred.size(), 2U);
  EXPECT_EQ(walk->barred[0].path, std::string("a\0b", 3));
  EXPECT_EQ(walk->barred[0].reason, "why");

  const auto unreadable =
      decode<UnreadableRanges>(encode(UnreadableRanges{{{0, 512}, {UINT64_MAX, UINT64_MAX}}}));
  ASSERT_TRUE(unreadable);
  ASSERT_EQ(unreadable->ranges.size(), 2U);
  EXPECT_EQ(unreadable->ranges[1], (ByteRange{UINT64_MAX, UINT64_MAX}));

  const ReadRequest request{some_volume().id, 5, UINT64_MAX, false, std::string("a\0b", 3)};
  const auto read = decode<ReadRequest>(encode(request));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size, UINT64_MAX);
  EXPECT_EQ(read->path, request.path);
  EXPECT_FALSE(read->allocated);
}

TEST(ReaderProtocol, TextsAreCutToTheirBound) {
  WalkDone done;
  done.message = std::string(1U << 20U, 'x');
  const auto decoded = decode<WalkDone>(encode(done));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->message.size(), kTextBytesMax);
}

TEST(ReaderProtocol, AnyCutOrLengthenedPayloadIsRefused) {
  const std::string whole = encode(some_volume());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto decoded = decode<FoundVolume>(std::string_view(whole).substr(0, length));
    ASSERT_FALSE(decoded) << "cut at " << length;
    EXPECT_EQ(decoded.error().code, Errc::corruption);
  }
  EXPECT_FALSE(decode<FoundVolume>(whole + "x"));
}

TEST(ReaderProtocol, HeadersWithWildLengthsOrTypesAreRefused) {
  std::string frame;
  append_frame(frame, FrameType::content, "abc");
  const auto header = decode_header(std::string_view(frame).substr(0, kHeaderBytes));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->length, 3U);
  EXPECT_EQ(header->crc, frame_crc(FrameType::content, "abc"));
  EXPECT_NE(header->crc, frame_crc(FrameType::entries, "abc"));

  std::string long_one = frame;
  long_one[0] = '\x7F';
  EXPECT_FALSE(decode_header(std::string_view(long_one).substr(0, kHeaderBytes)));
  std::string unknown = frame;
  unknown[8] = '\xEE';
  EXPECT_FALSE(decode_header(std::string_view(unknown).substr(0, kHeaderBytes)));
  EXPECT_FALSE(decode_header("short"));
}

TEST(ReaderProtocol, RandomBytesNeverDoMoreThanFail) {
  std::mt19937 random(20240917);  // NOLINT: the same bytes each time
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random() % 64, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    static_cast<void>(decode<FoundVolume>(bytes));
    static_cast<void>(decode<Region>(bytes));
    static_cast<void>(decode<ReadDone>(bytes));
    static_cast<void>(decode<WalkDone>(bytes));
    static_cast<void>(decode<Attempt>(bytes));
    static_cast<void>(decode<ReadRequest>(bytes));
    static_cast<void>(decode_header(bytes.substr(0, kHeaderBytes)));
  }
}

}  // namespace
}  // namespace ntt::stages::wire
