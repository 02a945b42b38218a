// What `ntt find` makes of its options: globs, and the index that serves them.

#include "tools/ntt/find_query.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "events/bytes.h"

namespace ntt::tools {
namespace {

bool match(const std::string& pattern, const std::string& bytes, bool ignore_case = false) {
  return Glob::parse(pattern).value().matches(bytes, ignore_case);
}

TEST(Glob, StarsAndQuestionMarksStandForOthers) {
  EXPECT_TRUE(match("*", ""));
  EXPECT_TRUE(match("*.jpg", "beach.jpg"));
  EXPECT_FALSE(match("*.jpg", "beach.jpg2"));
  EXPECT_TRUE(match("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(match("a*b*c", "a-c-b"));
  EXPECT_TRUE(match("IMG_????.JPG", "IMG_0042.JPG"));
  EXPECT_FALSE(match("?", ""));
  EXPECT_TRUE(match("photo [1].jpg", "photo [1].jpg"));
  EXPECT_TRUE(match("BEACH.j?g", "beach.JPG", true));
  EXPECT_FALSE(match("BEACH.j?g", "beach.JPG"));
}

TEST(Glob, AQuestionMarkIsOneCharacterOrOneStrayByte) {
  EXPECT_TRUE(match("caf?", "caf\xC3\xA9"));
  EXPECT_TRUE(match("caf?", "caf\xE9"));
  EXPECT_FALSE(match("caf??", "caf\xC3\xA9"));
}

TEST(Glob, TheEscapeGivesAnyByteAndTakesTheMeaningFromStars) {
  EXPECT_TRUE(match("\\xFF\\x2A", "\xFF*"));
  EXPECT_FALSE(match("\\x2A", "x"));
  EXPECT_TRUE(match("a\\\\b", "a\\b"));
  EXPECT_FALSE(Glob::parse("\\q"));
}

RC_GTEST_PROP(Glob, AnyStringMatchesItsEscape, (const std::string& bytes)) {
  std::string pattern = events::escape_bytes(bytes);
  for (std::size_t i = pattern.find_first_of("*?"); i != std::string::npos;
       i = pattern.find_first_of("*?", i)) {
    pattern.replace(i, 1, pattern[i] == '*' ? "\\x2A" : "\\x3F");
  }
  const Glob glob = Glob::parse(pattern).value();
  RC_ASSERT(glob.is_literal());
  RC_ASSERT(glob.head() == bytes);
  RC_ASSERT(glob.matches(bytes, false));
  RC_ASSERT(match("*" + pattern + "*", "xx" + bytes + "yy"));
}

FindQuery named(const std::string& pattern) {
  FindQuery query;
  query.name = Glob::parse(pattern).value();
  return query;
}

TEST(FindQuery, TheBestIndexServes) {
  EXPECT_EQ(way_of(named("beach.jpg")), FindWay::name);
  EXPECT_EQ(way_of(named("*.jpg")), FindWay::extension);
  EXPECT_EQ(way_of(named("IMG_*")), FindWay::scan);
  EXPECT_EQ(way_of(named("*.j?g")), FindWay::scan);
  FindQuery path;
  path.path = Glob::parse("photos/*").value();
  EXPECT_EQ(way_of(path), FindWay::prefix);
  for (const char* whole : {"*/beach.jpg", "*/Makefile", "photos/beach.jpg", "beach"}) {
    path.path = Glob::parse(whole).value();
    EXPECT_EQ(way_of(path), FindWay::name) << whole;
  }
  path.path = Glob::parse("photos/*.jpg").value();
  EXPECT_EQ(way_of(path), FindWay::extension);
  path.suffix = "noext";
  EXPECT_EQ(way_of(path), FindWay::extension);
  FindQuery suffix;
  suffix.suffix = "~";
  EXPECT_EQ(way_of(suffix), FindWay::scan);
  suffix.prefix = "home/";
  EXPECT_EQ(way_of(suffix), FindWay::prefix);
  suffix.blob = events::BlobId{{1}};
  EXPECT_EQ(way_of(suffix), FindWay::blob);
}

TEST(FindQuery, AllConditionsHaveToHold) {
  FindQuery query = named("*.JPG");
  query.prefix = "a/";
  query.ignore_case = true;
  EXPECT_TRUE(query.matches("a/b/c.jpg"));
  EXPECT_FALSE(query.matches("b/c.jpg"));
  EXPECT_FALSE(query.matches("a/c.jpg/d"));
  EXPECT_FALSE(query.matches("A/c.jpg"));
}

TEST(FindQuery, APrefixOfHighestBytesHasNoEnd) {
  FindQuery query;
  query.prefix = "a\xff\xff";
  EXPECT_EQ(conditions(query, "i"), "p.path >= '\\x61ffff'::bytea AND p.path < '\\x62'::bytea");
  query.prefix = "\xff";
  EXPECT_EQ(conditions(query, "i"), "p.path >= '\\xff'::bytea");
}

}  // namespace
}  // namespace ntt::tools
