// The tables say what the log says: rows, dispositions, legacy columns and queries.

#include <gtest/gtest.h>

#include "events/bytes.h"
#include "tests/projector/tables_fixture.h"

namespace ntt::tests {
namespace {

using events::CopyOutcome;
using events::Entry;
using events::EntryType;
using events::FileErrorType;
using events::LoadDecision;

// A medium on which every disposition occurs.
class FullMediumTest : public TablesTest {
 protected:
  void tell(bool to_the_end) {
    Story story = this->story();
    story.identify();
    Entry listing = other_entry(EntryType::directory, "locked", 20);
    listing.error_number = 13;
    listing.error_message = "Permission denied";
    Entry deleted = file_entry("gone.txt", 21);
    deleted.allocated = false;
    Entry link = other_entry(EntryType::symlink, "link", 22);
    link.symlink_target = "a\xff";
    story.enumerate({{other_entry(EntryType::directory, "", 2),               // 0
                      file_entry("a", 10), file_entry("b", 11),               // 1 2
                      file_entry("a-again", 10), file_entry("bad", 12),       // 3 4
                      file_entry("torn", 13), file_entry("x.iso", 14),        // 5 6
                      file_entry("x-again.iso", 10), file_entry("full", 15),  // 7 8
                      file_entry("later", 16), listing, deleted, link},       // 9 10 11 12
                     {file_entry("a", 10), file_entry("bad-again", 12)}});    // 13 14
    story.load({{{3}, {}, events::Ordinal{1}},
                {{6}, 0, {}},
                {{7}, 0, events::Ordinal{1}},
                {{14}, {}, events::Ordinal{4}}},
               {"*.iso"});
    story.copy_begin();
    story.copy_some(
        {Story::stored(1), Story::duplicate(2, Story::stored(1).blob),
         Story::failed(4, CopyOutcome::failed, FileErrorType::io_error, "Input/output error"),
         Story::failed(5, CopyOutcome::partial, FileErrorType::io_error, "3 of 5 bytes"),
         Story::failed(8, CopyOutcome::failed, FileErrorType::unknown, "No space left")});
    if (!to_the_end) return;
    story.copy_some({Story::stored(9), Story::stored(13)});
    done_ = story.copy_end();
  }
  events::Sequence done_;
};

TEST_F(FullMediumTest, EveryEntryHasOneDisposition) {
  tell(false);
  project();
  EXPECT_EQ(ask("SELECT convert_from(path, 'LATIN1'), volume, disposition FROM path "
                "ORDER BY inode_id, path"),
            "|0|not_regular\na|0|stored\na-again|0|stored\nx-again.iso|0|excluded\n"
            "b|0|duplicate\nbad|0|unreadable\nbad-again|1|unreadable\ntorn|0|unreadable\n"
            "x.iso|0|excluded\nfull|0|failed\nlater|0|pending\nlocked|0|unreadable\n"
            "gone.txt|0|excluded\nlink|0|not_regular\na|1|pending\n");
  EXPECT_EQ(ask("SELECT sum(entries) FROM medium_disposition"), "15\n");
  EXPECT_EQ(ask("SELECT sum(entries) FROM volume"), "15\n");
}

TEST_F(FullMediumTest, LegacyColumnsMeanWhatTheyMeant) {
  tell(true);
  project();
  EXPECT_EQ(ask("SELECT ino, volume, fs_type, copied, claimed_by, status, error_type, errors, "
                "blobid IS NOT NULL, mime_type, mtime FROM inode ORDER BY id"),
            "2|0|d|t|NON_FILE|pending||{}|f|inode/directory|1500000000\n"
            "10|0|f|t||success||{}|t||1500000000\n"
            "11|0|f|t||success||{}|t||1500000000\n"
            "12|0|f|f||failed_permanent|io_error|{\"Input/output error\"}|f||1500000000\n"
            "13|0|f|f||failed_permanent|io_error|{\"3 of 5 bytes\"}|f||1500000000\n"
            "14|0|f|t|EXCLUDED|pending||{}|f||1500000000\n"
            "15|0|f|f||failed_retryable|unknown|{\"No space left\"}|f||1500000000\n"
            "16|0|f|t||success||{}|t||1500000000\n"
            "20|0|d|t|NON_FILE|pending||{\"Permission denied\"}|f|inode/directory|1500000000\n"
            "21|0|f|t|EXCLUDED: not_allocated|pending||{}|f||1500000000\n"
            "22|0|l|t|NON_FILE|pending||{}|f|inode/symlink|1500000000\n"
            "10|1|f|t||success||{}|t||1500000000\n");
  EXPECT_EQ(ask("SELECT DISTINCT exclude_reason FROM path WHERE exclude_reason IS NOT NULL "
                "ORDER BY 1"),
            "not_allocated\npattern_match: *.iso\n");
  EXPECT_EQ(ask("SELECT reason FROM path WHERE path = 'locked'"), "errno 13: Permission denied\n");
  EXPECT_EQ(ask("SELECT encode(symlink_target, 'hex') FROM inode WHERE fs_type = 'l'"), "61ff\n");
  EXPECT_EQ(ask("SELECT unclaimed_count, total_count FROM queue_stats"), "0|12\n");
}

TEST_F(FullMediumTest, TheOldVerificationQueriesRunUnchanged) {
  tell(true);
  project();
  EXPECT_EQ(ask("SELECT COUNT(*) FROM inode_p_01234567;"), "12\n");
  EXPECT_EQ(ask("SELECT COUNT(*) FROM inode_p_01234567 WHERE copied = true;"), "9\n");
  EXPECT_EQ(ask("SELECT COUNT(*) FROM medium WHERE image_path IS NOT NULL AND "
                "(enum_done IS NULL OR copy_done IS NULL);"),
            "0\n");
  EXPECT_EQ(ask("SELECT m.medium_hash, COUNT(i.id) AS file_count FROM medium m LEFT JOIN inode i "
                "ON i.medium_hash = m.medium_hash WHERE m.enum_done IS NOT NULL "
                "GROUP BY m.medium_hash HAVING COUNT(i.id) = 0;"),
            "");
  EXPECT_NE(ask("\\dt inode_p_01234567*").find("ntt|inode_p_01234567|table"), std::string::npos);
}

TEST_F(FullMediumTest, TimestampsAreThoseOfTheEvents) {
  tell(true);
  project();
  EXPECT_EQ(ask("SELECT m.enum_done = l.occurred_at, m.copy_done = c.occurred_at, "
                "m.copy_done >= m.enum_done, m.added_at = i.occurred_at FROM medium m, event l, "
                "event c, event i WHERE l.type = 'load_success' AND c.type = 'copy_success' "
                "AND i.seq = 1"),
            "t|t|t|t\n");
  EXPECT_EQ(ask("SELECT copy_done_seq FROM medium"), std::to_string(done_.value) + "\n");
  EXPECT_EQ(ask("SELECT count(*) FROM inode i JOIN event e ON e.seq = i.last_seq "
                "WHERE i.status = 'success' AND i.processed_at IS DISTINCT FROM e.occurred_at"),
            "0\n");
}

TEST_F(FullMediumTest, AnInodesIdSaysItsBatch) {
  tell(true);
  project();
  EXPECT_EQ(ask("SELECT count(*) FROM inode i JOIN event e ON e.seq = i.id / 8192 "
                "WHERE e.type = 'enum_batch'"),
            "12\n");
}

TEST_F(TablesTest, PathsAreBytes) {
  std::vector<Entry> entries;
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const std::string& name : {all, std::string("new\nline"), std::string("C:\\reports\\new"),
                                  std::string(4096, 'x'), std::string("tab\tand \x1c")}) {
    entries.push_back(file_entry(name, entries.size() + 1));
  }
  Story story = this->story();
  story.enumerate({entries});
  story.load();
  project();
  std::string hex;
  for (const Entry& entry : entries) hex += events::to_hex(entry.path) + "\n";
  EXPECT_EQ(ask("SELECT encode(path, 'hex') FROM path ORDER BY inode_id"), hex);
  EXPECT_EQ(ask("SELECT ino FROM path WHERE path = decode('" + events::to_hex(all) + "', 'hex')"),
            "1\n");
}

TEST_F(TablesTest, TextThatPostgresCannotHoldIsEscaped) {
  Story story = this->story();
  story.emit(events::MediumLabelled{std::string("nul\0here", 8)});
  events::MediumIdentified facts;
  facts.source = {"image", {"/tmp/\xff.img"}};
  story.emit(facts);
  project();
  EXPECT_EQ(ask("SELECT message, image_path FROM medium"), "nul\\x00here|/tmp/\\xff.img\n");
  EXPECT_EQ(ask("SELECT data->>'label' FROM event WHERE seq = 1"), "nul\\x00here\n");
}

TEST_F(TablesTest, APayloadWithANumberThatPostgresCannotHoldIsAText) {
  const std::vector<std::string> held = {"1e-16383", "0.5", "-1.25E+2", "1e300",
                                         "123456789012345678901234567890"};
  const std::vector<std::string> refused = {
      "1e-16384", "1.5e-16383", "-1E-20000", "0e-20000", "1e-99999999999999999999", "1e400000"};
  for (const auto& list : {held, refused}) {
    for (const std::string& number : list) {
      events::NewEvent event;
      event.id = events::new_event_id(clock_);
      event.type = "of_a_program_to_come";
      event.medium = {kMedium};
      event.occurred_at = clock_.now();
      event.data = R"({"list":[{"x":)" + number + "}]}";
      ASSERT_TRUE(log_->append_one(event));
    }
  }
  project();
  EXPECT_EQ(ask("SELECT count(*) FROM event WHERE jsonb_typeof(data) = 'object' AND "
                "jsonb_typeof(data #> '{list,0,x}') = 'number' AND seq <= " +
                std::to_string(held.size())),
            std::to_string(held.size()) + "\n");
  std::string texts;
  for (const std::string& number : refused) texts += R"({"list":[{"x":)" + number + "}]}\n";
  EXPECT_EQ(ask("SELECT data #>> '{}' FROM event WHERE seq > " + std::to_string(held.size()) +
                " ORDER BY seq"),
            texts);
}

TEST_F(TablesTest, TwoMediaThatBeginAlikeHavePartitionsOfTheirOwn) {
  const std::string second = kMedium.substr(0, 8) + "ffffffffffffffffffffffff";
  for (const std::string& medium : {kMedium, second, std::string("Carved.sda_1")}) {
    Story story = this->story(medium);
    story.enumerate({{file_entry(medium, 5)}});
    story.load();
  }
  project();
  EXPECT_EQ(ask("SELECT medium_hash, partition_suffix FROM medium ORDER BY added_at"),
            kMedium + "|01234567\n" + second + "|01234567f\nCarved.sda_1|carved_s\n");
  EXPECT_EQ(ask("SELECT encode(path, 'escape') FROM path_p_01234567f"), second + "\n");
  EXPECT_EQ(ask("SELECT count(*) FROM inode WHERE ino = 5"), "3\n");
}

TEST_F(TablesTest, AMediumExistsFromItsFirstEvent) {
  story().emit(events::PipelineStart{});
  project();
  EXPECT_EQ(ask("SELECT medium_hash, enum_done IS NULL, generation FROM medium"),
            kMedium + "|t|0\n");
}

TEST_F(TablesTest, ANewGenerationReplacesTheRowsOfTheOld) {
  Story story = this->story();
  story.enumerate({{file_entry("old", 1), file_entry("both", 2)}});
  story.load();
  story.copy_begin();
  story.copy_some({Story::stored(0), Story::stored(1)});
  story.copy_end();
  project();
  story.enumerate({{file_entry("both", 2), file_entry("new", 3), file_entry("newer", 4)}});
  story.load();
  project();
  EXPECT_EQ(ask("SELECT encode(path, 'escape') FROM path ORDER BY inode_id"), "both\nnew\nnewer\n");
  EXPECT_EQ(ask("SELECT generation, copy_done IS NULL FROM medium"), "2|t\n");
  EXPECT_EQ(ask("SELECT count(*) FROM blobs"), "2\n");  // the store forgets nothing
  EXPECT_EQ(ask("SELECT DISTINCT generation, status FROM inode"), "2|pending\n");
  EXPECT_EQ(ask("SELECT relname FROM pg_class WHERE relname ~ '^(inode|path|link)_n_'"), "");
}

TEST_F(TablesTest, ARetractedLoadTakesItsPartitionsAway) {
  Story story = this->story();
  story.enumerate({{file_entry("a", 1)}});
  const auto load = story.load();
  project();
  story.emit(events::Retraction{load.value, "wrong image"});
  project();
  EXPECT_EQ(ask("SELECT enum_done IS NULL, generation, last_seq FROM medium"),
            "t|0|" + std::to_string(load.value + 1) + "\n");
  EXPECT_EQ(ask("SELECT count(*) FROM inode"), "0\n");
  EXPECT_EQ(ask("SELECT count(*) FROM queue_stats"), "0\n");
}

TEST_F(TablesTest, AVerificationDatesItsBlobs) {
  Story story = this->story();
  story.enumerate({{file_entry("a", 1), file_entry("b", 2)}});
  story.load();
  story.copy_begin();
  story.copy_some({Story::stored(0, 11), Story::stored(1, 22)});
  story.copy_end();
  story.verify({{Story::stored(0).blob, events::VerifyOutcome::intact, 11, ""}});
  project();
  story.verify({{Story::stored(0).blob, events::VerifyOutcome::mismatched, 11, ""}});
  project();
  EXPECT_EQ(ask("SELECT size, check_outcome, last_checked = e.occurred_at FROM blobs "
                "LEFT JOIN event e ON e.seq = check_seq ORDER BY size"),
            "11|mismatched|t\n22||\n");
}

TEST_F(TablesTest, AttemptsAreListedWithTheirEnds) {
  Story story = this->story();
  const auto start = story.emit(events::EnumStart{});
  story.emit(events::EnumError{"reader_died", "signal 11", {}}, start);
  story.emit(events::EnumStart{});
  project();
  EXPECT_EQ(ask("SELECT stage, outcome, error, message FROM stage_attempt ORDER BY start_seq"),
            "enum|error|reader_died|signal 11\nenum|||\n");
  EXPECT_EQ(ask("SELECT start_seq FROM open_attempt"), "3\n");
}

TEST_F(TablesTest, AnUnknownTypeIsKeptAndMarked) {
  events::NewEvent event;
  event.id = events::new_event_id(clock_);
  event.type = "quantum_scan";
  event.medium = {kMedium};
  event.data = R"({"qubits":7})";
  ASSERT_TRUE(log_->append_one(event));
  project();
  EXPECT_EQ(ask("SELECT known, data->>'qubits' FROM event"), "f|7\n");
}

}  // namespace
}  // namespace ntt::tests
