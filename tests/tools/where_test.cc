// Expressions over events: what they mean, what is said of wrong ones, what the indexes serve.

#include "tools/ntt/where.h"

#include <gtest/gtest.h>

#include "tools/ntt/where_value.h"

namespace ntt::tools {
namespace {

using events::Event;
using events::Sequence;

Event sample() {
  Event event;
  event.seq = {7};
  event.id = *events::EventId::from_hex("01a20dce-6615-7318-a490-8c06076e6486");
  event.type = "load_success";
  event.version = 2;
  event.medium = {"0123456789abcdef"};
  event.occurred_at = *events::parse_timestamp("2025-10-10T15:41:03Z");
  event.recorded_at = *events::parse_timestamp("2025-10-11");
  event.actor = {"archive-1", "ada", "ntt 0.1.0"};
  event.data = R"({"count":18446744073709551615,"small":-3,"half":0.5,"name":"a%b","yes":true,)"
               R"("none":null,"when":"2025-10-10T17:41:03+02:00","path":"/a\\x0ab",)"
               R"("volumes":[{"outcome":"enumerated","n":1},{"outcome":"encrypted","n":2},{}],)"
               R"("outcomes":{"enum":"skip","copy":"success"},"odd key":1,"empty":[]})";
  return event;
}

bool holds(std::string_view expression, const Event& event = sample()) {
  const auto where = Where::parse(expression);
  EXPECT_TRUE(where) << (where ? "" : where.error().message);
  return where && where->matches(event);
}

std::string complaint(std::string_view expression) {
  const auto where = Where::parse(expression);
  return where ? "none" : where.error().message;
}

TEST(Where, TrueOnesHold) {
  for (const char* expression : {
           "seq == 7",
           "seq in [1, 7]",
           "seq not in [1, 2]",
           "version >= 2 and version < 3",
           R"(type == "load_success")",
           "type == 'load_success'",
           R"(id == "01a20dce66157318a4908c06076e6486")",
           R"(id like "01a20dce-%")",
           R"(medium like "0123%")",
           R"(origin != "imported")",
           R"(origin in ["native", "backfilled"])",
           "run == null",
           "not exists run",
           "cause == null",
           "exists medium",
           R"(actor.host like "archive-_" and actor.user == "ada")",
           R"(actor.program matches "^ntt \\d")",
           "attachment_bytes == 0",
           "data.small < 0",
           "data.small == -3.0",
           "data.half > 0.25",
           "data.yes == true",
           "data.none == null",
           "exists data.name",
           "exists data.empty",
           "exists data",
           R"(data."odd key" == 1)",
           R"(data.name like "a\\%b")",
           R"(data.name like 'a\%b')",
           R"(data.path == '/a\x0ab')",
           R"(data.path == "/a\\x0ab")",
           "data.volumes[1].outcome == 'encrypted'",
           "data.volumes[*].outcome == 'encrypted'",
           "data.volumes[*].n > data.volumes[0].n",
           "data.outcomes[*] == 'skip'",
           "data.outcomes.enum != data.outcomes.copy",
           "seq == 1 or seq == 7 and version == 2",
           "NOT (seq == 1) AND seq IN [7]",
           "(((seq == 7)))",
           "not not seq == 7",
       }) {
    EXPECT_TRUE(holds(expression)) << expression;
  }
}

TEST(Where, FalseOnesDoNot) {
  for (const char* expression : {
           "seq != 7",
           "seq == 1 and seq == 7 or seq == 2",
           "not seq == 7 or seq == 2",
           R"(data.name like "a\\_b")",
           R"(data.name like "a")",
           "data.name matches '^%'",
           "data.volumes[3].outcome == 'encrypted'",
           "data.volumes[0].outcome == 'encrypted'",
           "data.empty[*] != 1",
           "exists data.none",
           "exists data.volumes[*].nothing",
           "data.name.deeper == 1",
           "data.yes > data.small",
           "data.yes >= data.yes",
       }) {
    EXPECT_FALSE(holds(expression)) << expression;
  }
}

TEST(Where, AMissingFieldMakesEveryTestFalseAndItsNegationTrue) {
  for (const char* test :
       {"data.x == 1", "data.x != 1", "data.x > 1", "data.x <= 1", "data.x == null",
        "data.x != null", "data.x in [1, null]", "data.x like '%'", "data.x matches ''",
        "data.x == data.y", "data.x != data.small", "exists data.x", "data.empty[*] == 1"}) {
    EXPECT_FALSE(holds(test)) << test;
    EXPECT_TRUE(holds("not (" + std::string(test) + ")")) << test;
  }
}

TEST(Where, ValuesOfDifferentKindsAreNotEqualAndHaveNoOrder) {
  EXPECT_FALSE(holds("data.name == 1"));
  EXPECT_TRUE(holds("data.name != 1"));
  EXPECT_FALSE(holds("data.name < 1"));
  EXPECT_FALSE(holds("data.name >= 1"));
  EXPECT_TRUE(holds("data.none != 1"));
  EXPECT_TRUE(holds("data.volumes != 1"));
  EXPECT_FALSE(holds("data.volumes == data.volumes"));
  EXPECT_FALSE(holds("data.small like '%'"));
}

TEST(Where, TimesCompareAsTimesHoweverTheyAreWritten) {
  EXPECT_TRUE(holds("occurred_at == 2025-10-10T15:41:03Z"));
  EXPECT_TRUE(holds("occurred_at == '2025-10-10T17:41:03.000+02:00'"));
  EXPECT_TRUE(holds("occurred_at > 2025-10-10 and occurred_at < 2025-10-11"));
  EXPECT_TRUE(holds("recorded_at in [2025-10-11]"));
  EXPECT_TRUE(holds("recorded_at > occurred_at"));
  EXPECT_TRUE(holds("data.when == 2025-10-10T15:41:03Z"));
  EXPECT_TRUE(holds("data.when == occurred_at"));
  EXPECT_TRUE(holds("data.when < recorded_at"));
  EXPECT_FALSE(holds("data.name < recorded_at"));
  EXPECT_FALSE(holds("data.when == '2025-10-10T15:41:03Z'")) << "two texts are compared as texts";
}

TEST(Where, NumbersAreNeverRounded) {
  EXPECT_TRUE(holds("data.count == 18446744073709551615"));
  EXPECT_FALSE(holds("data.count == 18446744073709551614"));
  EXPECT_TRUE(holds("data.count > 18446744073709551614"));
  EXPECT_FALSE(holds("data.count == 1.8446744073709552e19")) << "which is 2^64";
  EXPECT_TRUE(holds("data.count < 1.8446744073709552e19"));
  EXPECT_TRUE(holds("data.count > -1"));
  EXPECT_TRUE(holds("data.small > -9223372036854775808"));
}

TEST(Where, AWrongExpressionIsShownWithThePlaceAndWhatWasExpected) {
  EXPECT_EQ(complaint("data.x > and y"),
            "expected a value here: a number, a text in quotes, a time, true, false or null\n"
            "  data.x > and y\n"
            "           ^");
  EXPECT_EQ(complaint("seq > 1 origin"),
            "expected `and`, `or` or the end here\n"
            "  seq > 1 origin\n"
            "          ^");
  EXPECT_EQ(complaint("origin == native").substr(0, 24), "expected a value here: a");
  EXPECT_EQ(complaint("orgin == 'native'"),
            "there is no field `orgin`; the fields are seq, id, type, version, medium, "
            "occurred_at, recorded_at, origin, run, cause, actor.host, actor.user, "
            "actor.program, attachment_bytes, and data.KEY in the payload\n"
            "  orgin == 'native'\n"
            "  ^");
  EXPECT_EQ(complaint(""), "expected a field, `not`, `exists` or `(` here\n  \n  ^");
  EXPECT_EQ(complaint("(seq == 1"),
            "expected `and`, `or` or `)` here\n"
            "  (seq == 1\n"
            "           ^");
}

TEST(Where, EveryKindOfMistakeIsOne) {
  for (const char* expression : {"seq",
                                 "seq = 1",
                                 "seq == 'one'",
                                 "seq like '1'",
                                 "seq == 99999999999999999999",
                                 "type == 1",
                                 "type == load_start",
                                 "type matches '('",
                                 "type like 1",
                                 "type not == 'a'",
                                 "origin == 'nativ'",
                                 "run == 'abc'",
                                 "occurred_at > 'yesterday'",
                                 "occurred_at > 2025-13-45",
                                 "occurred_at > 5",
                                 "medium == 'a",
                                 "medium == \"a\\q\"",
                                 "data. == 1",
                                 "data[ == 1",
                                 "data[-1] == 1",
                                 "data[0 == 1",
                                 "data.x in 1",
                                 "data.x in [1",
                                 "data.x in []",
                                 "data.x > true",
                                 "data.x > null",
                                 "data.x == 1 && data.y == 1",
                                 "data.x == 1 || true",
                                 "!data.x",
                                 "not",
                                 "exists",
                                 "exists 1",
                                 "()",
                                 "seq == 1)",
                                 "actor == 'a'",
                                 "actor.x == 'a'",
                                 "seq == occurred_at",
                                 "data.x == 1e999",
                                 "data.x == 5x",
                                 "data.x == 2025-10-10Z",
                                 "#"}) {
    const std::string message = complaint(expression);
    EXPECT_TRUE(message.ends_with("^")) << expression << "\n" << message;
  }
}

TEST(Where, TheCaretStandsBelowThePlaceWhateverComesBefore) {
  EXPECT_EQ(complaint("seq == 1\n  and orgin == 1").substr(0, 27), "there is no field `orgin`; ");
  EXPECT_TRUE(complaint("seq == 1\n\tand orgin == 1").ends_with("\n   and orgin == 1\n       ^"));
  EXPECT_TRUE(complaint("medium == 'äöü' orgin")
                  .ends_with("\n  medium == 'äöü' orgin\n"
                             "                  ^"));
  const std::string longest = "seq == 1" + std::string(200, ' ') + "orgin" + std::string(200, ' ');
  const std::string message = complaint(longest);
  EXPECT_TRUE(message.ends_with("\n" + std::string(63, ' ') + "^")) << message;
  EXPECT_LT(message.size(), 300U);
}

TEST(Where, NestingIsBounded) {
  EXPECT_TRUE(holds(std::string(99, '(') + "seq == 7" + std::string(99, ')')));
  EXPECT_TRUE(complaint(std::string(101, '(') + "seq == 7" + std::string(101, ')'))
                  .starts_with("more than 100 parentheses and `not`s within one another"));
  std::string nots;
  for (int i = 0; i < 100'000; ++i) nots += "not ";
  EXPECT_TRUE(complaint(nots + "seq == 7").starts_with("more than 100"));
  std::string ands = "seq == 7";
  for (int i = 0; i < 10'000; ++i) ands += " and seq == 7";
  EXPECT_TRUE(holds(ands)) << "a long line of them is not nested";
}

TEST(Where, APayloadThatIsNoJsonHasNoFields) {
  Event event = sample();
  event.data = "{";
  EXPECT_FALSE(holds("exists data", event));
  EXPECT_TRUE(holds("not exists data.x", event));
}

TEST(Like, PercentIsAnythingAndUnderscoreOneCharacter) {
  EXPECT_TRUE(is_like("", ""));
  EXPECT_TRUE(is_like("", "%%"));
  EXPECT_FALSE(is_like("", "_"));
  EXPECT_TRUE(is_like("abcabc", "%abc"));
  EXPECT_TRUE(is_like("aXbXc", "a%b%c"));
  EXPECT_FALSE(is_like("aXbXcX", "a%b%c"));
  EXPECT_TRUE(is_like("ä", "_"));
  EXPECT_FALSE(is_like("ä", "__"));
  EXPECT_TRUE(is_like("50%", "50\\%"));
  EXPECT_FALSE(is_like("500", "50\\%"));
  EXPECT_TRUE(is_like("a\\", "a\\"));
  EXPECT_FALSE(is_like(std::string(5000, 'a'), std::string(1000, '%') + "b")) << "and is quick";
}

events::Filter narrowed(const std::string& expression, events::Filter filter = {}) {
  const auto where = Where::parse(expression);
  EXPECT_TRUE(where) << expression;
  if (where) where->narrow(filter);
  return filter;
}

TEST(Narrow, ConditionsBetweenAndsBecomeTheFilter) {
  const auto filter = narrowed(
      "type in ['a', 'b'] and (type == 'b' or type == 'c') and medium == 'm' "
      "and seq > 3 and seq <= 9 and occurred_at >= 2025-10-10 and "
      "recorded_at < 2025-10-11 and origin == 'imported' and data.x == 1");
  EXPECT_EQ(filter.types, std::vector<std::string>{"b"});
  EXPECT_EQ(filter.medium->text, "m");
  EXPECT_EQ(filter.first, Sequence{4});
  EXPECT_EQ(filter.last, Sequence{9});
  EXPECT_EQ(filter.occurred_from, *events::parse_timestamp("2025-10-10"));
  EXPECT_EQ(filter.recorded_until, *events::parse_timestamp("2025-10-11"));
  EXPECT_EQ(filter.origin, events::Origin::imported);
  EXPECT_EQ(narrowed("type like 'load\\_%'").type_glob, "load_*");
  EXPECT_EQ(narrowed("type like 'a*_'").type_glob, "a\\*?");
}

TEST(Narrow, OrAndNotNarrowNothingElse) {
  for (const char* expression :
       {"seq > 3 or data.x == 1", "not seq > 3", "type == 'a' or medium == 'm'", "seq != 3",
        "type matches 'a'", "medium != 'm'", "not type in ['a']", "type == medium"}) {
    const auto filter = narrowed(expression);
    EXPECT_EQ(filter.first, Sequence{1}) << expression;
    EXPECT_EQ(filter.last, Sequence{UINT64_MAX}) << expression;
    EXPECT_TRUE(filter.types.empty() && filter.type_glob.empty() && !filter.medium) << expression;
  }
}

TEST(Narrow, ContradictionsLeaveNothingToRead) {
  events::Filter of_medium;
  of_medium.medium = events::MediumId{"other"};
  EXPECT_EQ(narrowed("medium == 'm'", of_medium).last, Sequence{0});
  EXPECT_EQ(narrowed("type == 'a' and type == 'b'").last, Sequence{0});
  const auto never = narrowed("seq > 5 and seq < 3");
  EXPECT_GT(never.first, never.last);
}

}  // namespace
}  // namespace ntt::tools
