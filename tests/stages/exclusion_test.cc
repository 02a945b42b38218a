// Exclusion rules match bytes as grep -E does.

#include "stages/exclusion.h"

#include <gtest/gtest.h>

#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::tests {

namespace {

using stages::ExclusionRules;

ExclusionRules rules_of(const std::string& text) {
  auto rules = ExclusionRules::parse(text);
  EXPECT_TRUE(rules.has_value()) << rules.error().message;
  return rules ? std::move(*rules) : ExclusionRules();
}

TEST(ExclusionRules, AreNoneByDefault) {
  const ExclusionRules none;
  EXPECT_FALSE(none.match("anything#at all").has_value());
  EXPECT_TRUE(none.rules().empty());
  EXPECT_EQ(none.digest(), rules_of("\n# a comment\n#\n\n").digest());
  EXPECT_FALSE(rules_of("").match("").has_value());
}

TEST(ExclusionRules, GiveTheFirstRuleThatMatches) {
  const ExclusionRules rules = rules_of("x\r\n# comment\n^a/\n/b$\n[#]\n");
  EXPECT_EQ(rules.rules(), (std::vector<std::string>{"x", "^a/", "/b$", "[#]"}));
  EXPECT_EQ(rules.match("a/b"), 1U);
  EXPECT_EQ(rules.match("a/x/b"), 0U);
  EXPECT_EQ(rules.match("c/b"), 2U);
  EXPECT_EQ(rules.match("c#"), 3U);
  EXPECT_FALSE(rules.match("c/bb").has_value());
  EXPECT_NE(rules.digest(), rules_of("x\n^a/\n/b$\n").digest());
}

TEST(ExclusionRules, MatchBytesThatAreNoText) {
  const ExclusionRules rules = rules_of("caf\xe9$\n^a.b$\n\\.(x|y){2}$\n");
  EXPECT_EQ(rules.match("caf\xe9"), 0U);
  EXPECT_FALSE(rules.match("caf\xc3\xa9").has_value());
  EXPECT_EQ(rules.match("a\nb"), 1U);
  EXPECT_EQ(rules.match("a\xff"
                        "b"),
            1U);
  EXPECT_FALSE(rules.match("first\na.b").has_value());  // ^ is the beginning of the path alone
  EXPECT_EQ(rules.match("n.xy"), 2U);
  EXPECT_EQ(rules.rules()[0], "caf\\xe9$");
}

TEST(ExclusionRules, RefuseARuleThatIsNoneAndNameItsLine) {
  for (const char* bad : {"a(b", "*a", "[z-a]", "a{2,1}", "[[:nosuch:]]"}) {
    auto rules = ExclusionRules::parse(std::string("good\n\n") + bad + "\n");
    ASSERT_FALSE(rules.has_value()) << bad;
    EXPECT_EQ(rules.error().code, events::Errc::invalid);
    EXPECT_NE(rules.error().message.find("line 3"), std::string::npos) << rules.error().message;
  }
}

TEST(ExclusionRules, AreReadFromAFile) {
  const TempDir directory;
  write_file(directory / "rules", "\\.o$\n");
  write_file(directory / "empty", "");
  auto rules = ExclusionRules::read_file((directory / "rules").string());
  ASSERT_TRUE(rules.has_value());
  EXPECT_EQ(rules->match("a.o"), 0U);
  EXPECT_TRUE(ExclusionRules::read_file((directory / "empty").string()).has_value());
  EXPECT_EQ(ExclusionRules::read_file((directory / "none").string()).error().code,
            events::Errc::not_found);
  EXPECT_FALSE(ExclusionRules::read_file(directory.path().string()).has_value());
}

TEST(ExclusionRules, AgreeWithGrep) {
  const std::vector<std::string> rules = {"/node_modules/",
                                          "\\.pyc$",
                                          "(^|/)\\.git/",
                                          "\\.(vmdk|iso|vdi)$",
                                          "^proc/",
                                          "~$",
                                          "[0-9]{3,}\\.log$",
                                          "lost\\+found",
                                          "/\\.Trash(es)?/",
                                          "^[^/]*$",
                                          "a.c",
                                          "[[:upper:]]{2}",
                                          "[[:space:]]",
                                          "x*y+z?",
                                          "(a|b)(c|d)e",
                                          "\\\\",
                                          "^$",
                                          "[]x]",
                                          "[^a-z/.]",
                                          "\\$"};
  const std::vector<std::string> paths = {
      "a/node_modules/b", "x.pyc",    ".git/config", "a/.git/x", "disk.iso",    "proc/1",
      "a/proc/1",         "old~",     "2024.log",    "24.log",   "lost+found",  "a/.Trash/b",
      "a/.Trashes/b",     "plain",    "a/plain",     "abc",      "a\nc",        "ABc",
      "two words",        "yz",       "ace",         "bde",      "back\\slash", "]",
      "caf\xe9",          "\xff\xfe", "n\x1cm",      "$x",       "a.c/d"};
  std::string input;
  for (const std::string& path : paths) input += path + std::string(1, '\0');
  for (const std::string& rule : rules) {
    CommandOptions options;
    options.input = input;
    options.environment = {{"LC_ALL", "C"}};
    // With -z grep's records end in NUL, as names do.
    std::vector<std::string> expected =
        lines_of(run_command({"grep", "-azE", "-e", rule}, options).out, '\0');
    std::vector<std::string> got;
    const ExclusionRules compiled = rules_of(rule);
    for (const std::string& path : paths) {
      if (compiled.match(path)) got.push_back(path);
    }
    EXPECT_EQ(got, expected) << rule;
  }
}

}  // namespace

}  // namespace ntt::tests
