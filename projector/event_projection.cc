// One COPY for the new events, whatever their type.

#include "projector/event_projection.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "events/bytes.h"
#include "events/payload.h"
#include "projector/copy_writer.h"
#include "projector/event_kind.h"
#include "projector/unfolded.h"

namespace ntt::projector {

namespace {

using events::Event;
using events::Result;
using events::Status;

constexpr const char* kColumns =
    "seq, id, type, version, medium_hash, occurred_at, recorded_at, origin, run, cause, host, "
    "\"user\", program, attachment_bytes, known, data";
constexpr std::uint64_t kProgressEvents = 4096;

// Data that jsonb takes: the payload, or a JSON text of its bytes, escaped.
std::string acceptable_json(const std::string& data) {
  constexpr int kDepthMax = 500;  // far less than makes the server run out of stack
  int deepest = 0;
  const auto measure = [&deepest](int depth, auto /*what*/, auto& /*parsed*/) {
    deepest = std::max(deepest, depth);
    return true;
  };
  const auto json = nlohmann::json::parse(data, measure, /*allow_exceptions=*/false);
  if (!json.is_discarded() && deepest <= kDepthMax) return data;
  return nlohmann::json(events::escape_bytes(data)).dump();
}

class EventProjection {
 public:
  EventProjection(Pg& pg, const EventRange& range, bool any_json, const ProjectProgress& progress)
      : rows_(pg), range_(range), any_json_(any_json), progress_(progress) {}

  Result<NewEvents> run(const events::Log& log);

 private:
  Status write(const Event& event);
  void note(const Event& event);

  CopyWriter rows_;
  const EventRange& range_;
  bool any_json_;  // take payloads that the server refuses
  const ProjectProgress& progress_;
  NewEvents found_;
  std::unordered_map<std::string, std::size_t> index_;
};

Status EventProjection::write(const Event& event) {
  if (auto begun = rows_.row(); !begun) return begun;
  rows_.int8(clamped(event.seq.value));
  rows_.uuid(event.id.view());
  rows_.text(event.type);
  rows_.int4(event.version);
  event.medium.empty() ? rows_.null() : rows_.text(event.medium.text);
  rows_.timestamp(event.occurred_at);
  rows_.timestamp(event.recorded_at);
  rows_.plain(to_string(event.origin));
  event.run.is_zero() ? rows_.null() : rows_.uuid(event.run.view());
  event.cause ? rows_.int8(clamped(event.cause.value)) : rows_.null();
  rows_.text(event.actor.host);
  rows_.text(event.actor.user);
  rows_.text(event.actor.program);
  rows_.int8(clamped(event.attachment_bytes));
  rows_.boolean(events::is_known_type(event.type));
  rows_.json(any_json_ ? acceptable_json(event.data) : event.data);
  return {};
}

void EventProjection::note(const Event& event) {
  if (event.medium.empty()) {
    if (auto fits = events::check_payload(event); !fits) {
      found_.unfolded.push_back(
          {event.seq, Lacking::nothing, {}, unfolded_reason(event, fits.error())});
    }
    return;
  }
  const auto [found, is_new] = index_.try_emplace(event.medium.text, found_.media.size());
  if (is_new) found_.media.push_back({event.medium, false, false, {}});
  TouchedMedium& medium = found_.media[found->second];
  const EventKind kind = kind_of(event.type);
  if (kind.subject == Subject::retraction) medium.retracted = true;
  if (kind.is(Subject::verify, Phase::batch)) found_.verify_batches.push_back(event.seq);
  if (kind.is(Subject::copy, Phase::batch)) {
    auto batch = events::payload_of<events::CopyBatchData>(event);
    if (batch) medium.copied_into.insert(batch->load);
    if (!batch) medium.unreadable_copy = true;
    found_.copy_batches.push_back(event.seq);
  }
}

Result<NewEvents> EventProjection::run(const events::Log& log) {
  if (auto started = rows_.start("event", kColumns, false); !started) {
    return std::move(started).error();
  }
  events::Filter filter;
  filter.first = range_.from.next();
  filter.last = range_.to;
  filter.medium = range_.medium;
  const std::uint64_t expected = range_.to.value - range_.from.value;
  Status status;
  auto scanned = log.scan(filter, [&](const Event& event) {
    status = write(event);
    note(event);
    if (progress_ && event.seq.value % kProgressEvents == 0) {
      progress_("events", event.seq.value - range_.from.value, expected);
    }
    return status.has_value();
  });
  if (!scanned) return std::move(scanned).error();
  if (!status) return std::move(status).error();
  auto rows = rows_.finish();
  if (!rows) return std::move(rows).error();
  if (!range_.medium && *rows != expected) {
    return events::Error{events::Errc::corruption, "the log gave " + std::to_string(*rows) +
                                                       " of the events " +
                                                       std::to_string(range_.from.value + 1) +
                                                       " to " + std::to_string(range_.to.value)};
  }
  return std::move(found_);
}

}  // namespace

// The server says what it refuses only when it has it all, so that nobody has to look at every
// payload first: then all go again, and are looked at.
Result<NewEvents> project_events(Pg& pg, const events::Log& log, const EventRange& range,
                                 const ProjectProgress& progress) {
  if (auto begun = pg.execute("SAVEPOINT events"); !begun) return std::move(begun).error();
  auto found = EventProjection(pg, range, false, progress).run(log);
  if (!found && found.error().code != events::Errc::invalid) return found;
  const std::string undo = found ? "" : "ROLLBACK TO SAVEPOINT events; ";
  auto ended = pg.execute(undo + "RELEASE SAVEPOINT events");
  if (!ended) return std::move(ended).error();
  if (found) return found;
  return EventProjection(pg, range, true, progress).run(log);
}

}  // namespace ntt::projector
