// Proofs of RFC 6962: made from stored nodes, checked without them, equal to those of others.

#include "events/proof.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "events/bytes.h"
#include "events/merkle.h"
#include "tests/support/command.h"

namespace ntt::events {
namespace {

// A tree that keeps its nodes, as a log does, and counts how many are read.
class StoredTree {
 public:
  void add(std::string_view leaf) {
    leaves_.push_back(merkle_leaf_hash(leaf));
    frontier_.append(leaves_.back(), [this](const MerkleNode& node) {
      nodes_[{node.level, node.index}] = node.hash;
    });
    roots_.push_back(frontier_.root());
  }
  void add_numbers(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) add(std::to_string(i));
  }

  MerklePath inclusion(std::uint64_t index, std::uint64_t size) {
    return inclusion_path(reader(), index, size).value();
  }
  MerklePath consistency(std::uint64_t from, std::uint64_t to) {
    return consistency_path(reader(), from, to).value();
  }
  MerkleNodeReader reader() {
    return [this](unsigned level, std::uint64_t index) -> Result<Sha256Digest> {
      reads += 1;
      const auto found = nodes_.find({level, index});
      if (found == nodes_.end()) return Error{Errc::corruption, "no such node"};
      return found->second;
    };
  }
  [[nodiscard]] const Sha256Digest& leaf(std::uint64_t index) const { return leaves_[index]; }
  [[nodiscard]] const Sha256Digest& root(std::uint64_t size) const { return roots_[size]; }

  std::uint64_t reads = 0;

