// Laws of expressions that hold for any of them, and for any log.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "events/emitter.h"
#include "events/envelope.h"
#include "events/rocks_log.h"
#include "tests/support/temp_dir.h"
#include "tools/ntt/selection.h"
#include "tools/ntt/where_value.h"

namespace ntt::tools {
namespace {

using events::Event;
using events::Log;

// A log that counts what is visited in the one below it.
class CountingLog final : public Log {
 public:
  explicit CountingLog(const Log& below) : below_(below) {}

  events::Result<std::vector<events::Sequence>> append(std::span<const events::NewEvent>,
                                                       const events::AppendOptions&) override {
    return events::Error{events::Errc::invalid, "for reading only"};
  }
  [[nodiscard]] events::Result<events::Head> head() const override { return below_.head(); }
  [[nodiscard]] events::Result<events::Sha256Digest> root_at(std::uint64_t size) const override {
    return below_.root_at(size);
  }
  [[nodiscard]] events::Result<std::string> log_id() const override { return below_.log_id(); }
  [[nodiscard]] events::Result<events::Sha256Digest> tree_node(unsigned level,
                                                               std::uint64_t index) const override {
    return below_.tree_node(level, index);
  }
  [[nodiscard]] events::Result<events::Record> record(events::Sequence seq) const override {
    return below_.record(seq);
  }
  [[nodiscard]] events::Result<Event> read(events::Sequence seq) const override {
    return below_.read(seq);
  }
  [[nodiscard]] events::Result<std::string> attachment(events::Sequence seq) const override {
    return below_.attachment(seq);
  }
  events::Status scan(const events::Filter& filter,
                      const std::function<bool(const Event&)>& visit) const override {
    return below_.scan(filter, [this, &visit](const Event& event) {
      visited += 1;
      return visit(event);
    });
  }
  [[nodiscard]] events::Result<std::vector<events::MediumId>> media(
      const std::string& prefix) const override {
    return below_.media(prefix);
  }
  events::Result<events::VerifyReport> verify(
      const std::function<void(std::uint64_t, std::uint64_t)>& progress) const override {
    return below_.verify(progress);
  }
  [[nodiscard]] events::Result<events::Sequence> wait_past(
      events::Sequence after, std::chrono::milliseconds timeout) const override {
    return below_.wait_past(after, timeout);
  }

  mutable std::uint64_t visited = 0;

