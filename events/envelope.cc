// Envelope and record encoding, as FORMAT.md has it.

#include "events/envelope.h"

#include <sys/random.h>

#include "events/hash.h"
#include "events/limits.h"

namespace ntt::events {

namespace {

constexpr std::uint8_t kEnvelopeFormat = 1;  // part of the format: never reuse a number
constexpr std::uint8_t kRecordFormat = 1;

void append_short(std::string& out, std::string_view text) {
  append_u8(out, static_cast<std::uint8_t>(text.size()));
  out += text;
}

std::string take_short(ByteReader& reader) {
  return std::string(reader.take(reader.u8()));
}

template <class Fixed>
Fixed take_fixed(ByteReader& reader) {
  return Fixed::from_bytes(reader.take(Fixed::kSize)).value_or(Fixed{});
}

Salt take_salt(ByteReader& reader) {
  Salt salt{};
  const std::string_view raw = reader.take(salt.size());
  for (std::size_t i = 0; i < raw.size(); ++i) salt[i] = static_cast<std::uint8_t>(raw[i]);
  return salt;
}

std::string_view view(const Salt& salt) {
  return {reinterpret_cast<const char*>(salt.data()), salt.size()};
}

Error time_out_of_range() {
  return {Errc::invalid, "the times of an event lie in the years 0000 to 9999"};
}

// Of an event that is handed to the log, or of its envelope.
template <class Fields>
Status check_fields(const Fields& fields) {
  const auto too_long = [](std::string_view text) { return text.size() > kNameFieldBytesMax; };
  if (fields.type.empty() || too_long(fields.type)) {
    return Error{Errc::invalid, "an event type has 1 to 255 bytes"};
  }
  if (too_long(fields.actor.host) || too_long(fields.actor.user) ||
      too_long(fields.actor.program)) {
    return Error{Errc::invalid, "host, user and program have at most 255 bytes each"};
  }
  if (!fields.medium.empty() && !MediumId::is_valid(fields.medium.text)) {
    return MediumId::parse(fields.medium.text).error();
  }
  if (fields.version == 0) return Error{Errc::invalid, "payload versions count from 1"};
  if (!fields.occurred_at.is_writable()) return time_out_of_range();
  return {};
}

Status check_bounds(const Envelope& envelope) {
  if (auto status = check_fields(envelope); !status) return status;
  if (!envelope.recorded_at.is_writable()) return time_out_of_range();
  return {};
}

}  // namespace

Salt random_salt() {
  // As many at once as the system always gives whole.
  thread_local std::array<Salt, 16> salts;
  thread_local std::size_t left = 0;
  if (left == 0) {
    CHECK(getrandom(salts.data(), sizeof salts, 0) == static_cast<ssize_t>(sizeof salts));
    left = salts.size();
  }
  return salts[--left];
}

Sha256Digest salted_digest(const Salt& salt, std::string_view bytes) {
  thread_local Sha256 hasher;
  hasher.update(view(salt));
  hasher.update(bytes);
  return hasher.finish();
}

Status check_event(const NewEvent& event) {
  if (event.type.find('\0') != std::string::npos) {
    return Error{Errc::invalid, "an event type has no zero byte"};
  }
  return check_fields(event);
}

Result<std::string> encode_envelope(const Envelope& envelope) {
  if (auto status = check_bounds(envelope); !status) return std::move(status).error();
  std::string out;
  append_envelope(out, envelope);
  return out;
}

void append_envelope(std::string& out, const Envelope& envelope) {
  append_u8(out, kEnvelopeFormat);
  append_be64(out, envelope.seq.value);
  out += envelope.id.view();
  append_short(out, envelope.type);
  append_be16(out, envelope.version);
  append_short(out, envelope.medium.text);
  append_be64(out, static_cast<std::uint64_t>(envelope.occurred_at.micros));
  append_be64(out, static_cast<std::uint64_t>(envelope.recorded_at.micros));
  append_u8(out, static_cast<std::uint8_t>(envelope.origin));
  out += envelope.run.view();
  append_be64(out, envelope.cause.value);
  append_short(out, envelope.actor.host);
  append_short(out, envelope.actor.user);
  append_short(out, envelope.actor.program);
  out += envelope.data_digest.view();
  append_be64(out, envelope.attachment_bytes);
  out += envelope.attachment_digest.view();
}

Result<Envelope> decode_envelope(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != kEnvelopeFormat) {
    return Error{Errc::corruption, "the envelope is of no known format"};
  }
  Envelope out;
  out.seq.value = reader.be64();
  out.id = take_fixed<EventId>(reader);
  out.type = take_short(reader);
  out.version = reader.be16();
  out.medium.text = take_short(reader);
  out.occurred_at.micros = static_cast<std::int64_t>(reader.be64());
  out.recorded_at.micros = static_cast<std::int64_t>(reader.be64());
  const std::uint8_t origin = reader.u8();
  out.origin = static_cast<Origin>(origin);
  out.run = take_fixed<RunId>(reader);
  out.cause.value = reader.be64();
  out.actor.host = take_short(reader);
  out.actor.user = take_short(reader);
  out.actor.program = take_short(reader);
  out.data_digest = take_fixed<Sha256Digest>(reader);
  out.attachment_bytes = reader.be64();
  out.attachment_digest = take_fixed<Sha256Digest>(reader);
  const bool known_origin = origin >= 1 && origin <= 3;
  if (!reader.at_end() || !known_origin || !check_bounds(out)) {
    return Error{Errc::corruption, "the envelope does not decode"};
  }
  return out;
}

void append_record(std::string& out, const RecordView& record) {
  append_u8(out, kRecordFormat);
  append_be32(out, static_cast<std::uint32_t>(record.envelope.size()));
  out += record.envelope;
  out += view(record.data_salt);
  out += view(record.attachment_salt);
  append_be32(out, static_cast<std::uint32_t>(record.data.size()));
  out += record.data;
}

Result<Record> take_record(ByteReader& reader) {
  if (reader.u8() != kRecordFormat) {
    return Error{Errc::corruption, "the record is of no known format"};
  }
  Record out;
  out.envelope = reader.take(reader.be32());
  out.data_salt = take_salt(reader);
  out.attachment_salt = take_salt(reader);
  out.data = reader.take(reader.be32());
  if (!reader.ok()) return Error{Errc::corruption, "the record does not decode"};
  return out;
}

Result<Record> decode_record(std::string_view bytes) {
  ByteReader reader(bytes);
  auto record = take_record(reader);
  if (record && !reader.at_end()) return Error{Errc::corruption, "the record does not decode"};
  return record;
}

}  // namespace ntt::events
