// Envelopes and records decode to what was encoded, and nothing else decodes.

#include "events/envelope.h"

#include <gtest/gtest.h>

#include "events/bytes.h"

namespace ntt::events {
namespace {

Envelope example() {
  Envelope out;
  out.seq = {42};
  out.id.bytes.fill(0x11);
  out.type = "load_success";
  out.version = 1;
  out.medium = {"0123456789abcdef0123456789abcdef"};
  out.occurred_at = {1'760'133'663'000'000};
  out.recorded_at = {1'760'133'664'000'001};
  out.origin = Origin::backfilled;
  out.run.bytes.fill(0x22);
  out.cause = {41};
  out.actor = {"snowball", "pball", "ntt 0.1.0"};
  out.data_digest.bytes.fill(0x33);
  out.attachment_bytes = 5;
  out.attachment_digest.bytes.fill(0x44);
  return out;
}

TEST(Envelope, RoundTrips) {
  EXPECT_EQ(decode_envelope(encode_envelope(example()).value()).value(), example());
}

TEST(Envelope, BytesAreThoseOfTheFormatPage) {
  EXPECT_EQ(to_hex(encode_envelope(example()).value()),
            "01"                                                                  // format
            "000000000000002a"                                                    // seq
            "11111111111111111111111111111111"                                    // id
            "0c6c6f61645f73756363657373"                                          // type
            "0001"                                                                // version
            "203031323334353637383961626364656630313233343536373839616263646566"  // medium
            "000640d50dbd85c0"                                                    // occurred_at
            "000640d50dccc801"                                                    // recorded_at
            "03"                                                                  // origin
            "22222222222222222222222222222222"                                    // run
            "0000000000000029"                                                    // cause
            "08736e6f7762616c6c"                                                  // host
            "057062616c6c"                                                        // user
            "096e747420302e312e30"                                                // program
            "3333333333333333333333333333333333333333333333333333333333333333"
            "0000000000000005"
            "4444444444444444444444444444444444444444444444444444444444444444");
}

TEST(Envelope, EveryTruncationIsRefused) {
  const std::string bytes = encode_envelope(example()).value();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_envelope(bytes.substr(0, length))) << length;
  }
  EXPECT_FALSE(decode_envelope(bytes + '\0'));
}

TEST(Envelope, WhatDecodesEncodesToTheSameBytes) {
  const std::string bytes = encode_envelope(example()).value();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int flip : {1, 0x80, 0xFF}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      const auto decoded = decode_envelope(changed);
      if (!decoded) continue;
      EXPECT_EQ(encode_envelope(*decoded).value(), changed) << at;
    }
  }
}

TEST(Record, RoundTripsAndRefusesEveryTruncation) {
  Record record{encode_envelope(example()).value(), random_salt(), random_salt(), R"({"a":1})"};
  std::string bytes;
  append_record(bytes, {record.envelope, record.data_salt, record.attachment_salt, record.data});
  const Record back = decode_record(bytes).value();
  EXPECT_EQ(back.envelope, record.envelope);
  EXPECT_EQ(back.data_salt, record.data_salt);
  EXPECT_EQ(back.attachment_salt, record.attachment_salt);
  EXPECT_EQ(back.data, record.data);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_record(bytes.substr(0, length))) << length;
  }
}

}  // namespace
}  // namespace ntt::events