 private:
  const Log& below_;
};

class TickingClock final : public events::Clock {
 public:
  events::Timestamp now() override { return {1'760'000'000'000'000 + ticks_++}; }

 private:
  std::int64_t ticks_ = 0;
};

constexpr std::uint64_t kEvents = 400;

// One log for all tests of this file: 4 types, 3 media, 5 runs.
class WhereLogTest : public testing::Test {
 protected:
  static const Log& log() { return *shared().log; }
  static Selection where(const std::string& expression) {
    Selection selection;
    auto parsed = Where::parse(expression);
    CHECK(parsed);
    selection.where = std::move(*parsed);
    return selection;
  }
  static std::vector<std::uint64_t> found(const Log& log, const Selection& selection) {
    std::vector<std::uint64_t> found;
    auto scanned = scan(log, selection, [&found](const Event& event) {
      found.push_back(event.seq.value);
      return true;
    });
    CHECK(scanned);
    return found;
  }

 private:
  struct Shared {
    tests::TempDir temp;
    TickingClock clock;
    std::unique_ptr<Log> log;

    Shared() : log(std::move(*events::open_rocks_log({temp / "log"}, clock))) {
      std::vector<events::NewEvent> all;
      for (std::uint64_t i = 0; i < kEvents; ++i) {
        events::NewEvent event;
        event.id = events::new_event_id(clock);
        event.type = std::string(i % 100 == 0 ? "rare"
                                 : i % 3 == 0 ? "load_start"
                                              : "load_success");
        event.medium = {i % 50 == 1 ? "seldom" : i % 2 == 0 ? "aa" : "ab"};
        event.occurred_at = {1'760'000'000'000'000 + static_cast<std::int64_t>(i * 7919 % 4000)};
        event.origin = i % 4 == 0 ? events::Origin::imported : events::Origin::native;
        event.run.bytes[15] = static_cast<std::uint8_t>(i / 80);
        event.actor = {"host", i % 5 == 0 ? "bob" : "ada", "ntt 0.1.0"};
        event.data = R"({"n":)" + std::to_string(i) + "}";
        all.push_back(std::move(event));
      }
      CHECK(log->append(all, {}));
    }
  };
  // Made on first use: properties have no suite of their own that could be set up.
  static const Shared& shared() {
    static const Shared made;
    return made;
  }
};

TEST_F(WhereLogTest, AnIndexThatServesKeepsTheRestOfTheLogUnread) {
  const std::pair<const char*, std::uint64_t> expressions[] = {
      {"type == 'rare' and data.n > 0", 4},
      {"data.n >= 0 and type in ['rare', 'unheard_of']", 4},
      {"type like 'ra%' and data.n >= 0", 4},
      {"(type == 'rare' or type == 'unheard_of') and exists data.n", 4},
      {"medium == 'seldom' and data.n >= 0", 8},
      {"medium == 'seldom' and type == 'load_start'", 3},
      {"seq > 10 and seq <= 14 and exists data.n", 4},
      {"run == '00000000-0000-0000-0000-000000000002' and data.n != 1", 80},
      {"occurred_at < 2025-10-09T08:53:20.000040Z", 5},
      {"recorded_at >= 2100-01-01 or seq == 0 and type == 'rare'", kEvents},
      {"recorded_at >= 2100-01-01", 0},
      {"type == 'rare' and type == 'load_start'", 0},
  };
  for (const auto& [expression, visits] : expressions) {
    CountingLog counting(log());
    found(counting, where(expression));
    EXPECT_EQ(counting.visited, visits) << expression;
  }
}

TEST_F(WhereLogTest, TheNewestAreFoundFromTheEnd) {
  CountingLog counting(log());
  const auto begin = begin_of_newest(counting, where("type == 'rare'"), 2);
  ASSERT_TRUE(begin);
  EXPECT_EQ(*begin, events::Sequence{201});
  EXPECT_EQ(begin_of_newest(log(), where("type == 'rare'"), 9).value(), events::Sequence{1});
  EXPECT_EQ(begin_of_newest(log(), where("type == 'none'"), 9).value(),
            events::Sequence{kEvents + 1});
  EXPECT_EQ(begin_of_newest(log(), where("seq > 0"), 0).value(), events::Sequence{kEvents + 1});
}

TEST_F(WhereLogTest, AnActorIsAPartOfItsNamesOrAGlobForOneOfThem) {
  Selection selection;
  selection.actor = "bo";
  EXPECT_EQ(found(log(), selection).size(), kEvents / 5);
  selection.actor = "b?b";
  EXPECT_EQ(found(log(), selection).size(), kEvents / 5);
  selection.actor = "b?";
  EXPECT_TRUE(found(log(), selection).empty());
  selection.actor = "ntt *";
  EXPECT_EQ(found(log(), selection).size(), kEvents);
}

// Expressions as text: those tests that an index may serve, and others.
rc::Gen<std::string> any_test() {
  return rc::gen::exec([] {
    const auto number = std::to_string(*rc::gen::inRange(0, static_cast<int>(kEvents) + 2));
    const auto compare = *rc::gen::element<std::string>("==", "!=", "<", "<=", ">", ">=");
    const auto type = *rc::gen::element<std::string>("rare", "load_start", "load_success", "no");
    const auto time =
        "2025-10-09T08:53:20.00" + std::to_string(*rc::gen::inRange(1000, 5000)) + "Z";
    switch (*rc::gen::inRange(0, 12)) {
      case 0:
        return "seq " + compare + " " + number;
      case 1:
        return "data.n " + compare + " " + number;
      case 2:
        return "type " + compare + " '" + type + "'";
      case 3:
        return "type in ['" + type + "', 'rare']";
      case 4:
        return "type like '" + *rc::gen::element<std::string>("load%", "%s_", "r_re") + "'";
      case 5:
        return "medium " + compare + " '" + *rc::gen::element<std::string>("aa", "ab", "x") + "'";
      case 6:
        return "occurred_at " + compare + " " + time;
      case 7:
        return "recorded_at " + compare + " " + time;
      case 8:
        return std::string("origin == 'imported'");
      case 9:
        return "run " + compare + " '00000000-0000-0000-0000-00000000000" +
               std::to_string(*rc::gen::inRange(0, 6)) + "'";
      case 10:
        return "seq in [" + number + ", 7]";
      default:
        return std::string("exists data.missing");
    }
  });
}

rc::Gen<std::string> any_expression(int depth) {
  return rc::gen::exec([depth] {
    const int kind = depth == 0 ? 0 : *rc::gen::inRange(0, 5);
    if (kind == 0) return *any_test();
    if (kind == 1) return "not (" + *any_expression(depth - 1) + ")";
    return "(" + *any_expression(depth - 1) + (kind == 4 ? " or " : " and ") +
           *any_expression(depth - 1) + ")";
  });
}

RC_GTEST_FIXTURE_PROP(WhereLogTest, IndexesChangeWhatIsReadAndNeverWhatIsFound, ()) {
  const std::string expression = *any_expression(3);
  const auto parsed = Where::parse(expression);
  RC_ASSERT(parsed.has_value());
  std::vector<std::uint64_t> expected;
  RC_ASSERT(log()
                .scan({},
                      [&](const Event& event) {
                        if (parsed->matches(event)) expected.push_back(event.seq.value);
                        return true;
                      })
                .has_value());
  RC_ASSERT(found(log(), where(expression)) == expected);
  const auto limit = *rc::gen::inRange<std::size_t>(1, 9);
  Selection newest = where(expression);
  const auto begin = begin_of_newest(log(), newest, limit);
  RC_ASSERT(begin.has_value());
  newest.filter.first = std::max(*begin, events::Sequence{1});
  const auto tail = expected.size() > limit ? expected.size() - limit : 0;
  RC_ASSERT(found(log(), newest) ==
            std::vector<std::uint64_t>(expected.begin() + static_cast<std::ptrdiff_t>(tail),
                                       expected.end()));
}

RC_GTEST_FIXTURE_PROP(WhereLogTest, NotAndOrObeyDeMorgan, ()) {
  const std::string a = *any_expression(2);
  const std::string b = *any_expression(2);
  RC_ASSERT(found(log(), where("not (" + a + " and " + b + ")")) ==
            found(log(), where("not " + a + " or not " + b)));
}

RC_GTEST_PROP(Where, AnyTextIsAnExpressionOrAnErrorWithACaret, ()) {
  const auto words = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("seq", "data", ".", "[", "*", "]", "(", ")", "and", "or", "not",
                                    "in", "like", "exists", "==", "<", "'a'", "\"", "'", "1", "-5",
                                    "2025-10-10", "type", ",", "null", "\n", "\xff", "matches"));
  std::string text;
  for (const auto& word : words) text += word + " ";
  const auto where = Where::parse(text);
  // RC_ASSERT evaluates both sides of an ||.
  const bool is_either = where.has_value() || where.error().message.ends_with("^");
  RC_ASSERT(is_either);
}

// 64 bits of mantissa hold every integer of 64 bits and every double.
long double exact(const WhereValue& value) {
  static_assert(std::numeric_limits<long double>::digits >= 64);
  if (const auto* natural = std::get_if<std::uint64_t>(&value)) return *natural;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  return std::get<double>(value);
}

rc::Gen<WhereValue> any_number() {
  return rc::gen::exec([]() -> WhereValue {
    const auto bits = *rc::gen::arbitrary<std::uint64_t>() << *rc::gen::inRange(0, 64);
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        return bits;
      case 1:
        return static_cast<std::int64_t>(bits);
      case 2:
        return static_cast<double>(bits);
      case 3:
        return static_cast<double>(static_cast<std::int64_t>(bits)) + 0.5;
      default:
        return UINT64_MAX - static_cast<std::uint64_t>(*rc::gen::inRange(0, 3));
    }
  });
}

RC_GTEST_PROP(Numbers, CompareAsTheNumbersThatTheyAre, ()) {
  const WhereValue a = *any_number();
  const WhereValue b = *any_number();
  const auto order = compare(a, b);
  RC_ASSERT(order.has_value());
  RC_ASSERT(*order == (exact(a) <=> exact(b)));
  RC_ASSERT(*compare(b, a) == (exact(b) <=> exact(a)));
}

// The pattern by definition: what LIKE means, without a thought for time.
bool is_like_by_definition(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    return is_like_by_definition(text, pattern.substr(1)) ||
           (!text.empty() && is_like_by_definition(text.substr(1), pattern));
  }
  return !text.empty() && (pattern[0] == '_' || pattern[0] == text[0]) &&
         is_like_by_definition(text.substr(1), pattern.substr(1));
}

RC_GTEST_PROP(Like, IsWhatItsDefinitionSays, ()) {
  // Short, because the definition takes exponential time.
  const auto short_text = [](auto characters) {
    return rc::gen::map(rc::gen::container<std::string>(characters),
                        [](const std::string& text) { return text.substr(0, 15); });
  };
  const auto text = *short_text(rc::gen::element('a', 'b'));
  const auto pattern = *short_text(rc::gen::element('a', 'b', '%', '_'));
  RC_ASSERT(is_like(text, pattern) == is_like_by_definition(text, pattern));
}

}  // namespace
}  // namespace ntt::tools
