// Emitter: how a stage says what happened. It fills in medium, run, actor, id, origin and time.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "events/clock.h"
#include "events/log.h"
#include "events/payload.h"

namespace ntt::events {

// Any thread. Log and clock must outlive it.
class Emitter {
 public:
  Emitter(Log& log, Clock& clock, MediumId medium, RunId run, Actor actor);

  // From now on events are backfilled: inferred, and dated as said. Their ids come from what they
  // say (EVENTS.md), so emitting one again adds nothing and gives the first one's number.
  void backfill_at(Timestamp occurred_at) { backfilled_at_ = occurred_at; }

  // Appends one event, native unless backfill_at() was called; returns when it is on the disk.
  template <class Payload>
  // NOLINTNEXTLINE(performance-unnecessary-value-param): it is moved on
  Result<Sequence> emit(const Payload& payload, Sequence cause = {}, std::string attachment = {}) {
    return append(Payload::kType, Payload::kVersion, to_data(payload), cause,
                  std::move(attachment));
  }

  [[nodiscard]] const MediumId& medium() const { return medium_; }

 private:
  Result<Sequence> append(const char* type, std::uint16_t version, std::string data, Sequence cause,
                          std::string attachment);
  Log& log_;
  Clock& clock_;
  MediumId medium_;
  RunId run_;
  Actor actor_;
  std::optional<Timestamp> backfilled_at_;
};

// The id of a backfilled event; EVENTS.md has the recipe, which never changes.
EventId backfilled_event_id(const MediumId& medium, std::string_view type, Sequence cause,
                            std::string_view data);

// A new UUIDv7 (RFC 9562): 48 bits of milliseconds from `clock`, the rest from the system's random
// source; ids made by one process rise.
EventId new_event_id(Clock& clock);
RunId new_run_id(Clock& clock);

// Host name, user name and "ntt <version>" of this process.
Actor this_actor();

}  // namespace ntt::events