 private:
  MerkleFrontier frontier_;
  std::map<std::pair<unsigned, std::uint64_t>, Sha256Digest> nodes_;
  std::vector<Sha256Digest> leaves_;
  std::vector<Sha256Digest> roots_{merkle_empty_root()};  // by size
};

std::vector<std::string> hex_of(const MerklePath& path) {
  std::vector<std::string> out;
  for (const Sha256Digest& hash : path) out.push_back(hash.hex());
  return out;
}

using Hashes = std::vector<std::string>;

// Nodes of the tree over the eight leaves that the Certificate Transparency reference
// implementation tests with, as it publishes them.
const char* const kLeaf0 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
const char* const kLeaf1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const char* const kLeaf4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const char* const kLeaf6 = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f";
const char* const kNode01 = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
const char* const kNode23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const char* const kNode45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
const char* const kNode67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const char* const kNode03 = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
const char* const kNode47 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";

StoredTree published_tree() {
  StoredTree tree;
  for (const char* leaf : {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                           "606162636465666768696a6b6c6d6e6f"}) {
    tree.add(from_hex(leaf).value());
  }
  return tree;
}

TEST(Proof, InclusionPathsAreThePublishedOnes) {
  StoredTree tree = published_tree();
  EXPECT_EQ(hex_of(tree.inclusion(0, 1)), (Hashes{}));
  EXPECT_EQ(hex_of(tree.inclusion(0, 8)), (Hashes{kLeaf1, kNode23, kNode47}));
  EXPECT_EQ(hex_of(tree.inclusion(5, 8)), (Hashes{kLeaf4, kNode67, kNode03}));
  EXPECT_EQ(hex_of(tree.inclusion(2, 3)), (Hashes{kNode01}));
  EXPECT_EQ(hex_of(tree.inclusion(1, 5)), (Hashes{kLeaf0, kNode23, kLeaf4}));
}

TEST(Proof, ConsistencyProofsAreThePublishedOnes) {
  StoredTree tree = published_tree();
  EXPECT_EQ(hex_of(tree.consistency(1, 1)), (Hashes{}));
  EXPECT_EQ(hex_of(tree.consistency(1, 8)), (Hashes{kLeaf1, kNode23, kNode47}));
  EXPECT_EQ(hex_of(tree.consistency(6, 8)), (Hashes{kNode45, kNode67, kNode03}));
  EXPECT_EQ(hex_of(tree.consistency(2, 5)), (Hashes{kNode23, kLeaf4}));
  EXPECT_EQ(hex_of(tree.consistency(6, 7)), (Hashes{kNode45, kLeaf6, kNode03}));
}

TEST(Proof, EveryLeafOfEveryTreeSizeIsIncludedAndNoOther) {
  constexpr std::uint64_t kSizeMax = 130;
  StoredTree tree;
  tree.add_numbers(kSizeMax);
  for (std::uint64_t size = 1; size <= kSizeMax; ++size) {
    for (std::uint64_t index = 0; index < size; ++index) {
      const MerklePath path = tree.inclusion(index, size);
      ASSERT_TRUE(is_included(tree.leaf(index), index, size, path, tree.root(size)));
      for (std::uint64_t other = 0; other < kSizeMax; other += 13) {
        ASSERT_EQ(is_included(tree.leaf(other), index, size, path, tree.root(size)),
                  other == index);
        ASSERT_EQ(is_included(tree.leaf(index), other, size, path, tree.root(size)),
                  other == index);
        ASSERT_EQ(is_included(tree.leaf(index), index, other, path, tree.root(other)),
                  other == size);
        ASSERT_EQ(is_included(tree.leaf(index), index, size, path, tree.root(other)),
                  other == size);
      }
    }
  }
}

TEST(Proof, EveryPairOfSizesIsConsistentAndNoOther) {
  constexpr std::uint64_t kSizeMax = 130;
  StoredTree tree;
  tree.add_numbers(kSizeMax);
  for (std::uint64_t to = 0; to <= kSizeMax; ++to) {
    for (std::uint64_t from = 0; from <= to; ++from) {
      const MerklePath path = tree.consistency(from, to);
      ASSERT_TRUE(is_consistent(from, to, path, tree.root(from), tree.root(to)));
      for (std::uint64_t other = 0; other <= kSizeMax; other += 13) {
        if (other != from) {
          ASSERT_FALSE(is_consistent(from, to, path, tree.root(other), tree.root(to)));
        }
        // Of the empty tree nothing is claimed, so every tree goes on from it.
        if (other != to && from != 0) {
          ASSERT_FALSE(is_consistent(from, to, path, tree.root(from), tree.root(other)));
        }
      }
    }
  }
}

// Every way to spoil a path a little: one bit of each hash, one hash less, one more, two swapped.
std::vector<MerklePath> spoiled(const MerklePath& path) {
  std::vector<MerklePath> out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    MerklePath flipped = path;
    flipped[i].bytes[i % 32] ^= 0x10U;
    out.push_back(flipped);
    MerklePath shorter = path;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    out.push_back(shorter);
    if (i == 0) continue;
    MerklePath swapped = path;
    std::swap(swapped[i], swapped[i - 1]);
    out.push_back(swapped);
  }
  for (std::size_t i = 0; i <= path.size(); ++i) {
    MerklePath longer = path;
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(i),
                  i < path.size() ? path[i] : Sha256Digest{});
    out.push_back(longer);
  }
  return out;
}

TEST(Proof, SpoiledPathIsRefused) {
  const auto holds = rc::check("any flipped bit, dropped, added or moved hash", [] {
    static StoredTree tree = [] {
      StoredTree made;
      made.add_numbers(1000);
      return made;
    }();
    const auto to = *rc::gen::inRange<std::uint64_t>(2, 1001);
    const auto from = *rc::gen::inRange<std::uint64_t>(1, to);
    for (const MerklePath& path : spoiled(tree.inclusion(from - 1, to))) {
      RC_ASSERT(!is_included(tree.leaf(from - 1), from - 1, to, path, tree.root(to)));
    }
    for (const MerklePath& path : spoiled(tree.consistency(from, to))) {
      RC_ASSERT(!is_consistent(from, to, path, tree.root(from), tree.root(to)));
    }
  });
  EXPECT_TRUE(holds);
}

