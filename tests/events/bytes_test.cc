// Escapes, hex and integer encodings give back what went in.

#include "events/bytes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/events/batch_generators.h"

namespace ntt::events {
namespace {

std::string every_byte() {
  std::string out;
  for (int byte = 0; byte < 256; ++byte) out += static_cast<char>(byte);
  return out;
}

TEST(EscapeTest, OrdinaryNamesStandForThemselves) {
  for (const char* name : {"", "a b", "naïve.txt", "日本語", "\"quoted\"", "\U0001F4BE", "a%20b"}) {
    EXPECT_EQ(escape_bytes(name), name);
  }
}

TEST(EscapeTest, BackslashControlAndInvalidBytesAreEscaped) {
  EXPECT_EQ(escape_bytes("a\\b"), "a\\\\b");
  EXPECT_EQ(escape_bytes("a\nb\t\x1c\x7f"), "a\\x0ab\\x09\\x1c\\x7f");
  EXPECT_EQ(escape_bytes(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(escape_bytes("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(escape_bytes("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(escape_bytes("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(escape_bytes("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(escape_bytes("\xe2\x82"
                         "A"),
            "\\xe2\\x82"
            "A");  // cut short
}

TEST(EscapeTest, EveryByteComesBack) {
  EXPECT_EQ(unescape_bytes(escape_bytes(every_byte())).value(), every_byte());
}

RC_GTEST_PROP(EscapeProperty, AnyBytesComeBackAndTheEscapedTextIsUtf8, ()) {
  const std::string bytes = *any_bytes();
  const std::string text = escape_bytes(bytes);
  RC_ASSERT(is_valid_utf8(text));
  const auto back = unescape_bytes(text);
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == bytes);
}

TEST(EscapeTest, BadEscapesAreInvalid) {
  for (const char* text : {"\\", "a\\", "\\x", "\\x1", "\\xg0", "\\n", "\\X41"}) {
    const auto bytes = unescape_bytes(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_EQ(bytes.error().code, Errc::invalid);
  }
  EXPECT_EQ(unescape_bytes("\\x4A\\x4a").value(), "JJ");
}

TEST(HexTest, AnyBytesComeBack) {
  EXPECT_EQ(from_hex(to_hex(every_byte())), every_byte());
  EXPECT_EQ(to_hex("\x01\xab"), "01ab");
  EXPECT_EQ(from_hex("01AB"), "\x01\xab");
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

RC_GTEST_PROP(ZigzagProperty, AnyNumberComesBack, ()) {
  const auto value = *any_number<std::int64_t>();
  RC_ASSERT(unzigzag(zigzag(value)) == value);
}

TEST(ZigzagTest, SmallNumbersOfEitherSignAreSmall) {
  EXPECT_EQ(zigzag(0), 0U);
  EXPECT_EQ(zigzag(-1), 1U);
  EXPECT_EQ(zigzag(1), 2U);
  EXPECT_EQ(zigzag(INT64_MIN), UINT64_MAX);
}

RC_GTEST_PROP(ByteReaderProperty, IntegersComeBackAndTheEndIsSeen, ()) {
  const auto value = *any_number<std::uint64_t>();
  std::string out;
  append_varint(out, value);
  append_be64(out, value);
  append_be32(out, static_cast<std::uint32_t>(value));
  append_be16(out, static_cast<std::uint16_t>(value));
  append_u8(out, static_cast<std::uint8_t>(value));
  ByteReader in(out);
  RC_ASSERT(in.varint() == value);
  RC_ASSERT(in.be64() == value);
  RC_ASSERT(in.be32() == static_cast<std::uint32_t>(value));
  RC_ASSERT(in.be16() == static_cast<std::uint16_t>(value));
  RC_ASSERT(in.u8() == static_cast<std::uint8_t>(value));
  RC_ASSERT(in.at_end());
  RC_ASSERT(in.u8() == 0);
  RC_ASSERT(!in.ok());
}

TEST(ByteReaderTest, AVarintOverSixtyFourBitsIsAFailure) {
  const std::string nine(9, '\xff');
  EXPECT_EQ(ByteReader(nine + "\x01").varint(), UINT64_MAX);
  for (const std::string& tail : {std::string("\x02"), std::string("\x81\x00", 2)}) {
    const std::string bytes = nine + tail;
    ByteReader in(bytes);
    EXPECT_EQ(in.varint(), 0U);
    EXPECT_FALSE(in.ok());
  }
}

TEST(ByteReaderTest, AfterTheFirstReadPastTheEndNothingIsRead) {
  ByteReader in("abc");
  EXPECT_EQ(in.take(4), "");
  EXPECT_EQ(in.u8(), 0);
  EXPECT_FALSE(in.ok());
  EXPECT_FALSE(in.at_end());
}

}  // namespace
}  // namespace ntt::events
