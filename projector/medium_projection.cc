// Folded media as rows.

#include "projector/medium_projection.h"

#include <nlohmann/json.hpp>

#include "events/bytes.h"
#include "events/retractions.h"
#include "projector/copy_writer.h"
#include "projector/medium_row.h"
#include "projector/partition_names.h"
#include "projector/row_merge.h"

namespace ntt::projector {

using events::Result;
using events::Status;

namespace {

constexpr MergeTable kAttempt{
    "stage_attempt", "start_seq",
    "start_seq, medium_hash, stage, started_at, end_seq, ended_at, outcome, error, message, run, "
    "last_seq",
    "start_seq"};
constexpr MergeTable kVolume{
    "volume", "medium_hash, volume",
    "medium_hash, volume, generation, byte_offset, length, partition_table, description, "
    "filesystem, label, uuid, outcome, message, time_basis, entries, bytes, unreadable, "
    "other_streams, last_seq",
    "last_seq, medium_hash, volume"};
constexpr MergeTable kRetracted{"retracted_event", "seq", "seq, medium_hash, retracted_by", "seq"};
constexpr const char* kTouchedOnly = "old.medium_hash IN (SELECT medium_hash FROM new_medium)";

void put_text(CopyWriter& rows, const std::string& text) {
  text.empty() ? rows.null() : rows.text(text);
}
void put_time(CopyWriter& rows, const std::optional<Stamp>& stamp) {
  stamp ? rows.timestamp(stamp->at) : rows.null();
}
void put_seq(CopyWriter& rows, const std::optional<Stamp>& stamp) {
  stamp ? rows.int8(clamped(stamp->seq.value)) : rows.null();
}

// The columns of medium_row() and the one that only the table has.
const MergeTable& medium_table() {
  static const std::string columns = [] {
    std::string names;
    for (const RowColumn& column : medium_row({})) names += std::string(column.name) + ", ";
    return names + "partition_suffix";
  }();
  static const MergeTable table{"medium", "medium_hash", columns.c_str(), "added_at, medium_hash"};
  return table;
}

struct PutValue {
  CopyWriter& rows;
  void operator()(std::monostate) const { rows.null(); }
  void operator()(const std::string& text) const { rows.plain(text); }
  void operator()(std::int32_t number) const { rows.int4(number); }
  void operator()(std::int64_t number) const { rows.int8(number); }
  void operator()(events::Timestamp time) const { rows.timestamp(time); }
  void operator()(const std::vector<std::string>& list) const {
    rows.json(nlohmann::json(list).dump());
  }
};

Status write_medium(CopyWriter& rows, const FoldedMedium& medium) {
  if (auto begun = rows.row(); !begun) return begun;
  for (const RowColumn& column : medium_row(medium.state)) {
    std::visit(PutValue{rows}, column.value);
  }
  rows.plain(medium.partition_suffix);
  return {};
}

Status write_attempt(CopyWriter& rows, const events::MediumId& medium,
                     const StageAttempt& attempt) {
  if (auto begun = rows.row(); !begun) return begun;
  const bool start_known = !attempt.end || attempt.end->seq != attempt.start_seq;
  rows.int8(clamped(attempt.start_seq.value));
  rows.text(medium.text);
  rows.plain(attempt.stage);
  start_known ? rows.timestamp(attempt.started_at) : rows.null();
  put_seq(rows, attempt.end);
  put_time(rows, attempt.end);
  put_text(rows, attempt.outcome);
  put_text(rows, attempt.error);
  put_text(rows, attempt.message);
  attempt.run.is_zero() ? rows.null() : rows.uuid(attempt.run.view());
  const Sequence end = attempt.end ? attempt.end->seq : attempt.retracted_by;
  rows.int8(clamped(std::max(end, attempt.start_seq).value));
  return {};
}

Status write_volume(CopyWriter& rows, const MediumState& state,
                    const events::VolumeOutcome& volume) {
  if (auto begun = rows.row(); !begun) return begun;
  rows.text(state.medium.text);
  rows.int4(static_cast<std::int32_t>(volume.volume));
  rows.int4(static_cast<std::int32_t>(state.generation));
  rows.int8(clamped(volume.offset));
  rows.int8(clamped(volume.length));
  for (const std::string* text :
       {&volume.table, &volume.description, &volume.filesystem, &volume.label, &volume.uuid,
        &volume.outcome, &volume.message, &volume.time_basis}) {
    rows.text(*text);
  }
  for (const std::uint64_t count :
       {volume.entries, volume.bytes, volume.unreadable, volume.other_streams}) {
    rows.int8(clamped(count));
  }
  rows.int8(clamped(state.load_seq.value));
  return {};
}

// Fills the fresh table of `merge` with what `write` writes.
template <class Write>
Status copy_fresh(Pg& pg, const MergeTable& merge, const Write& write) {
  if (auto made = make_fresh(pg, merge); !made) return made;
  CopyWriter rows(pg);
  if (auto started = rows.start(merge.fresh(), merge.columns, false); !started) return started;
  if (auto written = write(rows); !written) return written;
  auto finished = rows.finish();
  if (!finished) return std::move(finished).error();
  return {};
}

// A retraction that names an event of another medium does nothing.
Status drop_strangers(Pg& pg) {
  auto dropped = pg.execute(
      "DELETE FROM new_retracted_event n WHERE NOT EXISTS (SELECT FROM event e WHERE e.seq = n.seq "
      "AND e.medium_hash = n.medium_hash)");
  if (!dropped) return std::move(dropped).error();
  return {};
}

Status project_retracted(Pg& pg, const std::vector<FoldedMedium>& media) {
  auto done = copy_fresh(pg, kRetracted, [&](CopyWriter& rows) -> Status {
    for (const FoldedMedium& medium : media) {
      for (const auto& [seq, by] : medium.retracted) {
        if (auto begun = rows.row(); !begun) return begun;
        rows.int8(clamped(seq));
        rows.text(medium.touched.medium.text);
        rows.int8(clamped(by));
      }
    }
    return {};
  });
  if (done) done = drop_strangers(pg);
  if (done) done = merge_rows(pg, kRetracted, kTouchedOnly);
  return done;
}

// Folds the medium's events up to `last`, or what of them is before the medium's stop.
Status fold_from_log(const events::Log& log, Sequence last, FoldedMedium& medium) {
  events::Filter filter;
  filter.medium = medium.touched.medium;
  filter.last = last;
  filter.batches = false;
  std::vector<events::Event> found;
  events::Retractions retractions;
  auto scanned = log.scan(filter, [&](const events::Event& event) {
    retractions.add(event);
    found.push_back(event);
    return true;
  });
  if (!scanned) return scanned;
  medium.retracted = retractions.in_force();
  PartialFold fold = fold_partly(std::move(found), std::move(medium.stop));
  medium.state = std::move(fold.state);
  medium.stop = std::move(fold.stop);
  medium.state.medium = medium.touched.medium;
  return {};
}

}  // namespace

Result<StoredMedia> read_stored_media(Pg& pg) {
  auto rows =
      pg.query("SELECT medium_hash, partition_suffix, coalesce(enum_done_seq, 0) FROM medium");
  if (!rows) return std::move(rows).error();
  StoredMedia stored;
  for (const Row& row : *rows) {
    stored[*row[0]] = {*row[1], {std::strtoull(row[2]->c_str(), nullptr, 10)}};
  }
  return stored;
}

bool FoldedMedium::outcomes_changed() const {
  const Sequence stopped = stop ? stop->at : Sequence{};
  return touched.retracted || touched.unreadable_copy || stopped != stored_stop ||
         touched.copied_into.contains(state.load_seq.value);
}

Status stop_medium(const events::Log& log, Sequence last, FoldStop stop, FoldedMedium& medium) {
  medium.stop = std::move(stop);
  return fold_from_log(log, last, medium);
}

Result<std::vector<FoldedMedium>> fold_media(const events::Log& log, Sequence last,
                                             const std::vector<TouchedMedium>& touched,
                                             const StoredMedia& stored,
                                             const std::vector<UnfoldedEvent>& known) {
  PartitionNames names;
  for (const auto& [medium, row] : stored) names.keep(row.partition_suffix);
  std::map<std::string, Sequence> stops;
  for (const UnfoldedEvent& event : known) {
    if (event.lacking == Lacking::medium) stops[event.medium.text] = event.seq;
  }
  std::vector<FoldedMedium> media;
  for (const TouchedMedium& touch : touched) {
    FoldedMedium& folded = media.emplace_back();
    folded.touched = touch;
    if (auto done = fold_from_log(log, last, folded); !done) {
      return std::move(done).error().within("medium " + touch.medium.text);
    }
    if (const auto stop = stops.find(touch.medium.text); stop != stops.end()) {
      folded.stored_stop = stop->second;
    }
    const auto row = stored.find(touch.medium.text);
    if (row == stored.end()) {
      folded.partition_suffix = names.assign(touch.medium);
    } else {
      folded.partition_suffix = row->second.partition_suffix;
      folded.stored_load_seq = row->second.load_seq;
    }
  }
  return media;
}

Status project_media(Pg& pg, const std::vector<FoldedMedium>& media) {
  auto done = copy_fresh(pg, medium_table(), [&](CopyWriter& rows) -> Status {
    for (const FoldedMedium& medium : media) {
      if (auto written = write_medium(rows, medium); !written) return written;
    }
    return {};
  });
  if (!done) return done;
  done = copy_fresh(pg, kAttempt, [&](CopyWriter& rows) -> Status {
    for (const FoldedMedium& medium : media) {
      for (const StageAttempt& attempt : medium.state.attempts) {
        if (auto written = write_attempt(rows, medium.state.medium, attempt); !written) {
          return written;
        }
      }
    }
    return {};
  });
  if (!done) return done;
  done = copy_fresh(pg, kVolume, [&](CopyWriter& rows) -> Status {
    for (const FoldedMedium& medium : media) {
      if (!medium.state.manifest) continue;
      for (const events::VolumeOutcome& volume : medium.state.manifest->volumes) {
        if (auto written = write_volume(rows, medium.state, volume); !written) return written;
      }
    }
    return {};
  });
  if (!done) return done;
  if (done = merge_rows(pg, medium_table(), ""); !done) return done;
  if (done = merge_rows(pg, kAttempt, kTouchedOnly); !done) return done;
  if (done = merge_rows(pg, kVolume, kTouchedOnly); !done) return done;
  return project_retracted(pg, media);
}

}  // namespace ntt::projector
