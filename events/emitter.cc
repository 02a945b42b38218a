// Emitter, run ids and the description of this process.

#include "events/emitter.h"

#include <pwd.h>
#include <sys/random.h>
#include <unistd.h>

#include <cstring>
#include <mutex>

#include "events/bytes.h"
#include "events/hash.h"
#include "events/limits.h"

namespace ntt::events {

namespace {

// RFC 9562 section 5.7, with a counter in rand_a (method 1) so that ids of one process rise.
std::array<std::uint8_t, 16> new_uuid_v7(Clock& clock) {
  static std::mutex mutex;
  static std::uint64_t last_millis = 0;
  static std::uint16_t counter = 0;

  std::array<std::uint8_t, 16> bytes{};
  CHECK(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  const std::lock_guard lock(mutex);
  const auto now = static_cast<std::uint64_t>(clock.now().micros / 1000);
  if (now > last_millis) {
    last_millis = now;
    counter = static_cast<std::uint16_t>((bytes[6] & 0x07U) << 8U | bytes[7]);
  } else if (++counter == 0x1000) {
    last_millis += 1;
    counter = 0;
  }
  for (unsigned i = 0; i < 6; ++i) {
    bytes[i] = static_cast<std::uint8_t>(last_millis >> (40U - 8U * i));
  }
  bytes[6] = static_cast<std::uint8_t>(0x70U | (counter >> 8U));
  bytes[7] = static_cast<std::uint8_t>(counter);
  bytes[8] = static_cast<std::uint8_t>(0x80U | (bytes[8] & 0x3FU));
  return bytes;
}

}  // namespace

EventId new_event_id(Clock& clock) {
  return {new_uuid_v7(clock)};
}
RunId new_run_id(Clock& clock) {
  return {new_uuid_v7(clock)};
}

Actor this_actor() {
  char host[256] = {};
  if (gethostname(host, sizeof host - 1) != 0) std::strcpy(host, "unknown");
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  const bool known = getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found;
  const std::string user = known ? entry.pw_name : std::to_string(geteuid());
  return {std::string(host).substr(0, kNameFieldBytesMax), user.substr(0, kNameFieldBytesMax),
          "ntt " NTT_VERSION};
}

EventId backfilled_event_id(const MediumId& medium, std::string_view type, Sequence cause,
                            std::string_view data) {
  std::string input = "ntt backfilled event\n";
  input.append(medium.text).append("\n").append(type).append("\n");
  append_be64(input, cause.value);
  input += data;
  const Blake3Digest digest = Blake3::of(input);
  EventId id = *EventId::from_bytes(digest.view().substr(0, 16));
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0FU) | 0x80U);  // RFC 9562: version 8
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3FU) | 0x80U);
  return id;
}

Emitter::Emitter(Log& log, Clock& clock, MediumId medium, RunId run, Actor actor)
    : log_(log), clock_(clock), medium_(std::move(medium)), run_(run), actor_(std::move(actor)) {}

Result<Sequence> Emitter::append(const char* type, std::uint16_t version, std::string data,
                                 Sequence cause, std::string attachment) {
  NewEvent event;
  event.type = type;
  event.version = version;
  event.medium = medium_;
  if (backfilled_at_) {
    event.id = backfilled_event_id(medium_, type, cause, data);
    event.origin = Origin::backfilled;
    event.occurred_at = *backfilled_at_;
  } else {
    event.id = new_event_id(clock_);
    event.occurred_at = clock_.now();
  }
  event.run = run_;
  event.cause = cause;
  event.actor = actor_;
  event.data = std::move(data);
  event.attachment = std::move(attachment);
  return log_.append_one(event);
}

}  // namespace ntt::events
