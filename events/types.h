// The identifiers and positions of ntt, each a type of its own so that none is mistaken for
// another.

#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "events/result.h"

namespace ntt::events {

// Position of an event in the log, gapless from 1. 0 means "before the first event" or "none".
struct Sequence {
  std::uint64_t value = 0;
  auto operator<=>(const Sequence&) const = default;
  [[nodiscard]] Sequence next() const { return {value + 1}; }
  explicit operator bool() const { return value != 0; }
};

// An instant: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
struct Timestamp {
  std::int64_t micros = 0;
  auto operator<=>(const Timestamp&) const = default;
  // Whether it lies in the years 0000 to 9999, the only ones that RFC 3339 can write. Events have
  // no other times.
  [[nodiscard]] bool is_writable() const {
    return micros >= -62'167'219'200'000'000 && micros < 253'402'300'800'000'000;
  }
};

// "2025-10-10T15:41:03.000000Z": RFC 3339, UTC, always six digits of fraction. CHECKs
// is_writable().
std::string to_rfc3339(Timestamp time);

// Reads RFC 3339 with `Z` or a numeric offset and up to 9 digits of fraction (finer than a
// microsecond is cut off). Also a date alone, which means midnight UTC. Errc::invalid otherwise.
Result<Timestamp> parse_timestamp(std::string_view text);

// Fixed-size byte strings that print as lower-case hex. Tag keeps the kinds apart.
template <class Tag, std::size_t kBytes>
struct FixedBytes {
  static constexpr std::size_t kSize = kBytes;
  std::array<std::uint8_t, kBytes> bytes{};

  auto operator<=>(const FixedBytes&) const = default;
  [[nodiscard]] bool is_zero() const { return *this == FixedBytes{}; }
  [[nodiscard]] std::string hex() const;
  [[nodiscard]] std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), kBytes};
  }
  // Exactly 2 * kSize hex digits of either case (a UUID's dashes are accepted for 16-byte kinds).
  static std::optional<FixedBytes> from_hex(std::string_view text);
  // Exactly kSize raw bytes.
  static std::optional<FixedBytes> from_bytes(std::string_view raw);
};

using EventId = FixedBytes<struct EventIdTag, 16>;  // UUIDv7 for new facts
using RunId = FixedBytes<struct RunIdTag, 16>;      // UUIDv7; all zero: no run
using BlobId = FixedBytes<struct BlobIdTag, 32>;    // BLAKE3-256 of a file's content
using Blake3Digest = FixedBytes<struct Blake3DigestTag, 32>;
using Sha256Digest = FixedBytes<struct Sha256DigestTag, 32>;
using Ed25519Seed = FixedBytes<struct Ed25519SeedTag, 32>;  // RFC 8032: the private key
using Ed25519PublicKey = FixedBytes<struct Ed25519PublicKeyTag, 32>;
using Ed25519Signature = FixedBytes<struct Ed25519SignatureTag, 64>;

// EventId and RunId as the 36 characters of RFC 9562.
template <class Tag>
std::string to_uuid_string(const FixedBytes<Tag, 16>& id);

// The name of an event stream: usually 32 hex digits, but ids of other forms that users already
// have are kept. Empty: an event about the log itself.
struct MediumId {
  std::string text;
  auto operator<=>(const MediumId&) const = default;
  [[nodiscard]] bool empty() const { return text.empty(); }

  // 1 to 128 bytes of [A-Za-z0-9._-], not starting with '.' or '-': safe as a file name, in SQL
  // identifiers and in URLs. Errc::invalid otherwise.
  static Result<MediumId> parse(std::string_view text);
  static bool is_valid(std::string_view text);
};

// Which volume of a medium: 0 is the whole carrier (or directory), partitions count from 1.
struct VolumeIndex {
  std::uint32_t value = 0;
  auto operator<=>(const VolumeIndex&) const = default;
};

// Position of an entry in a manifest, from 0, counting through all volumes.
struct Ordinal {
  std::uint64_t value = 0;
  auto operator<=>(const Ordinal&) const = default;
};

// Position of a load in a medium's history, from 1.
struct Generation {
  std::uint32_t value = 0;
  auto operator<=>(const Generation&) const = default;
};

// A string of bytes that need not be text: a path, a file name. JSON holds it escaped (bytes.h).
struct ByteString {
  std::string bytes;
  auto operator<=>(const ByteString&) const = default;
};

}  // namespace ntt::events
