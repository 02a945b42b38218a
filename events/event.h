// Event: one immutable fact, as the log holds it and as its readers see it.
//
// The envelope is fixed and binary (envelope.h); `data` is the payload's JSON, kept as the bytes
// that were hashed; the attachment is read apart (Log::attachment), for it may be large.

#pragma once

#include <string>

#include "events/types.h"

namespace ntt::events {

enum class Origin : std::uint8_t {  // part of the format: do not renumber
  native = 1,                       // emitted by the stage that saw it
  imported = 2,                     // a legacy log line
  backfilled = 3,                   // inferred from evidence
};

std::string_view to_string(Origin origin);
Result<Origin> parse_origin(std::string_view text);

// Who emitted an event. Each part at most 255 bytes.
struct Actor {
  std::string host;
  std::string user;
  std::string program;  // name and version: "ntt 0.1.0"
  bool operator==(const Actor&) const = default;
};

// An event as its emitter hands it to the log. The log adds seq, recorded_at, salts and digests.
struct NewEvent {
  EventId id;
  std::string type;           // lower_snake_case, 1 to 255 bytes
  std::uint16_t version = 1;  // of the payload's schema
  MediumId medium;
  Timestamp occurred_at;
  Origin origin = Origin::native;
  RunId run;
  Sequence cause;
  Actor actor;
  std::string data = "{}";  // JSON object, UTF-8
  std::string attachment;   // empty: none
};

struct Envelope {
  Sequence seq;
  EventId id;
  std::string type;
  std::uint16_t version = 1;
  MediumId medium;
  Timestamp occurred_at;
  Timestamp recorded_at;
  Origin origin = Origin::native;
  RunId run;
  Sequence cause;
  Actor actor;
  Sha256Digest data_digest;        // salted, see FORMAT.md
  Sha256Digest attachment_digest;  // salted; all zero: no attachment
  std::uint64_t attachment_bytes = 0;

  bool operator==(const Envelope&) const = default;
  [[nodiscard]] bool has_attachment() const { return !attachment_digest.is_zero(); }
};

struct Event : Envelope {
  std::string data;
};

}  // namespace ntt::events
