// The bytes of an envelope and of a stored record, and the digests over them.
//
// Format: see FORMAT.md, "Envelope" and "Record". These bytes are what the Merkle tree covers.

#pragma once

#include <array>
#include <string>
#include <string_view>

#include "events/event.h"

namespace ntt::events {

// Random bytes kept beside a payload, so that its digest tells nothing once the payload is
// redacted.
using Salt = std::array<std::uint8_t, 16>;
Salt random_salt();

Sha256Digest salted_digest(const Salt& salt, std::string_view bytes);

// Errc::invalid when a field is out of bounds (limits.h).
// Whether an envelope can be made of it: Errc::invalid says what is out of bounds.
Status check_event(const NewEvent& event);
Result<std::string> encode_envelope(const Envelope& envelope);
// Errc::corruption unless the bytes are exactly what encode_envelope writes.
Result<Envelope> decode_envelope(std::string_view bytes);

// What the log keeps for one event, apart from its attachment.
struct Record {
  std::string envelope;  // encoded
  Salt data_salt{};
  Salt attachment_salt{};
  std::string data;
};
std::string encode_record(const Record& record);
Result<Record> decode_record(std::string_view bytes);

}  // namespace ntt::events
