// Emitter: how a stage says what happened. It fills in medium, run, actor, id and time.

#pragma once

#include <string>

#include "events/clock.h"
#include "events/log.h"
#include "events/payload.h"

namespace ntt::events {

// Any thread. Log and clock must outlive it.
class Emitter {
 public:
  Emitter(Log& log, Clock& clock, MediumId medium, RunId run, Actor actor);

  // Appends one native event; returns when it is on the disk.
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
};

// A new UUIDv7 (RFC 9562): 48 bits of milliseconds from `clock`, the rest from the system's random
// source; ids made by one process rise.
EventId new_event_id(Clock& clock);
RunId new_run_id(Clock& clock);

// Host name, user name and "ntt <version>" of this process.
Actor this_actor();

}  // namespace ntt::events
