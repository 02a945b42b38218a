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

Errc error_of(const PayloadKind& kind, const Json& json) {
  const auto data = kind.rewrite(kind.version, json.dump());
  EXPECT_FALSE(data) << kind.type << " " << json;
  return data ? Errc::io : data.error().code;
}

RC_GTEST_PROP(PayloadProperty, AnyPayloadOfEveryTypeComesBack, ()) {
  for (const PayloadKind& kind : all_payload_kinds()) {
    const bool comes_back = kind.any_comes_back();
    if (!comes_back) RC_FAIL(kind.type);
  }
}

TEST(PayloadTest, EveryTypeHasANameOfItsOwn) {
  std::set<std::string> names;
  for (const PayloadKind& kind : all_payload_kinds()) {
    EXPECT_TRUE(names.insert(kind.type).second) << kind.type;
    EXPECT_TRUE(is_known_type(kind.type));
  }
  EXPECT_FALSE(is_known_type("enum"));
  EXPECT_FALSE(is_known_type(""));
}

TEST(PayloadTest, DataIsCanonicalJson) {
  for (const PayloadKind& kind : all_payload_kinds()) {
    EXPECT_EQ(Json::parse(kind.default_data).dump(), kind.default_data);
    EXPECT_EQ(kind.rewrite(kind.version, kind.default_data).value(), kind.default_data);
  }
}

TEST(PayloadTest, UnknownKeysAreIgnored) {
  for (const PayloadKind& kind : all_payload_kinds()) {
    Json json = Json::parse(kind.default_data);
    json["added by a later version"] = Json::array({1, nullptr});
    EXPECT_EQ(kind.rewrite(kind.version, json.dump()).value(), kind.default_data) << kind.type;
  }
}

TEST(PayloadTest, OnlyOptionalKeysMayBeMissing) {
  for (const PayloadKind& kind : all_payload_kinds()) {
    for (const FieldInfo& field : kind.fields) {
      Json json = Json::parse(kind.default_data);
      if (field.optional) {
        EXPECT_FALSE(json.contains(field.name)) << "an absent fact is an absent key";
      } else {
        EXPECT_EQ(json.erase(field.name), 1U) << kind.type << "." << field.name;
        EXPECT_EQ(error_of(kind, json), Errc::corruption) << kind.type << "." << field.name;
      }
    }
  }
}

TEST(PayloadTest, AWrongTypeIsRefused) {
  for (const PayloadKind& kind : all_payload_kinds()) {
    for (const FieldInfo& field : kind.fields) {
      for (const Json& wrong : {Json(nullptr), Json(1.5), Json(Json::array({Json::array()}))}) {
        Json json = Json::parse(kind.default_data);
        json[field.name] = wrong;
        EXPECT_EQ(error_of(kind, json), Errc::corruption) << kind.type << "." << field.name;
      }
    }
    for (const char* data : {"", "[]", "null", "{", "{} x", "\xff"}) {
      EXPECT_FALSE(kind.rewrite(kind.version, data)) << kind.type << " " << data;
    }
  }
}

TEST(PayloadTest, AVersionThatThisProgramDoesNotKnowIsRefused) {
  for (const PayloadKind& kind : all_payload_kinds()) {
    EXPECT_FALSE(kind.rewrite(0, kind.default_data));
    EXPECT_FALSE(kind.rewrite(static_cast<std::uint16_t>(kind.version + 1), kind.default_data));
  }
}

TEST(PayloadTest, NumbersOutOfRangeAreRefused) {
  Json json = Json::parse(to_data(EnumBatchData{}));
  json["volume"] = 4294967295U;
  EXPECT_EQ(from_data<EnumBatchData>(1, json.dump()).value().volume, 4294967295U);
  json["volume"] = 4294967296U;
  EXPECT_FALSE(from_data<EnumBatchData>(1, json.dump()));
  json["volume"] = -1;
  EXPECT_FALSE(from_data<EnumBatchData>(1, json.dump()));
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
