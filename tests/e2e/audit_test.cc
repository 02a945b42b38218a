// Audit: every planted fault is found and named, and none is invented.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "events/emitter.h"
#include "events/rocks_log.h"
#include "tests/e2e/images.h"
#include "tests/e2e/site.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// How the system is brought back after a fault of the tables.
enum class Mend { repair, rebuild, begin_anew };

struct TableFault {
  const char* name;
  const char* sql;    // what somebody with the owner's rights did
  const char* found;  // what a line of `ntt audit --json` has to hold
  Mend mend = Mend::repair;
};

const TableFault kTableFaults[] = {
    {"copy_done set by hand", "UPDATE medium SET copy_done = '2030-10-10 22:02:55+00'",
     R"("column":"copy_done","table_value":"2030-10-10T22:02:55.000000Z")"},
    {"copy_done a microsecond off",
     "UPDATE medium SET copy_done = copy_done + interval '1 microsecond'",
     R"("column":"copy_done")"},
    {"times forgotten", "UPDATE medium SET enum_done = NULL, copy_done = NULL",
     R"("column":"enum_done","table_value":null)"},
    {"times without their events", "UPDATE medium SET copy_done_seq = NULL",
     R"("column":"copy_done_seq","table_value":null)"},
    {"health prettified", "UPDATE medium SET health = 'corrupt'",
     R"("column":"health","table_value":"corrupt","log_value":"ok")"},
    {"image moved in the table only", "UPDATE medium SET image_path = '/elsewhere'",
     R"("column":"image_path","table_value":"/elsewhere")"},
    {"label that nobody gave", "UPDATE medium SET message = 'box 7'",
     R"("column":"message","table_value":"box 7","log_value":null)"},
    {"problems hidden", "UPDATE medium SET problems = '[]'", R"("column":"problems")"},
    {"generation changed", "UPDATE medium SET generation = 7", R"("column":"generation")"},
    {"medium deleted", "DELETE FROM medium WHERE source_kind = 'directory'",
     R"("kind":"missing","table":"medium")"},
    {"medium invented",
     "INSERT INTO medium (medium_hash, health, generation, partition_suffix, last_seq) VALUES "
     "('beef', 'ok', 0, 'beef', 1)",
     R"("kind":"unexpected","table":"medium","medium":"beef")"},
    {"attempt whitewashed", "UPDATE stage_attempt SET ended_at = started_at WHERE stage = 'enum'",
     R"("table":"stage_attempt")"},
    {"attempt deleted", "DELETE FROM stage_attempt WHERE stage = 'copy'",
     R"("kind":"missing","table":"stage_attempt")"},
    {"attempt invented",
     "INSERT INTO stage_attempt (start_seq, medium_hash, stage, last_seq) VALUES (9999, 'beef', "
     "'copy', 9999)",
     R"("kind":"unexpected","table":"stage_attempt","medium":"beef","key":"start_seq=9999")"},
    {"volume's outcome changed", "UPDATE volume SET outcome = 'failed', filesystem = 'ntfs'",
     R"("table":"volume")"},
    {"volume deleted", "DELETE FROM volume", R"("kind":"missing","table":"volume")"},
    {"copied file marked as to be copied",
     "UPDATE inode SET copied = false, status = 'pending', blobid = NULL WHERE id = (SELECT "
     "min(id) "
     "FROM inode WHERE blobid IS NOT NULL)",
     R"("column":"copied","table_value":"false","log_value":"true")"},
    {"another blob's id", "UPDATE inode SET blobid = repeat('ab', 32) WHERE blobid IS NOT NULL",
     R"("table":"inode")"},
    {"file size changed", "UPDATE inode SET size = size + 1 WHERE id = (SELECT max(id) FROM inode)",
     R"("table":"inode")"},
    {"inode deleted", "DELETE FROM inode WHERE id = (SELECT min(id) FROM inode)",
     R"("kind":"missing","table":"inode")"},
    {"inode invented",
     "INSERT INTO inode SELECT * FROM inode WHERE id = (SELECT min(id) FROM inode) ON CONFLICT DO "
     "NOTHING; CREATE TEMP TABLE one AS SELECT * FROM inode LIMIT 1; UPDATE one SET id = 1; INSERT "
     "INTO inode SELECT * FROM one",
     R"("kind":"unexpected","table":"inode")"},
    {"file renamed",
     "UPDATE path SET path = 'renamed' WHERE path = (SELECT path FROM path ORDER BY path DESC "
     "LIMIT "
     "1)",
     R"("kind":"unexpected","table":"path")"},
    {"path deleted",
     "DELETE FROM path WHERE path = (SELECT path FROM path ORDER BY path DESC LIMIT 1)",
     R"("kind":"missing","table":"path")"},
    {"path twice", "INSERT INTO path SELECT * FROM path ORDER BY path DESC LIMIT 1",
     R"("kind":"unexpected","table":"path")"},
    {"path excluded afterwards", "UPDATE path SET exclude_reason = 'pattern_match: x'",
     R"("column":"exclude_reason","table_value":"pattern_match: x","log_value":null)"},
    {"disposition changed", "UPDATE path SET disposition = 'unreadable'",
     R"("column":"disposition","table_value":"unreadable")"},
    {"partition dropped",
     "DO $$ BEGIN EXECUTE 'DROP TABLE path_p_' || (SELECT min(partition_suffix) FROM medium); END "
     "$$",
     R"("kind":"structure","table":"path_p_)"},
    {"partition detached",
     "DO $$ BEGIN EXECUTE 'ALTER TABLE inode DETACH PARTITION inode_p_' || (SELECT "
     "min(partition_suffix) FROM medium); END $$",
     R"("kind":"structure","table":"inode_p_)"},
    {"index dropped",
     "DO $$ BEGIN EXECUTE 'DROP INDEX inode_p_' || (SELECT min(partition_suffix) FROM medium) || "
     "'_blobid'; END $$",
     R"("kind":"structure")"},
    {"partition that nothing justifies",
     "CREATE TABLE path_p_beef PARTITION OF path FOR VALUES IN ('beef')",
     R"("kind":"structure","table":"path_p_beef")"},
    {"blob's size changed", "UPDATE blobs SET size = 1", R"("table":"blobs")"},
    {"blob forgotten", "DELETE FROM blobs WHERE blobid = (SELECT min(blobid) FROM blobs)",
     R"("kind":"missing","table":"blobs")"},
    {"blob invented",
     "INSERT INTO blobs (blobid, size, created_at, first_seq, last_seq) VALUES (repeat('00', 32), "
     "5, now(), 1, 1)",
     R"("kind":"unexpected","table":"blobs")"},
    {"check that did not happen", "UPDATE blobs SET last_checked = now()",
     R"("column":"last_checked")"},
    {"queue emptied on paper", "UPDATE queue_stats SET unclaimed_count = 5",
     R"("column":"unclaimed_count","table_value":"5","log_value":"0")"},
    {"filter emptied, which hides files from find",
     "UPDATE find_filter SET bits = decode(repeat('00', octet_length(bits)), 'hex')",
     R"("table":"find_filter")"},
    {"key of a name changed", "UPDATE path SET name_key = 0", R"("column":"name_key")"},
    {"event rewritten in the table", "UPDATE event SET data = '{}' WHERE type = 'copy_success'",
     R"("column":"data","table_value":"{}")"},
    {"event deleted from the table", "DELETE FROM event WHERE type = 'load_success'",
     R"("kind":"missing","table":"event")"},
    {"event invented in the table",
     "CREATE TEMP TABLE one AS SELECT * FROM event LIMIT 1; UPDATE one SET seq = 9999; INSERT INTO "
     "event SELECT * FROM one",
     R"("kind":"unexpected","table":"event","medium":)"},
    {"checkpoint moved back", "UPDATE projection_checkpoint SET seq = seq - 1",
     R"("check":"checkpoint")", Mend::begin_anew},
    {"checkpoint of another log", "UPDATE projection_checkpoint SET root = repeat('ab', 32)",
     R"("check":"checkpoint")", Mend::begin_anew},
    {"checkpoint of another event",
     "UPDATE projection_checkpoint SET envelope_hash = repeat('ab', 32)", R"("check":"checkpoint")",
     Mend::begin_anew},
    {"checkpoint deleted", "DELETE FROM projection_checkpoint", R"("check":"checkpoint")",
     Mend::begin_anew},
    {"rules of another version", "UPDATE projection_checkpoint SET version = 999",
     R"("check":"version")", Mend::rebuild},
    {"view replaced",
     "CREATE OR REPLACE VIEW open_attempt AS SELECT * FROM stage_attempt WHERE false",
     R"("table":"open_attempt")", Mend::rebuild},
    {"column added", "ALTER TABLE medium ADD COLUMN checked_by text",
     R"("kind":"structure","table":"medium","medium":null,"key":"checked_by")", Mend::rebuild},
    {"table added", "CREATE TABLE my_notes (note text)", R"("kind":"structure","table":"my_notes")",
     Mend::rebuild},
    {"constraint dropped", "ALTER TABLE medium DROP CONSTRAINT medium_copy_after_enum",
     R"("key":"medium_copy_after_enum")", Mend::rebuild},
    {"rows hidden from readers", "ALTER TABLE medium ENABLE ROW LEVEL SECURITY",
     R"("key":"row security")", Mend::rebuild},
    {"reader who may not read", "REVOKE SELECT ON blobs FROM ntt_reader",
     R"("key":"ntt_reader may not read")", Mend::rebuild},
    {"reader who may write a column", "GRANT UPDATE (copy_done) ON medium TO ntt_reader",
     R"("key":"ntt_reader may UPDATE column copy_done")", Mend::rebuild},
    {"reader who may make tables", "GRANT CREATE ON SCHEMA ntt TO ntt_reader",
     R"("key":"ntt_reader may CREATE in the schema")", Mend::rebuild},
    {"function replaced",
     "CREATE OR REPLACE FUNCTION ntt.name_key(name bytea) RETURNS bigint LANGUAGE sql IMMUTABLE AS "
     "'SELECT 1::bigint'",
     R"("table":"functions")", Mend::rebuild},
    {"checkpoint's table dropped", "DROP TABLE projection_checkpoint", R"("check":"checkpoint")",
     Mend::rebuild},
    {"version's table dropped", "DROP TABLE schema_version", R"("table":"schema_version")",
     Mend::rebuild},
    {"reader who may write", "GRANT UPDATE ON medium TO ntt_reader",
     R"("key":"ntt_reader may UPDATE")", Mend::rebuild},
    {"trigger that writes",
     "CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
     "CREATE FUNCTION ntt.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE "
     "TRIGGER sly BEFORE UPDATE ON medium FOR EACH ROW EXECUTE FUNCTION ntt.f()",
     R"("key":"trigger sly")", Mend::rebuild},
};

