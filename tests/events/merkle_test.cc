// The Merkle tree is the one of RFC 6962.

#include "events/merkle.h"

#include <gtest/gtest.h>

#include <map>

#include "events/bytes.h"

namespace ntt::events {
namespace {

// Leaves and roots published with the Certificate Transparency reference implementation.
const std::vector<std::string> kLeaves = {"",
                                          "00",
                                          "10",
                                          "2021",
                                          "3031",
                                          "40414243",
                                          "5051525354555657",
                                          "606162636465666768696a6b6c6d6e6f"};
const std::vector<std::string> kRoots = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

TEST(MerkleFrontier, GivesThePublishedRoots) {
  MerkleFrontier frontier;
  EXPECT_EQ(frontier.root(), merkle_empty_root());
  for (std::size_t i = 0; i < kLeaves.size(); ++i) {
    frontier.append(merkle_leaf_hash(from_hex(kLeaves[i]).value()), [](const MerkleNode&) {});
    EXPECT_EQ(frontier.root().hex(), kRoots[i]);
  }
}

TEST(MerkleFrontier, LoadedFromItsNodesGrowsOnAsIfNeverStopped) {
  std::map<std::pair<unsigned, std::uint64_t>, Sha256Digest> nodes;
  const auto keep = [&](const MerkleNode& node) {
    EXPECT_TRUE(nodes.emplace(std::pair(node.level, node.index), node.hash).second)
        << "a node is written once";
  };
  const auto find = [&](unsigned level, std::uint64_t index) -> Result<Sha256Digest> {
    return nodes.at({level, index});
  };
  MerkleFrontier straight;
  for (std::uint64_t i = 0; i < 300; ++i) {
    MerkleFrontier loaded = MerkleFrontier::load(i, find).value();
    EXPECT_EQ(loaded.root(), straight.root());
    straight.append(merkle_leaf_hash(std::to_string(i)), keep);
    loaded.append(merkle_leaf_hash(std::to_string(i)), [](const MerkleNode&) {});
    EXPECT_EQ(loaded.root(), straight.root());
  }
}

}  // namespace
}  // namespace ntt::events
