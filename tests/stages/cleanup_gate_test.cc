// The gate before a deletion: open only when nothing is lacking, and each thing that is lacking
// closes it alone.

#include "stages/cleanup_gate.h"

#include <gtest/gtest.h>

#include <functional>

namespace ntt::stages {
namespace {

using events::ArchiveSuccess;
using events::Origin;
using events::Sequence;

template <class Payload>
Recorded<Payload> recorded(std::uint64_t seq, Payload payload) {
  return {{seq}, {static_cast<std::int64_t>(seq)}, std::move(payload), Origin::native};
}

ArchiveSuccess archive_at(const std::string& path) {
  ArchiveSuccess archive;
  archive.path = {path};
  archive.bytes = 700;
  archive.blake3 = "aa";
  archive.image_bytes = 1000;
  archive.image_blake3 = "11";
  archive.members = {{{"disk.img"}, 1000, "11"}, {{"disk.map"}, 80, "22"}};
  return archive;
}

// A medium of which everything is done and verified.
History whole() {
  History history;
  events::MapfileObserved mapfile;
  mapfile.path = {"/disk.map"};
  mapfile.blake3 = "22";
  history.mapfile = recorded(5, mapfile);
  events::EnumSuccess enumerated;
  enumerated.manifest = 6;
  history.enumerated = recorded(7, enumerated);
  events::LoadSuccess load;
  load.generation = 1;
  load.manifest = 6;
  load.file_count = 10;
  history.loaded = recorded(9, load);
  history.generations = 1;
  events::CopySuccess copy;
  copy.load = 9;
  copy.files = 10;
  copy.new_blobs = 8;
  copy.duplicate = 2;
  history.copied = recorded(12, copy);
  history.archived = recorded(14, archive_at("/archives/m.tar.zst"));
  history.archives = {*history.archived};
  events::VerifySuccess verify;
  verify.copy = 12;
  verify.archive = 14;
  verify.checked = 8;
  verify.archive_intact = true;
  history.verified = recorded(17, verify);
  return history;
}

using Change = std::function<void(History&)>;

void expect_closed(const std::string& reason, const Change& change) {
  History history = whole();
  change(history);
  const CleanupVerdict verdict = may_delete_image(history);
  EXPECT_FALSE(verdict.may) << reason;
  EXPECT_EQ(verdict.why, reason);
  EXPECT_TRUE(verdict.evidence.empty());
  EXPECT_FALSE(may_delete_mapfile(history, false).may) << reason;
}

TEST(CleanupGate, OpensForWhatIsCopiedArchivedAndVerified) {
  const CleanupVerdict verdict = may_delete_image(whole());
  EXPECT_TRUE(verdict.may);
  EXPECT_EQ(verdict.why,
            "generation 1 (event 9) is copied (event 12) and archived (event 14), all verified in "
            "event 17");
  EXPECT_EQ(verdict.evidence, (std::vector<Sequence>{{9}, {12}, {14}, {17}}));
}

TEST(CleanupGate, EachThingThatIsLackingClosesItAlone) {
  expect_closed("nothing is loaded", [](History& h) { h.loaded.reset(); });
  expect_closed("the files of the current generation are not copied",
                [](History& h) { h.copied.reset(); });
  expect_closed("it is not archived", [](History& h) { h.archived.reset(); });
  expect_closed("copy and archive are not verified", [](History& h) { h.verified.reset(); });
  expect_closed("an enumeration (event 20) is not over", [](History& h) {
    h.enum_start = recorded(20, events::EnumStart{});
    h.enum_ended = false;
  });
  expect_closed("what was enumerated last (event 21) is not loaded", [](History& h) {
    events::EnumSuccess newer;
    newer.manifest = 20;
    h.enumerated = recorded(21, newer);
  });
  expect_closed("the log does not have the entries of the current generation", [](History& h) {
    h.loaded->payload.manifest = 0;
    h.enumerated.reset();
  });
  expect_closed("of 10 files only 9 have an outcome",
                [](History& h) { h.copied->payload.files = 9; });
}

TEST(CleanupGate, AnArchiveThatWasNotComparedOrLacksTheMapfileClosesIt) {
  const std::string not_compared =
      "the archive was not read back and compared with the image (event 14)";
  expect_closed(not_compared, [](History& h) { h.archived->payload.blake3 = ""; });
  expect_closed(not_compared, [](History& h) {
    h.archived->payload.image_blake3 = "";
    h.archived->payload.members[0].blake3 = "";
  });
  expect_closed(not_compared, [](History& h) { h.archived->payload.members[0].blake3 = "12"; });
  expect_closed(not_compared, [](History& h) { h.archived->payload.members[0].size = 999; });
  expect_closed("the archive does not hold the mapfile as event 5 has it",
                [](History& h) { h.archived->payload.members.pop_back(); });
  expect_closed("the archive does not hold the mapfile as event 5 has it",
                [](History& h) { h.mapfile->payload.blake3 = "23"; });
}

TEST(CleanupGate, AVerifyOfSomethingElseOrThatFoundDamageClosesIt) {
  const std::string last = "the last verify (event 17) ";
  expect_closed(last + "is not of the current copy",
                [](History& h) { h.verified->payload.copy = 11; });
  expect_closed(last + "is not of the current archive",
                [](History& h) { h.verified->payload.archive = 0; });
  expect_closed(last + "found 1 blobs damaged",
                [](History& h) { h.verified->payload.mismatched = 1; });
  expect_closed(last + "found 2 blobs damaged",
                [](History& h) { h.verified->payload.missing = 2; });
  expect_closed(last + "found 3 blobs damaged",
                [](History& h) { h.verified->payload.unreadable = 3; });
  expect_closed(last + "did not find the archive intact",
                [](History& h) { h.verified->payload.archive_intact = false; });
  expect_closed(last + "did not find the archive intact",
                [](History& h) { h.verified->payload.archive_intact.reset(); });
  expect_closed(last + "read no blob", [](History& h) { h.verified->payload.checked = 0; });
}

TEST(CleanupGate, AClaimOfAVerifyClosesItAndANativeVerifyStandsForAllOtherClaims) {
  for (const Origin claimed : {Origin::imported, Origin::backfilled}) {
    expect_closed(
        "the last verify (event 17) is a claim that ntt did not see: run the medium again",
        [claimed](History& h) { h.verified->origin = claimed; });
    History adopted = whole();
    adopted.loaded->origin = adopted.copied->origin = adopted.archived->origin = claimed;
    EXPECT_TRUE(may_delete_image(adopted).may);
    adopted.verified.reset();
    EXPECT_FALSE(may_delete_image(adopted).may);
  }
}

TEST(CleanupGate, EverythingThatIsLackingIsSaid) {
  History history = whole();
  history.copied->payload.files = 3;
  history.verified->payload.archive_intact = false;
  EXPECT_EQ(may_delete_image(history).why,
            "of 10 files only 3 have an outcome; the last verify (event 17) did not find the "
            "archive intact");
}

TEST(CleanupGate, FilesThatCouldNotBeReadAreSaidAndLeaveItOpen) {
  History history = whole();
  history.copied->payload.new_blobs = 5;
  history.copied->payload.failed = 1;
  history.copied->payload.partial = 2;
  const CleanupVerdict verdict = may_delete_image(history);
  EXPECT_TRUE(verdict.may);
  EXPECT_NE(verdict.why.find("3 files could not be read: what there is of them is only in the "
                             "archive"),
            std::string::npos)
      << verdict.why;
}

TEST(CleanupGate, AMediumWithoutAnyFileNeedsNoBlobVerified) {
  History history = whole();
  history.loaded->payload.file_count = history.copied->payload.files = 0;
  history.copied->payload.new_blobs = history.copied->payload.duplicate = 0;
  history.verified->payload.checked = 0;
  EXPECT_TRUE(may_delete_image(history).may);
}

TEST(CleanupGate, AMapfileStaysWithItsImage) {
  EXPECT_FALSE(may_delete_mapfile(whole(), true).may);
  EXPECT_TRUE(may_delete_mapfile(whole(), false).may);
}

TEST(CleanupGate, TheCurrentArchiveNeverGoes) {
  const History history = whole();
  EXPECT_FALSE(may_delete_archive(history, history.archives[0]).may);
}

TEST(CleanupGate, AnEarlierArchiveGoesOnlyIfTheVerifiedOneHoldsAllThatItHolds) {
  History history = whole();
  const auto earlier = recorded(3, archive_at("/old/m.tar.zst"));
  history.archives.insert(history.archives.begin(), earlier);
  const CleanupVerdict verdict = may_delete_archive(history, earlier);
  EXPECT_TRUE(verdict.may) << verdict.why;
  EXPECT_EQ(verdict.evidence.back(), Sequence{3});
  auto other = earlier;
  other.payload.members[1].blake3 = "33";
  EXPECT_EQ(may_delete_archive(history, other).why,
            "the newer archive (event 14) does not hold all that this one holds");
  other.payload.members.clear();
  EXPECT_FALSE(may_delete_archive(history, other).may);
  history.verified->payload.archive_intact = false;
  EXPECT_FALSE(may_delete_archive(history, earlier).may);
}

TEST(CleanupGate, AListingStaysBecauseNothingProvesWhatItHeld) {
  EXPECT_FALSE(may_delete_raw(whole()).may);
  EXPECT_NE(may_delete_raw(whole()).why.find("(event 9)"), std::string::npos);
  EXPECT_FALSE(may_delete_raw(History{}).may);
}

}  // namespace
}  // namespace ntt::stages
