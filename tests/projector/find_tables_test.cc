// What the tables hold for `ntt find`: the server computes the same keys and reads the same
// filters.

#include <gtest/gtest.h>

#include "events/bytes.h"
#include "projector/find_filter.h"
#include "projector/name_key.h"
#include "tests/projector/tables_fixture.h"

namespace ntt::tests {
namespace {

using projector::FindKey;

TEST_F(TablesTest, NameKeyOfSqlIsThatOfTheProjector) {
  for (int seed = 0; seed < 20; ++seed) {
    const auto size = static_cast<std::size_t>(seed);
    std::string name = some_bytes(size, size);
    if (seed % 2 == 0) name += ".Some.TXT";
    EXPECT_EQ(ask("SELECT name_key('\\x" + events::to_hex(name) + "')"),
              std::to_string(projector::name_key(name)) + "\n");
  }
}

TEST_F(TablesTest, FiltersOfAMediumHaveItsNamesExtensionsAndBlobs) {
  Story one = story();
  one.identify();
  one.enumerate({{file_entry("photos/Beach.JPG", 10), file_entry("photos/again", 10)}});
  one.load({{{1}, {}, events::Ordinal{0}}});
  one.copy_begin();
  one.copy_some({Story::stored(0)});
  one.copy_end();
  project();
  const auto found = [&](const FindKey& key) {
    return ask("SELECT count(*) FROM find_filter WHERE " + key.condition());
  };
  const std::int64_t key = projector::name_key("Beach.JPG");
  EXPECT_EQ(found(FindKey::of_name(key)), "1\n");
  EXPECT_EQ(found(FindKey::of_name(projector::name_key("again"))), "1\n") << "a further link";
  EXPECT_EQ(found(FindKey::of_extension(key)), "1\n");
  EXPECT_EQ(found(FindKey::of_blob(Story::stored(0).blob)), "1\n");
  EXPECT_EQ(found(FindKey::of_name(projector::name_key("mountain.jpg"))), "0\n");
  EXPECT_EQ(found(FindKey::of_extension(projector::name_key("x.gif"))), "0\n");
  EXPECT_EQ(ask("SELECT count(*) FROM path WHERE name_key = name_key('beach.jpg')"), "1\n");
}

TEST_F(TablesTest, FilterOfAMediumGoesWithItsLastLoad) {
  Story one = story();
  one.identify();
  one.enumerate({{file_entry("a", 10)}});
  const events::Sequence load = one.load();
  project();
  EXPECT_EQ(ask("SELECT count(*) FROM find_filter"), "1\n");
  one.emit(events::Retraction{load.value, "loaded by mistake"});
  project();
  EXPECT_EQ(ask("SELECT count(*) FROM find_filter"), "0\n");
}

}  // namespace
}  // namespace ntt::tests
