// The bytes of an envelope and of a stored record, and the digests over them.
//
// Format: see FORMAT.md, "Envelope" and "Record". These bytes are what the Merkle tree covers.

#pragma once

#include <array>
#include <string>
#include <string_view>

#include "events/bytes.h"
#include "events/event.h"

namespace ntt::events {

// Random bytes kept beside a payload, so that its digest tells nothing once the payload is
// redacted.
using Salt = std::array<std::uint8_t, 16>;
Salt random_salt();

Sha256Digest salted_digest(const Salt& salt, std::string_view bytes);

// Whether an envelope can be made of it: Errc::invalid says what is out of bounds (limits.h).
Status check_event(const NewEvent& event);
// Errc::invalid when a field is out of bounds.
Result<std::string> encode_envelope(const Envelope& envelope);
// The same, of one whose fields have been checked.
void append_envelope(std::string& out, const Envelope& envelope);
// Errc::corruption unless the bytes are exactly what encode_envelope writes.
Result<Envelope> decode_envelope(std::string_view bytes);

// What the log keeps for one event, apart from its attachment.
struct Record {
  std::string envelope;  // encoded
  Salt data_salt{};
  Salt attachment_salt{};
  std::string data;
};
// The same, of bytes that somebody else owns.
struct RecordView {
  std::string_view envelope;
  Salt data_salt{};
  Salt attachment_salt{};
  std::string_view data;
};
inline constexpr std::size_t kRecordOverheadBytes = 41;  // beside envelope and data
void append_record(std::string& out, const RecordView& record);
Result<Record> decode_record(std::string_view bytes);
// The record that `reader` has next.
Result<Record> take_record(ByteReader& reader);

}  // namespace ntt::events
