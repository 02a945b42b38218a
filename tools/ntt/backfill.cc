// ntt backfill: adopts what an earlier system's database, store and archives say, as events.

#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <map>
#include <memory>

#include "events/emitter.h"
#include "events/payload.h"
#include "events/retractions.h"
#include "projector/legacy_fold.h"
#include "stages/adopt.h"
#include "stages/adopt_pass.h"
#include "stages/blank_id.h"
#include "stages/rehearsal_log.h"
#include "tools/ntt/backfill_report.h"
#include "tools/ntt/context.h"
#include "tools/ntt/event_json.h"
#include "tools/ntt/legacy_database.h"
#include "tools/ntt/messages.h"
#include "tools/ntt/progress.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::Result;
using events::Timestamp;
using projector::Phase;
using projector::Subject;
using stages::AdoptOutcome;
using stages::AdoptReport;
using stages::AdoptRequest;

namespace {

namespace fs = std::filesystem;

struct BackfillOptions {
  std::string url;
  std::string schema = "public";
  std::string medium;
  bool dry_run = false;
  bool json = false;
};

// What the imported logs claim of a medium's stages.
struct ClaimedSuccesses {
  std::vector<stages::ClaimedTime> load;
  std::vector<stages::ClaimedTime> copy;
  std::vector<stages::ClaimedTime> archive;
};

Result<ClaimedSuccesses> claims_of(const events::Log* log, const events::MediumId& medium) {
  ClaimedSuccesses claims;
  if (log == nullptr) return claims;
  events::Filter filter;
  filter.medium = medium;
  filter.types = {events::LegacyClaim::kType, events::Retraction::kType};
  events::Retractions retractions;
  std::vector<events::Event> found;
  auto scanned = log->scan(filter, [&](const events::Event& event) {
    retractions.add(event);
    if (event.type == events::LegacyClaim::kType) found.push_back(event);
    return true;
  });
  if (!scanned) return std::move(scanned).error();
  const auto retracted = retractions.in_force();
  for (const events::Event& event : found) {
    if (retracted.contains(event.seq.value)) continue;
    auto claim = events::payload_of<events::LegacyClaim>(event);
    if (!claim) return std::move(claim).error();
    const projector::EventKind kind = projector::claimed_kind(*claim);
    // A time of unknown zone may be off by half a day.
    if (kind.phase != Phase::success || claim->time_basis != "offset") continue;
    const stages::ClaimedTime time{event.occurred_at,
                                   static_cast<std::int64_t>(claim->time_resolution.value_or(1))};
    if (kind.subject == Subject::load) claims.load.push_back(time);
    if (kind.subject == Subject::copy) claims.copy.push_back(time);
    if (kind.subject == Subject::archive) claims.archive.push_back(time);
  }
  return claims;
}

// How many media have the very same timestamp in a column.
class TimestampCounts {
 public:
  explicit TimestampCounts(const std::vector<LegacyMediumRow>& rows) {
    for (const LegacyMediumRow& row : rows) {
      if (row.enum_done) load_[*row.enum_done] += 1;
      if (row.copy_done) copy_[*row.copy_done] += 1;
    }
  }
  [[nodiscard]] std::optional<stages::TableTime> load(const LegacyMediumRow& row) const {
    return of(load_, row.enum_done);
  }
  [[nodiscard]] std::optional<stages::TableTime> copy(const LegacyMediumRow& row) const {
    return of(copy_, row.copy_done);
  }

 private:
  using Counts = std::map<Timestamp, std::size_t>;
  static std::optional<stages::TableTime> of(const Counts& counts,
                                             const std::optional<Timestamp>& time) {
    if (!time) return std::nullopt;
    return stages::TableTime{*time, counts.at(*time)};
  }
  Counts load_;
  Counts copy_;
};

// Where an archive of the medium lies or would lie; floppies had a place of their own.
std::string archive_path(const fs::path& root, const std::string& id) {
  const fs::path floppy = root / "floppies" / (id + ".tar.zst");
  std::error_code ignored;
  return fs::exists(floppy, ignored) ? floppy.string() : (root / (id + ".tar.zst")).string();
}

// A dry run's events, as they come: batches too, for they would be events.
void show_rehearsed(const events::NewEvent& event, events::Sequence seq, bool json) {
  if (json) {
    events::Event shown;
    shown.seq = seq;
    shown.id = event.id;
    shown.type = event.type;
    shown.version = event.version;
    shown.medium = event.medium;
    shown.occurred_at = event.occurred_at;
    shown.origin = event.origin;
    shown.cause = event.cause;
    shown.actor = event.actor;
    shown.data = event.data;
    Json line = json_of(shown);
    line.erase("recorded_at");
    print_json({{"would_append", std::move(line)}});
    return;
  }
  std::cout << "would append  " << seq.value << "  " << events::to_rfc3339(event.occurred_at)
            << "  " << event.medium.text.substr(0, 12) << "  " << event.type << "  " << event.data
            << "\n";
}

class Backfill {
 public:
  Backfill(Context& context, const BackfillOptions& options)
      : context_(context), options_(options) {}
  int run();