class AuditTest : public testing::Test {
 protected:
  // An image and a directory, so that there are volumes, archives, and two media.
  AuditTest() {
    make_plain_tree(site_.temp / "tree");
    write_file(site_.temp / "tree/only here", "some content of the directory");
    std::ofstream(image()).close();
    fs::resize_file(image(), 8U << 20U);
    fs::create_directories(site_.temp / "small");
    write_file(site_.temp / "small/letter.txt", "Dear reader");
    fs::create_hard_link(site_.temp / "small/letter.txt", site_.temp / "small/again.txt");
    make_ext4(image(), site_.temp / "small", 0, 8U << 20U);
    site_.must({"run", "--image", image().string()});
    site_.must({"run", "--dir", (site_.temp / "tree").string()});
    clean_ = site_.table_dump();
  }
  [[nodiscard]] fs::path image() const { return site_.temp / "disk.img"; }
  [[nodiscard]] fs::path home() const { return site_.temp / "home"; }

  void as_owner(const std::string& sql) {
    const auto done =
        site_.ntt({"db", "psql", "--admin", "--", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql});
    ASSERT_EQ(done.exit_code, 0) << sql << "\n" << done.err;
  }
  void expect_clean(const std::string& after) {
    const auto audit = site_.ntt({"audit", "--deep", "--json"});
    EXPECT_EQ(audit.exit_code, 0) << "after " << after << ":\n" << audit.out << audit.err;
    EXPECT_EQ(site_.table_dump(), clean_) << after;
  }
  void expect_found(const std::string& name, const std::string& what, bool deep = false) {
    std::vector<std::string> arguments = {"audit", "--json"};
    if (deep) arguments.emplace_back("--deep");
    const auto audit = site_.ntt(arguments);
    EXPECT_EQ(audit.exit_code, 3) << name << "\n" << audit.out << audit.err;
    EXPECT_NE(audit.out.find(what), std::string::npos)
        << name << ": not found: " << what << "\nin:\n"
        << audit.out << audit.err;
    for (const auto& line : lines_of(audit.out)) EXPECT_TRUE(Json::accept(line)) << line;
  }
  void mend(const TableFault& fault) {
    switch (fault.mend) {
      case Mend::repair: {
        const auto repaired = site_.ntt({"audit", "--repair"});
        EXPECT_EQ(repaired.exit_code, 0) << fault.name << "\n" << repaired.out << repaired.err;
        return;
      }
      case Mend::rebuild:
        site_.must({"rebuild"});
        site_.must({"rebuild", "--drop-previous"});
        return;
      case Mend::begin_anew:
        EXPECT_EQ(site_.ntt({"audit", "--repair"}).exit_code, 1) << "repaired what is in doubt";
        as_owner("DROP SCHEMA ntt CASCADE");
        site_.must({"rebuild"});
        site_.must({"rebuild", "--drop-previous"});
        return;
    }
  }
  // Appends what no stage would.
  template <class Payload>
  void append(const Payload& payload, events::Sequence cause) {
    events::SystemClock clock;
    auto log = events::open_rocks_log({home() / "log"}, clock);
    ASSERT_TRUE(log) << log.error().message;
    events::Emitter emitter(**log, clock, {site_.sql("SELECT min(medium_hash) FROM medium")},
                            events::new_run_id(clock), events::this_actor());
    ASSERT_TRUE(emitter.emit(payload, cause));
  }
  events::Sequence first_of(const std::string& type) {
    return {std::stoull(site_.sql("SELECT min(seq) FROM event WHERE type = '" + type +
                                  "' AND medium_hash = (SELECT min(medium_hash) FROM medium)"))};
  }

