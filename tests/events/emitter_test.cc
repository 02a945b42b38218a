// What an emitter fills in: native events, and backfilled ones, whose ids are what they say.

#include "events/emitter.h"

#include <gtest/gtest.h>

#include "events/bytes.h"
#include "events/rocks_log.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::events {
namespace {

using tests::TempDir;

const MediumId kMedium{"da69350a5b27adf013e02994611cebc3"};

class EmitterTest : public ::testing::Test {
 protected:
  EmitterTest() {
    auto opened = open_rocks_log({.directory = temp / "log"}, clock);
    EXPECT_TRUE(opened.has_value()) << opened.error().message;
    log = std::move(*opened);
  }
  Event event(Sequence seq) {
    auto read = log->read(seq);
    EXPECT_TRUE(read.has_value());
    return *read;
  }
  TempDir temp;
  SystemClock clock;
  std::unique_ptr<Log> log;
};

TEST_F(EmitterTest, ANativeEventHappensNowAndEachIsNew) {
  Emitter emitter(*log, clock, kMedium, new_run_id(clock), this_actor());
  const Timestamp before = clock.now();
  const Sequence first = *emitter.emit(Note{"same"});
  const Sequence second = *emitter.emit(Note{"same"});
  EXPECT_NE(first, second);
  EXPECT_EQ(event(first).origin, Origin::native);
  EXPECT_GE(event(first).occurred_at, before);
}

TEST_F(EmitterTest, ABackfilledEventIsDatedByItsEvidenceAndSayingItAgainAddsNothing) {
  Emitter emitter(*log, clock, kMedium, new_run_id(clock), this_actor());
  emitter.backfill_at(Timestamp{1'759'665'600'000'000});
  const Sequence first = *emitter.emit(Note{"what the rows say"});
  emitter.backfill_at(Timestamp{5});
  EXPECT_EQ(*emitter.emit(Note{"what the rows say"}), first);
  EXPECT_EQ(event(first).origin, Origin::backfilled);
  EXPECT_EQ(to_rfc3339(event(first).occurred_at), "2025-10-05T12:00:00.000000Z");
  EXPECT_NE(*emitter.emit(Note{"something else"}), first);
  EXPECT_NE(*emitter.emit(Note{"what the rows say"}, first), first) << "another cause";
}

// The recipe in EVENTS.md, with b3sum. It never changes: another id would adopt everything twice.
TEST_F(EmitterTest, TheIdOfABackfilledEventIsThatOfTheRecipe) {
  const std::string data = R"({"text":"what the rows say"})";
  std::string input = "ntt backfilled event\n" + kMedium.text + "\nnote\n";
  append_be64(input, 7);
  input += data;
  tests::write_file(temp / "input", input);
  std::string digest =
      tests::output_of({"b3sum", "--no-names", (temp / "input").string()}).substr(0, 32);
  const std::string id = backfilled_event_id(kMedium, "note", Sequence{7}, data).hex();
  EXPECT_EQ(id[12], '8');
  EXPECT_NE(std::string("89ab").find(id[16]), std::string::npos);
  digest[12] = id[12];
  digest[16] = id[16];
  EXPECT_EQ(id, digest);
  EXPECT_EQ(id, "966b2aefbe0783fd84bf0fdcb6d69586");
}

}  // namespace
}  // namespace ntt::events
