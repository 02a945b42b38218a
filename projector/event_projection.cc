// One COPY for the new events, whatever their type.

#include "projector/event_projection.h"

#include <algorithm>
#include <charconv>
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

// Whether jsonb takes a number that is written so: as numeric, with at most 16383 digits behind the
// point.
bool fits_numeric(std::string_view number) {
  constexpr std::int64_t kScaleMax = 16383;
  const std::size_t end = std::min(number.find_first_of("eE"), number.size());
  const std::size_t point = std::min(number.find('.'), end);
  std::int64_t scale = point == end ? 0 : static_cast<std::int64_t>(end - point - 1);
  if (end < number.size()) {
    std::string_view exponent = number.substr(end + 1);
    if (exponent.starts_with('+')) exponent.remove_prefix(1);
    std::int64_t value = 0;
    const auto [rest, failed] =
        std::from_chars(exponent.data(), exponent.data() + exponent.size(), value);
    if (failed != std::errc() || value < -kScaleMax * 2) return false;
    scale -= std::min(value, kScaleMax);
  }
  return scale <= kScaleMax;
}

// Stops at what jsonb refuses.
class AcceptableJson : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& written) override {
    return fits_numeric(written);
  }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool key(string_t& /*value*/) override { return true; }
  bool start_object(std::size_t /*size*/) override { return ++depth_ <= kDepthMax; }
  bool end_object() override { return --depth_ >= 0; }
  bool start_array(std::size_t /*size*/) override { return ++depth_ <= kDepthMax; }
  bool end_array() override { return --depth_ >= 0; }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) override {
    return false;
  }

 private:
  static constexpr int kDepthMax = 500;  // far less than makes the server run out of stack
  int depth_ = 0;
};

// Data that jsonb takes: the payload, or a JSON text of its bytes, escaped.
std::string acceptable_json(const std::string& data) {
  AcceptableJson acceptable;
  if (nlohmann::json::sax_parse(data, &acceptable)) return data;
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
