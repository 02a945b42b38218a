// Payloads as JSON: what is written is read back, and nothing else is.

#include "events/payload.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/events/payload_visitor.h"

namespace ntt::events {
namespace {

using Json = nlohmann::json;

template <class Payload>
Errc error_of(const Json& json) {
  const auto payload = from_data<Payload>(Payload::kVersion, json.dump());
  EXPECT_FALSE(payload) << Payload::kType << " " << json;
  return payload ? Errc::io : payload.error().code;
}

RC_GTEST_PROP(PayloadProperty, AnyPayloadOfEveryTypeComesBack, ()) {
  each_payload(AllPayloads{}, [](auto payload) {
    using Payload = decltype(payload);
    fill(payload);
    const std::string data = to_data(payload);
    const auto back = from_data<Payload>(Payload::kVersion, data);
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == payload);
    RC_ASSERT(to_data(*back) == data);
    RC_ASSERT(Json::parse(data).dump() == data);  // keys sorted, no spaces
  });
}

TEST(PayloadTest, EveryTypeHasANameOfItsOwn) {
  std::set<std::string> names;
  each_payload(AllPayloads{}, [&](auto payload) {
    EXPECT_TRUE(names.insert(payload.kType).second) << payload.kType;
    EXPECT_TRUE(is_known_type(payload.kType));
  });
  EXPECT_FALSE(is_known_type("enum"));
  EXPECT_FALSE(is_known_type(""));
}

TEST(PayloadTest, UnknownKeysAreIgnored) {
  each_payload(AllPayloads{}, [](auto payload) {
    using Payload = decltype(payload);
    Json json = Json::parse(to_data(payload));
    json["added by a later version"] = Json::array({1, nullptr});
    const auto back = from_data<Payload>(Payload::kVersion, json.dump());
    ASSERT_TRUE(back) << Payload::kType;
    EXPECT_TRUE(*back == payload) << Payload::kType;
  });
}

TEST(PayloadTest, OnlyOptionalKeysMayBeMissing) {
  each_payload(AllPayloads{}, [](auto payload) {
    using Payload = decltype(payload);
    const Json whole = Json::parse(to_data(payload));
    each_field(payload, [&](const char* name, auto& member) {
      Json json = whole;
      if constexpr (IsOptional<std::decay_t<decltype(member)>>::value) {
        EXPECT_FALSE(json.contains(name)) << "an absent fact is an absent key";
      } else {
        EXPECT_EQ(json.erase(name), 1U) << Payload::kType << "." << name;
        EXPECT_EQ(error_of<Payload>(json), Errc::corruption) << Payload::kType << "." << name;
      }
    });
  });
}

TEST(PayloadTest, AWrongTypeIsRefused) {
  each_payload(AllPayloads{}, [](auto payload) {
    using Payload = decltype(payload);
    const Json whole = Json::parse(to_data(payload));
    each_field(payload, [&](const char* name, auto& /*member*/) {
      for (const Json& wrong : {Json(nullptr), Json(1.5), Json(Json::array({Json::array()}))}) {
        Json json = whole;
        json[name] = wrong;
        EXPECT_EQ(error_of<Payload>(json), Errc::corruption) << Payload::kType << "." << name;
      }
    });
    for (const char* data : {"", "[]", "null", "{", "{} x", "\xff"}) {
      EXPECT_FALSE(from_data<Payload>(Payload::kVersion, data)) << Payload::kType << " " << data;
    }
  });
}

TEST(PayloadTest, AVersionThatThisProgramDoesNotKnowIsRefused) {
  each_payload(AllPayloads{}, [](auto payload) {
    using Payload = decltype(payload);
    EXPECT_FALSE(from_data<Payload>(0, to_data(payload)));
    EXPECT_FALSE(from_data<Payload>(Payload::kVersion + 1, to_data(payload)));
  });
}

TEST(PayloadTest, NumbersOutOfRangeAreRefused) {
  Json json = Json::parse(to_data(EnumBatchData{}));
  json["volume"] = 4294967295U;
  EXPECT_EQ(from_data<EnumBatchData>(1, json.dump()).value().volume, 4294967295U);
  json["volume"] = 4294967296U;
  EXPECT_EQ(error_of<EnumBatchData>(json), Errc::corruption);
  json["volume"] = -1;
  EXPECT_EQ(error_of<EnumBatchData>(json), Errc::corruption);
}

TEST(PayloadTest, PathsAreEscapedAndComeBackAsBytes) {
  SourceInfo source{"directory", {"/media/\xff\n\\"}};
  EnumStart start;
  start.source = source;
  const std::string data = to_data(start);
  EXPECT_EQ(Json::parse(data)["source"]["path"], "/media/\\xff\\x0a\\\\");
  EXPECT_EQ(from_data<EnumStart>(1, data).value().source.path.bytes, source.path.bytes);
}

TEST(PayloadTest, TextThatIsNotUtf8IsEscapedSoThatItCanBeWritten) {
  EXPECT_EQ(to_data(Note{"caf\xe9"}), R"({"text":"caf\\xe9"})");
}

TEST(PayloadTest, PayloadOfAnEventOfAnotherTypeIsABug) {
  Event event;
  event.type = "note";
  EXPECT_DEATH(static_cast<void>(payload_of<EnumStart>(event)), "kType");
}

}  // namespace
}  // namespace ntt::events
