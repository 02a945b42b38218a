// Timestamps and ids as text.

#include "events/types.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "events/clock.h"
#include "events/emitter.h"

namespace ntt::events {
namespace {

std::int64_t micros(std::string_view text) {
  const auto time = parse_timestamp(text);
  EXPECT_TRUE(time) << text;
  return time ? time->micros : -1;
}

TEST(TimestampTest, IsReadInEveryFormOfRfc3339) {
  constexpr std::int64_t kExpected = 1'760'110'863'000'000;  // date -d ... +%s
  for (const char* text :
       {"2025-10-10T15:41:03Z", "2025-10-10t15:41:03z", "2025-10-10 15:41:03Z",
        "2025-10-10T15:41:03.000000Z", "2025-10-10T17:41:03+02:00", "2025-10-10T10:11:03-0530"}) {
    EXPECT_EQ(micros(text), kExpected) << text;
  }
  EXPECT_EQ(micros("2025-10-10"), 1'760'054'400'000'000);
  EXPECT_EQ(micros("1969-12-31T23:59:59.999999Z"), -1);
  EXPECT_EQ(micros("2024-02-29"), 1'709'164'800'000'000);
}

TEST(TimestampTest, FinerThanAMicrosecondIsCutOff) {
  EXPECT_EQ(micros("1970-01-01T00:00:00.123456789Z"), 123'456);
  EXPECT_EQ(micros("1970-01-01T00:00:00.1Z"), 100'000);
}

TEST(TimestampTest, WhatIsNotATimeIsInvalid) {
  for (const char* text :
       {"", "2025", "2025-13-01", "2025-02-29", "2025-10-10T", "2025-10-10T15:41",
        "2025-10-10T15:41:03", "2025-10-10T24:00:00Z", "2025-10-10T15:60:00Z",
        "2025-10-10T15:41:03+2:00", "2025-10-10T15:41:03Zx", " 2025-10-10", "+025-10-10",
        "yesterday", "2025-10-10T15:41:03.Z", "2025-10-10T15:41:03.1234567890Z",
        "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"}) {
    const auto time = parse_timestamp(text);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code, Errc::invalid);
  }
}

TEST(TimestampTest, IsWrittenWithSixDigitsInUtc) {
  EXPECT_EQ(to_rfc3339({1'760'110'863'000'000}), "2025-10-10T15:41:03.000000Z");
  EXPECT_EQ(to_rfc3339({-1}), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(to_rfc3339({0}), "1970-01-01T00:00:00.000000Z");
}

TEST(TimestampTest, OnlyTheYears0To9999CanBeWritten) {
  EXPECT_TRUE(parse_timestamp("0000-01-01")->is_writable());
  EXPECT_FALSE(Timestamp{parse_timestamp("0000-01-01")->micros - 1}.is_writable());
  EXPECT_TRUE(parse_timestamp("9999-12-31T23:59:59.999999Z")->is_writable());
  EXPECT_FALSE(Timestamp{parse_timestamp("9999-12-31T23:59:59.999999Z")->micros + 1}.is_writable());
}

RC_GTEST_PROP(TimestampProperty, EveryInstantOfTheYears0To9999ComesBack, ()) {
  const Timestamp first = parse_timestamp("0000-01-01").value();
  const Timestamp last = parse_timestamp("9999-12-31T23:59:59.999999Z").value();
  const Timestamp time{*rc::gen::inRange(first.micros, last.micros + 1)};
  RC_ASSERT(parse_timestamp(to_rfc3339(time)).value() == time);
}

RC_GTEST_PROP(IdProperty, HexAndBytesComeBack, ()) {
  const EventId id{*rc::gen::arbitrary<std::array<std::uint8_t, 16>>()};
  RC_ASSERT(EventId::from_hex(id.hex()) == id);
  RC_ASSERT(EventId::from_hex(to_uuid_string(id)) == id);
  RC_ASSERT(EventId::from_bytes(id.view()) == id);
}

TEST(IdTest, WhatIsNotOfTheRightLengthIsRefused) {
  const std::string hex(64, 'a');
  EXPECT_TRUE(BlobId::from_hex(hex));
  EXPECT_FALSE(BlobId::from_hex(hex.substr(2)));
  EXPECT_FALSE(BlobId::from_hex(hex + "aa"));
  EXPECT_FALSE(BlobId::from_hex(""));
  EXPECT_FALSE(BlobId::from_hex(std::string(63, 'a') + "g"));
  EXPECT_FALSE(BlobId::from_bytes(std::string(31, 'a')));
  EXPECT_FALSE(EventId::from_hex("0199c0de-0000-7000-8000-00000000000"));
}

TEST(IdTest, PrintAsLowerCaseHexAndAsUuid) {
  const auto id = EventId::from_hex("0199C0DE000070008000000000000001");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->hex(), "0199c0de000070008000000000000001");
  EXPECT_EQ(to_uuid_string(*id), "0199c0de-0000-7000-8000-000000000001");
  EXPECT_FALSE(id->is_zero());
  EXPECT_TRUE(EventId{}.is_zero());
}

class StoppedClock final : public Clock {
 public:
  Timestamp now() override { return {1'760'110'863'123'456}; }
};

TEST(IdTest, NewIdsAreUuidsOfVersion7ThatRiseThoughTheClockStands) {
  StoppedClock clock;
  EventId last = new_event_id(clock);
  for (int i = 0; i < 10'000; ++i) {
    const EventId next = new_event_id(clock);
    ASSERT_LT(last, next);
    ASSERT_EQ(next.bytes[6] >> 4U, 7);
    ASSERT_EQ(next.bytes[8] >> 6U, 2);
    last = next;
  }
}

TEST(MediumIdTest, IsSafeAsAFileName) {
  for (const char* text :
       {"0123456789abcdef0123456789abcdef", "carved_sda_20251013", "a", "A.b-c_9"}) {
    EXPECT_TRUE(MediumId::parse(text)) << text;
  }
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("-x"), std::string("a/b"),
        std::string("a b"), std::string("a\0b", 3), std::string("ä"), std::string(129, 'a')}) {
    EXPECT_FALSE(MediumId::parse(text)) << text;
  }
  EXPECT_TRUE(MediumId::parse(std::string(128, 'a')));
}

TEST(OriginTest, ItsWordsComeBack) {
  for (const Origin origin : {Origin::native, Origin::imported, Origin::backfilled}) {
    EXPECT_EQ(parse_origin(to_string(origin)).value(), origin);
  }
  EXPECT_FALSE(parse_origin("Native"));
}

}  // namespace
}  // namespace ntt::events
