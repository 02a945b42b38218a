// load: whole manifests only, links folded into inodes, exclusions as recorded decisions.

#include "stages/load.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <map>
#include <random>

#include "events/generation.h"
#include "stages/enumerate.h"
#include "stages/external_sort.h"
#include "stages/history.h"
#include "stages/inode_fold.h"
#include "tests/stages/log_bench.h"
#include "tests/support/command.h"

namespace ntt::tests {

namespace {

namespace fs = std::filesystem;
using events::Entry;
using events::EntryType;
using stages::StageOutcome;
using stages::StageReport;

class Load : public testing::Test {
 protected:
  void enumerate(bool force = false) {
    auto source = stages::open_directory_source({tree.path().string(), false});
    ASSERT_TRUE(source.has_value());
    stages::EnumRequest request;
    request.force = force;
    auto report = stages::run_enum(bench.context, **source, request);
    ASSERT_TRUE(report.has_value());
  }

  StageReport load(const std::string& rules = "", bool force = false) {
    stages::LoadRequest request;
    auto parsed = stages::ExclusionRules::parse(rules);
    EXPECT_TRUE(parsed.has_value());
    request.rules = std::move(*parsed);
    request.temporary_directory = bench.directory.path().string();
    request.force = force;
    auto report = stages::run_load(bench.context, request);
    EXPECT_TRUE(report.has_value()) << report.error().message;
    return report ? *report : StageReport{};
  }

  struct Row {
    std::uint64_t ordinal;
    std::optional<std::uint32_t> rule;
    std::optional<std::uint64_t> leader;
  };
  std::map<std::string, Row> rows() {
    const auto success = bench.last<events::LoadSuccess>();
    events::GenerationRef ref;
    ref.medium = bench.emitter.medium();
    ref.manifest = {success.manifest};
    ref.load_start = {success.load};
    std::map<std::string, Row> out;
    auto read = events::read_generation(*bench.log, ref, [&out](const auto& row) {
      out[row.entry->path] = {row.ordinal.value, row.rule, std::nullopt};
      if (row.same_inode_as) out[row.entry->path].leader = row.same_inode_as->value;
      return events::Status{};
    });
    EXPECT_TRUE(read.has_value()) << read.error().message;
    return out;
  }

