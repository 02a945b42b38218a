// The keys and filters by which names are found.

#include "projector/find_filter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "projector/name_key.h"

namespace ntt::projector {
namespace {

TEST(NameKey, IsMadeOfTheFnvHashesOfExtensionAndName) {
  // The published FNV-1a values of "", "a" and "foobar".
  EXPECT_EQ(static_cast<std::uint64_t>(name_key("")), 0x811c9dc5811c9dc5U);
  EXPECT_EQ(static_cast<std::uint64_t>(name_key("a")), 0x811c9dc5e40c292cU);
  EXPECT_EQ(static_cast<std::uint64_t>(name_key("foobar")), 0x811c9dc5bf9cf968U);
  EXPECT_EQ(static_cast<std::uint64_t>(name_key(".foobar")) >> 32U, 0xbf9cf968U);
}

TEST(NameKey, BaseNamesAreWhatFollowsTheLastSlash) {
  EXPECT_EQ(base_name("a/b.c"), "b.c");
  EXPECT_EQ(base_name("b"), "b");
  EXPECT_EQ(base_name(""), "");
}

RC_GTEST_PROP(NameKey, CaseDoesNotMatterAndTheKeyIsAmongThoseOfItsExtension,
              (const std::string& start, const std::string& extension)) {
  const std::string name = start + "." + extension;
  std::string upper = name;
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  RC_ASSERT(name_key(upper) == name_key(name));
  const auto [least, greatest] = extension_keys(name.substr(name.rfind('.')));
  RC_ASSERT(least <= name_key(name));
  RC_ASSERT(name_key(name) <= greatest);
}

RC_GTEST_PROP(FindFilter, NeverSaysNoWhereThereIsSomething,
              (const std::vector<std::int64_t>& keys)) {
  FindFilter filter(1);  // far too small: it may only say yes too often
  for (const auto key : keys) filter.add(FindKey::of_name(key));
  for (const auto key : keys) RC_ASSERT(filter.may_have(FindKey::of_name(key)));
}

TEST(FindFilter, RarelySaysYesWhereThereIsNothing) {
  constexpr std::int64_t kPaths = 50000;
  FindFilter filter(kPaths);
  for (std::int64_t i = 0; i < kPaths; ++i) {
    filter.add(FindKey::of_name(i * 7919));
    events::BlobId blob;
    blob.bytes[0] = static_cast<std::uint8_t>(i);
    blob.bytes[1] = static_cast<std::uint8_t>(i >> 8U);
    filter.add(FindKey::of_blob(blob));
  }
  int wrong = 0;
  for (std::int64_t i = 0; i < kPaths; ++i) {
    if (filter.may_have(FindKey::of_name(i * 7919 + 1))) ++wrong;
  }
  EXPECT_LT(wrong, kPaths / 50);
  EXPECT_FALSE(FindFilter(1).may_have(FindKey::of_name(1)));
}

}  // namespace
}  // namespace ntt::projector