 private:
  events::Status open();
  Result<std::vector<LegacyMediumRow>> wanted_media() const;
  Result<AdoptReport> adopt(const LegacyMediumRow& row, const TimestampCounts& times,
                            stages::Progress& progress);
  int finish(const std::vector<BackfilledMedium>& media);

  Context& context_;
  const BackfillOptions& options_;
  std::unique_ptr<LegacyDatabase> database_;
  std::vector<LegacyMediumRow> rows_;
  std::unique_ptr<events::Log> log_;
  std::unique_ptr<stages::RehearsalLog> rehearsal_;
  std::uint64_t rehearsed_ = 0;
  std::map<std::string, std::string> blank_ids_;
  events::RunId run_;
};

events::Status Backfill::open() {
  if (options_.url.empty()) {
    return Error{Errc::invalid, "--from-db URL is needed: the database of the earlier system"};
  }
  stages::StoreCheck store;
  if (auto found = store.open(context_.settings.by_hash_root.string()); !found) return found;
  auto database = LegacyDatabase::open(options_.url, options_.schema);
  if (!database) return std::move(database).error();
  database_ = std::move(*database);
  auto rows = database_->media();
  if (!rows) return std::move(rows).error();
  rows_ = std::move(*rows);
  auto log =
      options_.dry_run ? open_log_for_reading(context_.settings) : open_log_for_writing(context_);
  if (log) {
    log_ = std::move(*log);
  } else if (!options_.dry_run || log.error().code != Errc::not_found) {
    return std::move(log).error();
  }
  if (options_.dry_run) {
    rehearsal_ = std::make_unique<stages::RehearsalLog>(
        log_.get(), [this](events::Sequence seq, const events::NewEvent& event) {
          rehearsed_ += 1;
          show_rehearsed(event, seq, options_.json);
        });
  }
  std::error_code ignored;
  fs::create_directories(context_.settings.temporary_directory(), ignored);
  blank_ids_ = stages::blank_ids();
  run_ = events::new_run_id(context_.clock);
  return {};
}

Result<std::vector<LegacyMediumRow>> Backfill::wanted_media() const {
  if (options_.medium.empty()) return rows_;
  std::vector<LegacyMediumRow> wanted;
  for (const LegacyMediumRow& row : rows_) {
    if (row.id == options_.medium) return std::vector<LegacyMediumRow>{row};
    if (row.id.starts_with(options_.medium)) wanted.push_back(row);
  }
  if (wanted.empty()) {
    return Error{Errc::not_found,
                 "the table medium of " + database_->name() + " has no medium " + options_.medium};
  }
  if (wanted.size() > 1 || options_.medium.size() < 4) {
    return Error{Errc::invalid, std::to_string(wanted.size()) + " media begin with " +
                                    options_.medium + "; four or more digits of one are needed"};
  }
  return wanted;
}

Result<AdoptReport> Backfill::adopt(const LegacyMediumRow& row, const TimestampCounts& times,
                                    stages::Progress& progress) {
  auto counts = database_->count(row.id);
  if (!counts) return std::move(counts).error();
  if (row.id.empty()) {
    return Error{Errc::invalid, "it has no id, so nobody knows which medium it is: " +
                                    std::to_string(counts->inodes) + " inodes and " +
                                    std::to_string(counts->paths) + " paths are not adopted"};
  }
  AdoptRequest request;
  request.medium = {row.id};
  request.database = database_->name();
  request.row = row.says;
  request.added_at = row.added_at;
  auto volumes = database_->volumes(row.id);
  if (!volumes) return std::move(volumes).error();
  auto claims = claims_of(log_.get(), request.medium);
  if (!claims) return std::move(claims).error();
  request.has_partition = counts->has_partition;
  request.inodes = counts->inodes;
  request.paths = counts->paths;
  request.counts = std::move(counts->counts);
  request.volumes = std::move(*volumes);
  request.times.load_claims = std::move(claims->load);
  request.times.copy_claims = std::move(claims->copy);
  request.times.table_load = times.load(row);
  request.times.table_copy = times.copy(row);
  request.times.first_processed = counts->first_processed;
  request.times.last_processed = counts->last_processed;
  request.archive_claims = std::move(claims->archive);
  if (const auto blank = blank_ids_.find(row.id); blank != blank_ids_.end()) {
    request.ambiguous_id =
        "its id is the hash of " + blank->second + ", which any number of disks have";
  }
  const Settings& settings = context_.settings;
  request.by_hash_root = settings.by_hash_root.string();
  request.archive_path = archive_path(settings.images_root, row.id);
  request.raw_path = (settings.raw_root / (row.id + ".raw")).string();
  request.temporary_directory = settings.temporary_directory().string();
  request.dry_run = options_.dry_run;
  events::Log& log = options_.dry_run ? static_cast<events::Log&>(*rehearsal_) : *log_;
  return stages::adopt_medium(
      {log, context_.clock, progress, context_.cancelled, run_, events::this_actor()}, request,
      *database_);
}

int Backfill::finish(const std::vector<BackfilledMedium>& media) {
  if (!options_.json) {
    print_backfilled(media, wants_color(context_.settings.color, STDOUT_FILENO));
  }
  if (context_.cancelled) {
    return fail({Errc::unavailable, "interrupted; run it again, and it goes on"});
  }
  if (!options_.json) {
    if (options_.dry_run) {
      std::cout << "\n" << with_commas(rehearsed_) << " events would be appended; nothing was.\n";
    } else {
      std::cout << "\n`ntt project` brings the tables up to date, `ntt status` says where each "
                   "medium stands.\n";
    }
  }
  int code = kDone;
  for (const BackfilledMedium& medium : media) {
    const AdoptOutcome outcome = medium.report.outcome;
    if (outcome == AdoptOutcome::error) return kFailed;
    if (outcome == AdoptOutcome::changed || outcome == AdoptOutcome::withdrawn) code = kFound;
  }
  return code;
}

int Backfill::run() {
  if (auto opened = open(); !opened) return fail(opened.error());
  auto wanted = wanted_media();
  if (!wanted) return fail(wanted.error());
  const TimestampCounts times(rows_);
  std::vector<BackfilledMedium> media;
  {
    LiveProgress progress(progress_style(context_.settings.progress));
    for (const LegacyMediumRow& row : *wanted) {
      auto report = adopt(row, times, progress);
      const auto name = row.says.find("medium_human");
      BackfilledMedium medium{
          row.id, name == row.says.end() ? "" : name->second, row.enum_done, row.copy_done, {}};
      if (report) {
        medium.report = std::move(*report);
      } else {  // the other media may be whole
        medium.report.outcome = AdoptOutcome::error;
        medium.report.why = report.error().message;
      }
      if (options_.json) print_json(json_of(medium, options_.dry_run));
      media.push_back(std::move(medium));
      if (context_.cancelled) break;
    }
  }
  return finish(media);
}

}  // namespace