TEST(Proof, WhatIsInNoTreeIsRefused) {
  StoredTree tree = published_tree();
  EXPECT_EQ(inclusion_path(tree.reader(), 8, 8).error().code, Errc::invalid);
  EXPECT_EQ(inclusion_path(tree.reader(), 0, 0).error().code, Errc::invalid);
  EXPECT_EQ(consistency_path(tree.reader(), 8, 7).error().code, Errc::invalid);
  EXPECT_FALSE(is_included(tree.leaf(0), 0, 0, {}, merkle_empty_root()));
  EXPECT_FALSE(is_included(tree.leaf(0), UINT64_MAX, 1, {}, tree.root(1)));
  EXPECT_FALSE(is_included(tree.leaf(0), 0, UINT64_MAX, {}, tree.root(1)));
  EXPECT_FALSE(is_consistent(8, 7, {}, tree.root(8), tree.root(7)));
  EXPECT_FALSE(is_consistent(3, 8, {}, tree.root(8), tree.root(8)));
  EXPECT_FALSE(is_consistent(0, 8, {}, tree.root(1), tree.root(8)));
  EXPECT_FALSE(is_consistent(1, UINT64_MAX, {tree.leaf(1)}, tree.root(1), tree.root(2)));
}

TEST(Proof, AMissingNodeIsAnErrorAndNoProof) {
  StoredTree tree = published_tree();
  EXPECT_EQ(inclusion_path(tree.reader(), 0, 9).error().code, Errc::corruption);
  EXPECT_EQ(consistency_path(tree.reader(), 3, 9).error().code, Errc::corruption);
}

TEST(Proof, MakingOneReadsLogarithmicallyManyNodes) {
  constexpr std::uint64_t kSize = 100'000;
  StoredTree tree;
  tree.add_numbers(kSize);
  for (std::uint64_t at = 1; at < kSize; at += 997) {
    tree.reads = 0;
    (void)tree.inclusion(at, kSize);
    EXPECT_LE(tree.reads, 34U) << at;
    tree.reads = 0;
    (void)tree.consistency(at, kSize);
    EXPECT_LE(tree.reads, 34U) << at;
  }
}

// Asks tests/support/rfc6962.py, which recurses as the RFC's definitions do.
std::vector<std::string> ask_oracle(const std::string& questions) {
  const std::string answers = tests::output_of(
      {"python3", NTT_SOURCE_DIR "/tests/support/rfc6962.py"}, {{}, questions, ""});
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < answers.size();) {
    const std::size_t end = answers.find('\n', begin);
    lines.push_back(answers.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string joined(const Hashes& hashes) {
  std::string out;
  for (const std::string& hash : hashes) out += (out.empty() ? "" : " ") + hash;
  return out;
}

// Adds the questions about a tree of these leaves, and what we answer.
void ask_about(const std::vector<std::string>& leaves, std::string& questions, Hashes& answers) {
  StoredTree tree;
  questions += "leaf";
  Hashes hashes;
  for (const std::string& leaf : leaves) {
    tree.add(leaf);
    questions += " " + (leaf.empty() ? "-" : to_hex(leaf));
    hashes.push_back(tree.leaf(hashes.size()).hex());
  }
  answers.push_back(joined(hashes));
  for (std::uint64_t to = 1; to <= leaves.size(); to += 1 + to / 4) {
    const std::string size = " " + std::to_string(to) + "\n";
    questions += "\nroot" + size;
    answers.push_back(tree.root(to).hex());
    for (std::uint64_t m = 1; m <= to; ++m) {
      questions += "path " + std::to_string(m - 1) + size + "proof " + std::to_string(m) + size;
      answers.push_back(joined(hex_of(tree.inclusion(m - 1, to))));
      answers.push_back(joined(hex_of(tree.consistency(m, to))));
    }
    questions.pop_back();
  }
  questions += "\n";
}

TEST(Proof, EqualsThatOfAnIndependentImplementationOnRandomTrees) {
  std::string questions;
  Hashes answers;
  EXPECT_TRUE(rc::check("random leaves", [&] {
    const auto leaves = *rc::gen::nonEmpty(rc::gen::arbitrary<std::vector<std::string>>());
    ask_about(leaves, questions, answers);
  }));
  const auto theirs = ask_oracle(questions);  // one process for all: it is the slow part
  ASSERT_EQ(theirs.size(), answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) ASSERT_EQ(theirs[i], answers[i]) << i;
}

}  // namespace
}  // namespace ntt::events