  Site site_;
  std::string clean_;
};

TEST_F(AuditTest, FindsAndNamesEveryFaultOfTheTablesAndMendsIt) {
  expect_clean("nothing");
  for (const TableFault& fault : kTableFaults) {
    as_owner(fault.sql);
    if (HasFatalFailure()) return;
    expect_found(fault.name, fault.found);
    EXPECT_EQ(site_.ntt({"verify", "tables"}).exit_code, 3) << fault.name;
    mend(fault);
    EXPECT_EQ(site_.table_dump(), clean_) << fault.name;
  }
  expect_clean("all of them");
}

TEST_F(AuditTest, NamesTheEventBehindAValueThatWasSetByHand) {
  as_owner("UPDATE medium SET copy_done = NULL");
  const auto audit = site_.ntt({"audit", "--json"});
  EXPECT_EQ(audit.exit_code, 3);
  std::size_t named = 0;
  for (const auto& line : lines_of(audit.out)) {
    const Json finding = Json::parse(line);
    const Json& difference = finding["difference"];
    if (difference["column"] != "copy_done") continue;
    named += 1;
    const Json event = Json::parse(
        site_.must({"show", std::to_string(difference["event"]["seq"].get<int>()), "--json"}));
    EXPECT_EQ(event["type"], "copy_success");
    EXPECT_EQ(event["occurred_at"], difference["log_value"]);
    EXPECT_EQ(event["medium"], difference["medium"]);
  }
  EXPECT_EQ(named, 2U);
  const auto text = site_.ntt({"audit"});
  EXPECT_NE(text.out.find("copy_success"), std::string::npos) << text.out;
}

