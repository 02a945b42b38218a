// Checks as SQL over the fold, and as looks at files.

#include "tools/ntt/audit_checks.h"

#include <array>
#include <vector>

#include "events/bytes.h"
#include "stages/blob_store.h"
#include "tools/ntt/file_check.h"

namespace ntt::tools {

using events::Result;
using events::Sequence;
using events::Status;
using projector::Examination;
using projector::Row;

namespace {

constexpr std::size_t kReadBytes = 1U << 20U;

// A query whose every row is a finding: medium, subject, event, message.
struct EventCheck {
  const char* name;
  bool is_note;
  const char* sql;
};

// Payloads are compared as jsonb: a cast of one odd value would end the query.
constexpr std::array<EventCheck, 9> kEventChecks = {{
    {"dispositions", false,
     "SELECT m.medium_hash, 'path', m.enum_done_seq, format('%s entries have a disposition, the "
     "load counted %s', (SELECT count(*) FROM path p WHERE p.medium_hash = m.medium_hash), "
     "e.data->>'path_count') FROM medium m JOIN event e ON e.seq = m.enum_done_seq WHERE "
     "e.data->'manifest' <> to_jsonb(0) AND e.data->'path_count' <> to_jsonb((SELECT count(*) "
     "FROM path p WHERE p.medium_hash = m.medium_hash))"},
    {"inodes", false,
     "SELECT m.medium_hash, 'inode', m.enum_done_seq, format('%s inodes, the load counted %s', "
     "(SELECT count(*) FROM inode i WHERE i.medium_hash = m.medium_hash), e.data->>'inode_count') "
     "FROM medium m JOIN event e ON e.seq = m.enum_done_seq WHERE e.data->'manifest' <> "
     "to_jsonb(0) AND e.data->'inode_count' <> to_jsonb((SELECT count(*) FROM inode i WHERE "
     "i.medium_hash = m.medium_hash))"},
    {"ends", false,
     "SELECT s.medium_hash, 'event ' || s.seq, max(e.seq), format('%s has %s ends: events %s', "
     "s.type, count(*), string_agg(e.seq::text, ', ' ORDER BY e.seq)) FROM event e JOIN event s ON "
     "s.seq = e.cause WHERE s.type ~ '^(image|enum|load|copy|archive|verify)_start$' AND e.type ~ "
     "'^(image|enum|load|copy|archive|verify)_(success|error|skip)$' AND NOT EXISTS (SELECT FROM "
     "retracted_event r WHERE r.seq = e.seq) GROUP BY s.seq, s.medium_hash, s.type HAVING "
     "count(*) > 1"},
    {"cause", false,
     "SELECT e.medium_hash, 'event ' || e.seq, e.seq, format('%s says that event %s led to it, "
     "which is %s', e.type, e.cause, CASE WHEN s.seq IS NULL THEN 'not in the log' WHEN s.seq >= "
     "e.seq THEN 'later' ELSE 'a ' || s.type || ' of ' || coalesce(s.medium_hash, 'no medium') "
     "END) "
     "FROM event e LEFT JOIN event s ON s.seq = e.cause WHERE e.cause IS NOT NULL AND (s.seq IS "
     "NULL OR s.seq >= e.seq OR (e.type ~ "
     "'^(image|enum|load|copy|archive|verify)_(success|error)$' "
     "AND s.type ~ '_start$' AND (s.medium_hash IS DISTINCT FROM e.medium_hash OR "
     "split_part(s.type, '_', 1) <> split_part(e.type, '_', 1))))"},
    {"generation", false,
     "SELECT c.medium_hash, 'event ' || c.seq, c.seq, format('copy_success completes event %s, "
     "which is no load_success of this medium', c.data->>'load') FROM event c WHERE c.type = "
     "'copy_success' AND c.data->'load' <> to_jsonb(0) AND NOT EXISTS (SELECT FROM event l WHERE "
     "to_jsonb(l.seq) = c.data->'load' AND l.type = 'load_success' AND l.medium_hash = "
     "c.medium_hash)"},
    {"clock", false,
     "SELECT medium_hash, 'event ' || seq, seq, 'recorded_at is before that of the event before "
     "it' "
     "FROM (SELECT seq, medium_hash, recorded_at, lag(recorded_at) OVER (ORDER BY seq) AS before "
     "FROM event) e WHERE recorded_at < before"},
    {"retraction", false,
     "SELECT r.medium_hash, 'event ' || r.seq, r.seq, format('retracts event %s, which is not an "
     "earlier event of the same medium', r.data->>'retracts') FROM event r LEFT JOIN event e ON "
     "to_jsonb(e.seq) = r.data->'retracts' WHERE r.type = 'retraction' AND (e.seq IS NULL OR "
     "e.seq >= r.seq OR e.medium_hash IS DISTINCT FROM r.medium_hash) AND NOT EXISTS (SELECT FROM "
     "retracted_event x WHERE x.seq = r.seq)"},
    {"attempt", true,
     "SELECT a.medium_hash, 'event ' || a.start_seq, a.start_seq, a.stage || ' began and has no "
     "end: interrupted, or at work' FROM open_attempt a WHERE NOT EXISTS (SELECT FROM "
     "stage_attempt "
     "b WHERE b.medium_hash = a.medium_hash AND b.stage = a.stage AND b.start_seq > a.start_seq)"},
    {"type", true,
     "SELECT medium_hash, 'event ' || min(seq), min(seq), format('%s events of type %s, which this "
     "program does not know', count(*), type) FROM event WHERE NOT known GROUP BY medium_hash, "
     "type"},
}};

// In words, why a file is not what the log says, its content too where `blake3` is given; empty: it
// is.
std::string problem_with(const std::string& path, std::uint64_t size,
                         const std::optional<std::string>& blake3, std::vector<char>& buffer) {
  FileProblem problem = check_file(path, size);
  if (!problem && blake3) {
    problem = check_content(path, *blake3, buffer, [](std::uint64_t) { return true; });
  }
  return std::move(problem.message);
}

std::uint64_t number_in(const std::optional<std::string>& text) {
  return text ? std::strtoull(text->c_str(), nullptr, 10) : 0;
}

}  // namespace

Result<bool> audit_log(const events::Log& log, stages::Progress& progress, const Report& report) {
  auto verified = log.verify([&progress](std::uint64_t done, std::uint64_t total) {
    progress.update("audit", "events", done, total, 0, 0);
  });
  if (!verified) return std::move(verified).error();
  if (verified->problem.empty()) {
    if (!verified->witnessed && verified->checked != 0) {
      report({"log",
              "",
              "head file",
              "is missing: nothing beside the log says whether events are missing from its end",
              {},
              false,
              {}});
    }
    return true;
  }
  const std::string subject =
      verified->first_bad ? "event " + std::to_string(verified->first_bad->value) : "log";
  report(
      {"log", "", subject, verified->problem, verified->first_bad.value_or(Sequence{}), false, {}});
  return false;
}

Status audit_events(Examination& examination, const Report& report) {
  for (const EventCheck& check : kEventChecks) {
    auto asked = examination.query(check.sql, [&](const Row& row) -> Status {
      report({check.name,
              row[0].value_or(""),
              row[1].value_or(""),
              row[3].value_or(""),
              Sequence{number_in(row[2])},
              check.is_note,
              {}});
      return {};
    });
    if (!asked) return std::move(asked).error().within(std::string("check ") + check.name);
  }
  return {};
}

Status audit_store(Examination& examination, const std::filesystem::path& store, bool deep,
                   stages::Progress& progress, const Report& report) {
  std::vector<char> buffer(kReadBytes);
  std::uint64_t done = 0;
  return examination.query(
      "SELECT blobid, size, first_seq FROM blobs ORDER BY blobid", [&](const Row& row) -> Status {
        const auto id = events::BlobId::from_hex(*row[0]);
        if (!id) return events::Error{events::Errc::corruption, "no blob id: " + *row[0]};
        const std::string path = (store / stages::blob_path(*id)).string();
        std::string problem =
            problem_with(path, number_in(row[1]), deep ? row[0] : std::nullopt, buffer);
        if (!problem.empty()) {
          report({"blob", "", path, std::move(problem), Sequence{number_in(row[2])}, false, {}});
        }
        progress.update("audit", "blobs", ++done, 0, 0, 0);
        return {};
      });
}

Status audit_archives(Examination& examination, bool deep, const Report& report) {
  std::vector<char> buffer(kReadBytes);
  return examination.query(
      "SELECT m.medium_hash, e.data->>'path', e.data->>'bytes', e.data->>'blake3', e.seq FROM "
      "medium m JOIN event e ON e.seq = m.archive_done_seq WHERE NOT EXISTS (SELECT FROM event c "
      "WHERE c.type = 'cleanup_done' AND c.medium_hash = m.medium_hash AND c.data->>'kind' = "
      "'archive' AND c.seq > e.seq) ORDER BY m.medium_hash",
      [&](const Row& row) -> Status {
        auto path = events::unescape_bytes(row[1].value_or(""));
        if (!path) return std::move(path).error();
        const std::optional<std::string> digest = row[3].value_or("");
        std::string problem =
            problem_with(*path, number_in(row[2]), deep ? digest : std::nullopt, buffer);
        if (!problem.empty()) {
          report({"archive",
                  row[0].value_or(""),
                  *path,
                  std::move(problem),
                  Sequence{number_in(row[4])},
                  false,
                  {}});
        }
        return {};
      });
}

}  // namespace ntt::tools