  TempDir tree;
  LogBench bench;
};

TEST_F(Load, FoldsHardLinksIntoInodes) {
  fs::create_directories(tree / "d");
  write_file(tree / "b", "12345");
  fs::create_hard_link(tree / "b", tree / "a");
  fs::create_hard_link(tree / "b", tree / "d/c");
  write_file(tree / "alone", "1");
  fs::create_symlink("b", tree / "symlink");
  enumerate();
  EXPECT_EQ(load().outcome, StageOutcome::success);
  const auto success = bench.last<events::LoadSuccess>();
  EXPECT_EQ(success.generation, 1U);
  EXPECT_EQ(success.path_count, 7U);
  const std::string inodes = output_of(
      {"sh", "-c", "find \"$0\" -printf '%i\\n' | sort -u | wc -l", tree.path().string()});
  EXPECT_EQ(std::to_string(success.inode_count) + "\n", inodes);
  EXPECT_EQ(success.file_count, 2U);
  EXPECT_EQ(success.file_bytes, 6U);
  EXPECT_EQ(success.non_file_count, 3U);
  auto all = rows();
  EXPECT_FALSE(all["a"].leader.has_value());
  EXPECT_EQ(all["b"].leader, all["a"].ordinal);
  EXPECT_EQ(all["d/c"].leader, all["a"].ordinal);
  EXPECT_FALSE(all["alone"].leader.has_value());
  EXPECT_EQ(bench.last<events::EnumSuccess>().manifest_digest, success.manifest_digest);
}

TEST_F(Load, RecordsEveryExclusionWithItsRule) {
  fs::create_directories(tree / "cache");
  write_file(tree / "cache/x", "12");
  write_file(tree / "keep", "1");
  write_file(tree / "a.tmp", "123");
  fs::create_hard_link(tree / "keep", tree / "aaa.tmp");
  enumerate();
  EXPECT_EQ(load("# nothing that can be made again\n\\.tmp$\n^cache/\n").outcome,
            StageOutcome::success);
  const auto success = bench.last<events::LoadSuccess>();
  EXPECT_EQ(success.excluded_count, 3U);
  EXPECT_EQ(success.rules, (std::vector<std::string>{"\\\\.tmp$", "^cache/"}));
  EXPECT_EQ(success.file_count, 1U);
  EXPECT_EQ(success.file_bytes, 1U);
  auto all = rows();
  EXPECT_EQ(all["a.tmp"].rule, 0U);
  EXPECT_EQ(all["cache/x"].rule, 1U);
  EXPECT_FALSE(all["cache"].rule.has_value());
  // The link that is not excluded stands for the inode, though its ordinal is higher.
  EXPECT_EQ(all["aaa.tmp"].leader, all["keep"].ordinal);
  EXPECT_FALSE(all["keep"].leader.has_value());
}

TEST_F(Load, SkipsWhatIsLoadedByTheSameRulesOnly) {
  write_file(tree / "x.tmp", "1");
  enumerate();
  load();
  EXPECT_EQ(load().outcome, StageOutcome::skip);
  EXPECT_EQ(bench.last<events::LoadSkip>().done_by, 5U);
  EXPECT_EQ(load("tmp").outcome, StageOutcome::success);
  EXPECT_EQ(load("tmp").outcome, StageOutcome::skip);
  EXPECT_EQ(load("tmp", true).outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::LoadSuccess>().generation, 3U);
  enumerate(true);
  EXPECT_EQ(load("tmp").outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::LoadSuccess>().generation, 4U);
}

TEST_F(Load, RefusesAManifestThatIsNotWhole) {
  EXPECT_EQ(load().outcome, StageOutcome::error);
  EXPECT_EQ(bench.last<events::LoadError>().error, "no_manifest");
  write_file(tree / "x", "1");
  enumerate();
  auto success = bench.last<events::EnumSuccess>();
  for (const int wrong : {0, 1, 2}) {
    events::EnumSuccess untrue = success;
    if (wrong == 0) untrue.entries += 1;
    if (wrong == 1) untrue.batches += 1;
    if (wrong == 2) untrue.manifest_digest[0] = untrue.manifest_digest[0] == '0' ? '1' : '0';
    bench.emit(untrue);
    EXPECT_EQ(load().outcome, StageOutcome::error);
    EXPECT_EQ(bench.last<events::LoadError>().error, "manifest_not_whole");
  }
  EXPECT_TRUE(bench.events("load_success").empty());
}

TEST_F(Load, StartsOverAfterAnInterruption) {
  write_file(tree / "x", "1");
  enumerate();
  bench.cancelled = true;
  EXPECT_EQ(load().outcome, StageOutcome::interrupted);
  EXPECT_EQ(bench.types().back(), "load_start");
  bench.cancelled = false;
  EXPECT_EQ(load().outcome, StageOutcome::success);
  EXPECT_EQ(bench.last<events::LoadSuccess>().load, 5U);
}

// -- The fold -------------------------------------------------------------------------------------

struct Link {
  std::uint32_t volume = 0;
  Entry entry;
  std::optional<std::uint32_t> rule;
};

Link file_link(std::uint32_t volume, std::uint64_t inode) {
  Link link;
  link.volume = volume;
  link.entry.type = EntryType::file;
  link.entry.inode = inode;
  link.entry.size = 1;
  return link;
}

struct Folded {
  stages::FoldTotals totals;
  std::vector<events::LoadDecision> decisions;
};

Folded fold(const std::vector<Link>& links) {
  const TempDir directory;
  stages::InodeFold fold(directory.path().string());
  for (std::size_t i = 0; i < links.size(); ++i) {
    events::GenerationRow row;
    row.ordinal = {i};
    row.volume = {links[i].volume};
    row.entry = &links[i].entry;
    EXPECT_TRUE(fold.add(row, links[i].rule).has_value());
  }
  Folded out;
  EXPECT_TRUE(fold.for_each_decision([&out](const events::LoadDecision& decision) {
                    out.decisions.push_back(decision);
                    return events::Status{};
                  })
                  .has_value());
  out.totals = fold.totals();
  return out;
}

TEST(InodeFold, KeepsApartWhatIsNotOneInode) {
  std::vector<Link> links = {file_link(1, 7), file_link(2, 7), file_link(1, 7), file_link(1, 7),
                             file_link(1, 7), file_link(1, 0), file_link(1, 0)};
  links[2].entry.device = 9;
  links[3].entry.type = EntryType::symlink;
  links[4].entry.allocated = false;
  EXPECT_TRUE(fold(links).decisions.empty());
  EXPECT_EQ(fold(links).totals.inodes, links.size());
  EXPECT_EQ(fold(links).totals.files, 5U);
  std::vector<Link> directories = {file_link(1, 5), file_link(1, 5)};
  for (Link& link : directories) link.entry.type = EntryType::directory;
  EXPECT_TRUE(fold(directories).decisions.empty());
}

TEST(InodeFold, PrefersALinkThatCanBeCopied) {
  std::vector<Link> links = {file_link(0, 7), file_link(0, 7), file_link(0, 7), file_link(0, 8)};
  links[0].rule = 3;
  links[1].entry.error_number = 13;
  links[3].rule = 1;
  const Folded folded = fold(links);
  ASSERT_EQ(folded.decisions.size(), 3U);
  EXPECT_EQ(folded.decisions[0], (events::LoadDecision{{0}, 3U, events::Ordinal{2}}));
  EXPECT_EQ(folded.decisions[1], (events::LoadDecision{{1}, std::nullopt, events::Ordinal{2}}));
  EXPECT_EQ(folded.decisions[2], (events::LoadDecision{{3}, 1U, std::nullopt}));
  EXPECT_EQ(folded.totals.inodes, 2U);
  EXPECT_EQ(folded.totals.files, 1U);
  EXPECT_EQ(folded.totals.excluded, 2U);
}

RC_GTEST_PROP(InodeFold, EveryEntryHasOneInodeAndOneDisposition, ()) {
  std::vector<Link> links;
  const auto count = *rc::gen::inRange<std::size_t>(0, 200);
  for (std::size_t i = 0; i < count; ++i) {
    Link link = file_link(*rc::gen::inRange(0U, 3U), *rc::gen::inRange(0U, 20U));
    link.entry.type = *rc::gen::element(EntryType::file, EntryType::directory, EntryType::symlink);
    link.entry.allocated = *rc::gen::inRange(0, 8) != 0;
    if (*rc::gen::inRange(0, 4) == 0) link.rule = *rc::gen::inRange(0U, 3U);
    links.push_back(std::move(link));
  }
  const Folded folded = fold(links);
  std::map<std::uint64_t, events::LoadDecision> decisions;
  std::uint64_t followers = 0;
  for (const auto& decision : folded.decisions) {
    RC_ASSERT((decisions.empty() || decisions.rbegin()->first < decision.ordinal.value));
    RC_ASSERT((decision.rule || decision.same_inode_as));
    decisions[decision.ordinal.value] = decision;
    if (decision.same_inode_as) followers += 1;
  }
  RC_ASSERT(folded.totals.paths == links.size());
  RC_ASSERT(folded.totals.inodes + followers == links.size());
  for (std::size_t i = 0; i < links.size(); ++i) {
    const auto found = decisions.find(i);
    RC_ASSERT(links[i].rule == (found == decisions.end() ? std::nullopt : found->second.rule));
    if (found == decisions.end() || !found->second.same_inode_as) continue;
    const std::size_t leader = found->second.same_inode_as->value;
    const auto leaders = decisions.find(leader);
    RC_ASSERT((leaders == decisions.end() || !leaders->second.same_inode_as));
    RC_ASSERT(links[leader].volume == links[i].volume);
    RC_ASSERT(links[leader].entry.inode == links[i].entry.inode);
    RC_ASSERT(links[leader].entry.type == links[i].entry.type);
    RC_ASSERT((!links[leader].rule || links[i].rule));
  }
}

// -- The sort -------------------------------------------------------------------------------------

struct Number {
  std::uint64_t value;
  std::uint64_t payload;
};
struct NumberLess {
  bool operator()(const Number& a, const Number& b) const { return a.value < b.value; }
};

TEST(ExternalSort, SortsMoreThanFitsInMemory) {
  constexpr std::uint64_t kSeed = 20251123;
  SCOPED_TRACE(kSeed);
  for (const std::size_t count : {0U, 1U, 63U, 64U, 65U, 1000U, 100000U}) {
    const TempDir directory;
    stages::ExternalSort<Number, NumberLess> sort(directory.path().string(), 64 * sizeof(Number));
    std::mt19937_64 random(kSeed);
    std::vector<std::uint64_t> expected;
    for (std::size_t i = 0; i < count; ++i) {
      expected.push_back(random() % 1000);
      ASSERT_TRUE(sort.add({expected.back(), expected.back() * 3}).has_value());
    }
    std::sort(expected.begin(), expected.end());
    std::vector<std::uint64_t> got;
    ASSERT_TRUE(sort.for_each([&got](const Number& number) {
                      EXPECT_EQ(number.payload, number.value * 3);
                      got.push_back(number.value);
                      return events::Status{};
                    })
                    .has_value());
    EXPECT_TRUE(got == expected) << count;
    EXPECT_EQ(sort.runs() > 1, count > 64);
    EXPECT_TRUE(fs::is_empty(directory.path()));
  }
}

TEST(ExternalSort, SaysWhereItCouldNotSpill) {
  stages::ExternalSort<Number, NumberLess> sort("/no/such/directory", 2 * sizeof(Number));
  events::Status status;
  for (int i = 0; i < 3 && status; ++i) status = sort.add({1, 1});
  ASSERT_FALSE(status.has_value());
  EXPECT_NE(status.error().message.find("/no/such/directory"), std::string::npos);
}

}  // namespace

}  // namespace ntt::tests