TEST_F(AuditTest, FindsBlobsAndArchivesThatAreNotAsTheLogSays) {
  const fs::path blob = home() / "by-hash" / site_.blobs().front();
  const std::string content = read_file(blob);
  const auto write = [](const fs::path& file, const std::string& text) {
    fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
    write_file(file, text);
  };
  fs::rename(blob, site_.temp / "away");
  expect_found("blob missing", R"("check":"blob")");
  fs::create_symlink(site_.temp / "away", blob);
  expect_found("blob is a link", "is not a regular file");
  fs::remove(blob);
  fs::rename(site_.temp / "away", blob);
  write(blob, content + "x");
  expect_found("blob longer", "bytes, the log says");
  std::string flipped = content;
  flipped[0] = static_cast<char>(flipped[0] ^ 1);
  write(blob, flipped);
  EXPECT_EQ(site_.ntt({"audit"}).exit_code, 0) << "only --deep reads content";
  expect_found("blob flipped", "has other content", true);
  write(blob, content);
  expect_clean("blobs");

  const fs::path archive = fs::directory_iterator(home() / "archives")->path();
  const std::string packed = read_file(archive);
  fs::rename(archive, site_.temp / "away");
  expect_found("archive missing", R"("check":"archive")");
  fs::rename(site_.temp / "away", archive);
  write(archive, packed.substr(0, packed.size() / 2));
  expect_found("archive cut", R"("check":"archive")");
  flipped = packed;
  flipped[packed.size() / 2] = static_cast<char>(flipped[packed.size() / 2] ^ 1);
  write(archive, flipped);
  expect_found("archive flipped", R"("check":"archive")", true);
  write(archive, packed);
  expect_clean("archives");
}

