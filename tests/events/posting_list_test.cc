// Posting lists come back as they were written, in the bytes of the format page.

#include "events/posting_list.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "events/bytes.h"
#include "events/limits.h"

namespace ntt::events {
namespace {

std::string value_of(const PostingList& list) {
  PostingWriter writer(list.events.front(), list.label);
  for (std::size_t i = 1; i < list.events.size(); ++i) writer.add(list.events[i]);
  return writer.value();
}

TEST(PostingList, BytesAreThoseOfTheFormatPage) {
  EXPECT_EQ(to_hex(value_of({"note", {{5}, {6}, {300}}})), "6e6f74650001a602");
}

TEST(PostingList, OneEventIsAsFormat1HadIt) {
  EXPECT_EQ(value_of({"load_success", {{7}}}), "load_success");
  EXPECT_EQ(value_of({"", {{7}}}), "");
  EXPECT_EQ(decode_postings({7}, "").value().events, std::vector<Sequence>{{7}});
  EXPECT_EQ(encode_times({{{5}, {7}}}), "");
}

RC_GTEST_PROP(PostingListProperty, WhatIsWrittenIsRead, (std::string label)) {
  std::erase(label, '\0');
  const auto steps = *rc::gen::container<std::vector<std::uint32_t>>(
      rc::gen::inRange<std::uint32_t>(1, 1'000'000));
  PostingList list{label, {{*rc::gen::inRange<std::uint64_t>(1, UINT64_C(1) << 40U)}}};
  for (const std::uint32_t step : steps) list.events.push_back({list.events.back().value + step});
  const std::string value = value_of(list);
  const PostingList back = decode_postings(list.events.front(), value).value();
  RC_ASSERT(back.label == list.label);
  RC_ASSERT(back.events == list.events);
  RC_ASSERT(label_of(value) == label);
}

RC_GTEST_PROP(PostingListProperty, TimesComeBackInOrder, ()) {
  auto events = *rc::gen::nonEmpty(rc::gen::container<std::vector<TimedEvent>>(
      rc::gen::map(rc::gen::pair(rc::gen::inRange<std::int64_t>(0, kTimeSpanMax + 1),
                                 rc::gen::inRange<std::uint64_t>(1, 70'000)),
                   [](const auto& pair) {
                     return TimedEvent{{pair.first - kTimeSpanMax / 2}, {pair.second}};
                   })));
  std::sort(events.begin(), events.end());
  events.erase(std::unique(events.begin(), events.end()), events.end());
  RC_ASSERT(decode_times(events.front(), encode_times(events)).value() == events);
}

TEST(PostingList, WhatNobodyWritesIsDamage) {
  const std::string zero("\0", 1);
  for (const std::string& rest : {std::string(), zero, std::string("\x80"), std::string("\1\x80"),
                                  std::string(10, '\xff') + "\1"}) {
    EXPECT_EQ(decode_postings({1}, "note" + zero + rest).error().code, Errc::corruption);
  }
  EXPECT_FALSE(decode_postings({UINT64_MAX - 1}, zero + "\2")) << "beyond the last number";
  EXPECT_FALSE(decode_postings({1}, zero + std::string(kPostingsMax, '\1'))) << "one too many";
  EXPECT_TRUE(decode_postings({1}, zero + std::string(kPostingsMax - 1, '\1')));

  EXPECT_FALSE(decode_times({{0}, {5}}, zero)) << "cut off";
  EXPECT_FALSE(decode_times({{0}, {5}}, zero + zero)) << "the same event again";
  EXPECT_FALSE(decode_times({{0}, {5}}, zero + "\1")) << "not in order";
  std::string late;
  append_varint(late, static_cast<std::uint64_t>(kTimeSpanMax) + 1);
  EXPECT_FALSE(decode_times({{0}, {5}}, late + "\2")) << "too late for its list";
}

}  // namespace
}  // namespace ntt::events