Command backfill_command() {
  auto options = std::make_shared<BackfillOptions>();
  Command command;
  command.name = "backfill";
  command.summary =
      "Adopts the media of the earlier system: what its database, its store and its archives say\n"
      "becomes events, each with the evidence for it and dated by it (docs/adopting.md). The\n"
      "database is only read. Import its logs first (ntt import-log): they date best. Running it\n"
      "again adds nothing. Exit code 3: a medium was adopted before, and its evidence has changed.";
  command.examples =
      "  ntt backfill --from-db postgresql:///copyjob --dry-run\n"
      "  ntt backfill --from-db postgresql:///copyjob --by-hash-root /data/fast/ntt/by-hash \\\n"
      "      --images-root /data/cold/img-read --raw-root /data/fast/raw\n"
      "  ntt backfill --from-db postgresql:///copyjob --medium 8e61cad2\n"
      "  ntt backfill --from-db postgresql:///copyjob --json | jq -r 'select(.conflicts != [])'";
  command.options = {
      {"--from-db", &options->url, "URL", "the earlier system's database; only read", false, {}},
      {"--from-schema", &options->schema, "NAME", "where its tables are (public)", false, {}},
      {"--medium", &options->medium, "MEDIUM", "this one only", false, {}},
      {"--dry-run",
       &options->dry_run,
       "",
       "print what would be appended, append nothing",
       false,
       {}},
      {"--json", &options->json, "", "one JSON object a line", false, {}},
  };
  command.run = [options](Context& context) { return Backfill(context, *options).run(); };
  return command;
}

}  // namespace ntt::tools
