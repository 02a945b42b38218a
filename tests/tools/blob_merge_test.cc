// BlobMerge: whatever the log claims and the store has, each blob is visited once, with both sides.

#include "tools/ntt/blob_merge.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace ntt::tools {
namespace {

using events::BlobId;
using events::Status;
using stages::StoredBlob;

BlobId id_of(std::uint8_t number) {
  BlobId id;
  id.bytes[number % 2 == 0 ? 0 : 31] = number;  // ids that differ in the first and in the last byte
  return id;
}

struct Visited {
  BlobId id;
  std::optional<NamedBlob> named;
  std::optional<StoredBlob> stored;
};

// What the merge tells of claims in order and of a store.
std::vector<Visited> merged(const std::vector<BlobClaim>& claims,
                            const std::vector<StoredBlob>& stored) {
  std::vector<Visited> visited;
  std::size_t at = 0;
  BlobMerge merge(
      [&]() -> events::Result<std::optional<StoredBlob>> {
        return at < stored.size() ? std::optional(stored[at++]) : std::nullopt;
      },
      [&](const NamedBlob* named, const StoredBlob* blob) -> Status {
        RC_ASSERT(named != nullptr || blob != nullptr);
        visited.push_back({named != nullptr ? named->first.id : blob->id,
                           named != nullptr ? std::optional(*named) : std::nullopt,
                           blob != nullptr ? std::optional(*blob) : std::nullopt});
        return {};
      });
  for (const BlobClaim& claim : claims) RC_ASSERT(merge.add(claim).has_value());
  RC_ASSERT(merge.finish().has_value());
  return visited;
}

rc::Gen<std::vector<BlobClaim>> any_claims() {
  return rc::gen::map(
      rc::gen::container<std::vector<std::tuple<std::uint8_t, std::uint8_t, bool>>>(
          rc::gen::tuple(rc::gen::inRange<std::uint8_t>(0, 24),
                         rc::gen::inRange<std::uint8_t>(0, 3), rc::gen::arbitrary<bool>())),
      [](const auto& chosen) {
        std::vector<BlobClaim> claims;
        std::uint64_t seq = 0;
        for (const auto& [number, size, retracted] : chosen) {
          claims.push_back({id_of(number), size, ++seq, retracted});
        }
        std::sort(claims.begin(), claims.end(), ClaimBefore{});
        return claims;
      });
}

std::vector<StoredBlob> store_of(const std::set<std::uint8_t>& numbers) {
  std::vector<StoredBlob> stored;
  for (const std::uint8_t number : numbers) stored.push_back({id_of(number), number, 0});
  std::sort(stored.begin(), stored.end(),
            [](const StoredBlob& a, const StoredBlob& b) { return a.id < b.id; });
  return stored;
}

RC_GTEST_PROP(BlobMerge, VisitsWhatAMapOfBothSidesHoldsInOrderOfIds, ()) {
  const auto claims = *any_claims();
  const auto numbers =
      *rc::gen::container<std::set<std::uint8_t>>(rc::gen::inRange<std::uint8_t>(0, 24));
  const auto stored = store_of(numbers);
  std::map<BlobId, Visited> expected;
  for (const StoredBlob& blob : stored) expected[blob.id] = {blob.id, std::nullopt, blob};
  for (const BlobClaim& claim : claims) {
    if (claim.retracted && !expected.contains(claim.id)) continue;
    Visited& visited = expected[claim.id];
    visited.id = claim.id;
    if (!visited.named) {
      visited.named = NamedBlob{claim, std::nullopt};
    } else if (!claim.retracted && claim.size != visited.named->first.size &&
               !visited.named->other) {
      visited.named->other = claim;
    }
  }
  const auto visited = merged(claims, stored);
  RC_ASSERT(visited.size() == expected.size());
  std::size_t i = 0;
  for (const auto& [id, wanted] : expected) {
    const Visited& got = visited[i++];
    RC_ASSERT(got.id == id);
    RC_ASSERT(got.stored.has_value() == wanted.stored.has_value());
    RC_ASSERT(got.named.has_value() == wanted.named.has_value());
    if (!wanted.named) continue;
    RC_ASSERT(got.named->first.seq == wanted.named->first.seq);
    RC_ASSERT(got.named->other.has_value() == wanted.named->other.has_value());
    if (wanted.named->other) RC_ASSERT(got.named->other->seq == wanted.named->other->seq);
  }
}

RC_GTEST_PROP(BlobMerge, OfSeveralClaimsTheEarliestThatCountsIsTheFirst, ()) {
  const auto claims = *any_claims();
  for (const Visited& visited : merged(claims, {})) {
    RC_ASSERT(!visited.named->first.retracted);
    for (const BlobClaim& claim : claims) {
      if (claim.id != visited.id || claim.retracted) continue;
      RC_ASSERT(visited.named->first.seq <= claim.seq);
    }
  }
}

TEST(BlobMerge, StopsAtTheFirstErrorOfEitherSide) {
  int visits = 0;
  BlobMerge broken_store(
      []() -> events::Result<std::optional<StoredBlob>> {
        return events::Error{events::Errc::io, "no disk"};
      },
      [&](const NamedBlob*, const StoredBlob*) -> Status {
        visits += 1;
        return {};
      });
  ASSERT_TRUE(broken_store.add({id_of(1), 1, 1, false}).has_value());
  EXPECT_EQ(broken_store.finish().error().message, "no disk");
  EXPECT_EQ(visits, 0);
  BlobMerge stopped(
      []() -> events::Result<std::optional<StoredBlob>> { return std::optional<StoredBlob>{}; },
      [&](const NamedBlob*, const StoredBlob*) -> Status {
        visits += 1;
        return events::Error{events::Errc::unavailable, "interrupted"};
      });
  ASSERT_TRUE(stopped.add({id_of(2), 1, 1, false}).has_value());
  EXPECT_FALSE(stopped.add({id_of(4), 1, 1, false}).has_value());
  EXPECT_EQ(visits, 1);
}

}  // namespace
}  // namespace ntt::tools