TEST_F(AuditTest, FindsALogThatWasCutReplacedOrLostItsHeadFile) {
  const fs::path log = home() / "log";
  const std::string head = read_file(log / "head");
  fs::remove(log / "head");
  expect_found("head file missing", R"("check":"log")");
  write_file(log / "head", head);
  // The log as it was before the second medium, head file and all: it looks whole from inside.
  Site past;
  past.must({"run", "--image", image().string(), "--no-project"});
  fs::rename(log, site_.temp / "whole");
  fs::copy(past.temp / "home/log", log, fs::copy_options::recursive);
  expect_found("log replaced", R"("check":"checkpoint")");
  EXPECT_EQ(site_.ntt({"verify", "log"}).exit_code, 0);
  EXPECT_EQ(site_.ntt({"audit", "--repair"}).exit_code, 1);
  EXPECT_EQ(site_.ntt({"rebuild"}).exit_code, 1) << "a rebuild would hide it";
  fs::remove_all(log);
  fs::rename(site_.temp / "whole", log);
  expect_clean("the log is back");
}

TEST_F(AuditTest, FindsEventsThatCannotStandTogether) {
  append(events::EnumError{"invented", "a second end", {}}, first_of("enum_start"));
  site_.must({"project"});
  expect_found("two ends", R"("check":"ends")");
  events::CopySuccess copy;
  copy.load = first_of("enum_start").value;
  append(copy, first_of("copy_start"));
  site_.must({"project"});
  expect_found("copy of no load", R"("check":"generation")");
  append(events::LoadError{{"invented", "an end of something else"}}, first_of("enum_start"));
  site_.must({"project"});
  expect_found("cause of another stage", R"("check":"cause")");
  append(events::Retraction{99999, "of nothing"}, {});
  site_.must({"project"});
  expect_found("retraction of nothing", R"("check":"retraction")");
  append(events::CopyStart{}, {});
  site_.must({"project"});
  expect_found("an attempt without an end is a note", R"("check":"attempt","note":true)");
}

TEST_F(AuditTest, ALagIsANoteAndNoFault) {
  site_.must({"run", "--dir", (site_.temp / "small").string(), "--no-project"});
  const auto audit = site_.ntt({"audit", "--json"});
  EXPECT_EQ(audit.exit_code, 0) << audit.out;
  EXPECT_NE(audit.out.find(R"("check":"lag","note":true)"), std::string::npos) << audit.out;
}

}  // namespace
}  // namespace ntt::tests
