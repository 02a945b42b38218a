// Identifiers and timestamps as text.

#include "events/types.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "events/bytes.h"
#include "events/check.h"
#include "events/event.h"

namespace ntt::events {

namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::size_t kMediumIdBytesMax = 128;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes `count` digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take_char(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// One to nine digits of fraction as microseconds; finer ones are cut off.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  std::int64_t micros = 0;
  std::int64_t scale = kMicrosPerSecond / 10;
  std::size_t digits = 0;
  for (; !text.empty() && is_digit(text.front()); ++digits) {
    micros += (text.front() - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
  }
  if (digits == 0 || digits > 9) return std::nullopt;
  return micros;
}

// "Z", "+hh:mm", "-hh:mm" or the same without the colon, in seconds east of UTC.
std::optional<std::int64_t> take_offset(std::string_view& text) {
  if (take_char(text, "Zz")) return 0;
  if (text.empty()) return std::nullopt;
  const bool west = text.front() == '-';
  if (!take_char(text, "+-")) return std::nullopt;
  const auto hours = take_number(text, 2);
  take_char(text, ":");
  const auto minutes = take_number(text, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::int64_t seconds = *hours * 3600 + *minutes * 60;
  return west ? -seconds : seconds;
}

}  // namespace

std::string to_rfc3339(Timestamp time) {
  CHECK(time.is_writable());
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::microseconds> point{
      std::chrono::microseconds{time.micros}};
  const auto day = floor<std::chrono::days>(point);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss<std::chrono::microseconds> clock{point - day};
  char buffer[64];
  std::snprintf(
      buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return buffer;
}

Result<Timestamp> parse_timestamp(std::string_view text) {
  const Error invalid{
      Errc::invalid,
      "'" + std::string(text) + "' is not a time: write 2025-10-10T15:41:03Z or 2025-10-10"};
  std::string_view rest = text;
  const auto year = take_number(rest, 4);
  if (!year || !take_char(rest, "-")) return invalid;
  const auto month = take_number(rest, 2);
  if (!month || !take_char(rest, "-")) return invalid;
  const auto day = take_number(rest, 2);
  if (!day) return invalid;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return invalid;
  const std::int64_t midnight =
      std::chrono::sys_days{date}.time_since_epoch().count() * 86400 * kMicrosPerSecond;
  if (rest.empty()) return Timestamp{midnight};

  if (!take_char(rest, "Tt ")) return invalid;
  const auto hour = take_number(rest, 2);
  if (!hour || !take_char(rest, ":")) return invalid;
  const auto minute = take_number(rest, 2);
  if (!minute || !take_char(rest, ":")) return invalid;
  const auto second = take_number(rest, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return invalid;
  const auto fraction =
      take_char(rest, ".,") ? take_fraction(rest) : std::optional<std::int64_t>{0};
  const auto offset = take_offset(rest);
  if (!fraction || !offset || !rest.empty()) return invalid;
  const std::int64_t seconds = *hour * 3600 + *minute * 60 + *second - *offset;
  const Timestamp time{midnight + seconds * kMicrosPerSecond + *fraction};
  if (!time.is_writable()) return invalid;  // an offset led out of the years
  return time;
}

template <class Tag, std::size_t kBytes>
std::string FixedBytes<Tag, kBytes>::hex() const {
  return to_hex(view());
}

template <class Tag, std::size_t kBytes>
std::optional<FixedBytes<Tag, kBytes>> FixedBytes<Tag, kBytes>::from_bytes(std::string_view raw) {
  if (raw.size() != kBytes) return std::nullopt;
  FixedBytes out;
  for (std::size_t i = 0; i < kBytes; ++i) out.bytes[i] = static_cast<std::uint8_t>(raw[i]);
  return out;
}

template <class Tag, std::size_t kBytes>
std::optional<FixedBytes<Tag, kBytes>> FixedBytes<Tag, kBytes>::from_hex(std::string_view text) {
  std::string digits(text);
  if (kBytes == 16 && text.size() == 36) std::erase(digits, '-');
  const auto raw = events::from_hex(digits);
  return raw ? from_bytes(*raw) : std::nullopt;
}

template <class Tag>
std::string to_uuid_string(const FixedBytes<Tag, 16>& id) {
  std::string out = id.hex();
  for (const std::size_t position : {8U, 13U, 18U, 23U}) out.insert(position, 1, '-');
  return out;
}

template struct FixedBytes<struct EventIdTag, 16>;
template struct FixedBytes<struct RunIdTag, 16>;
template struct FixedBytes<struct BlobIdTag, 32>;
template struct FixedBytes<struct Blake3DigestTag, 32>;
template struct FixedBytes<struct Sha256DigestTag, 32>;
template struct FixedBytes<struct Ed25519SeedTag, 32>;
template struct FixedBytes<struct Ed25519PublicKeyTag, 32>;
template struct FixedBytes<struct Ed25519SignatureTag, 64>;
template std::string to_uuid_string(const EventId& id);
template std::string to_uuid_string(const RunId& id);

bool MediumId::is_valid(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '.' ||
           c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= kMediumIdBytesMax && text[0] != '.' && text[0] != '-' &&
         std::all_of(text.begin(), text.end(), allowed);
}

Result<MediumId> MediumId::parse(std::string_view text) {
  if (!is_valid(text)) {
    return Error{Errc::invalid,
                 "'" + escape_bytes(text) +
                     "' is not a medium id: use 1 to 128 of A-Z a-z 0-9 . _ - and do "
                     "not begin with . or -"};
  }
  return MediumId{std::string(text)};
}

std::string_view to_string(Origin origin) {
  switch (origin) {
    case Origin::native:
      return "native";
    case Origin::imported:
      return "imported";
    case Origin::backfilled:
      return "backfilled";
  }
  return "unknown";
}

Result<Origin> parse_origin(std::string_view text) {
  for (const Origin origin : {Origin::native, Origin::imported, Origin::backfilled}) {
    if (text == to_string(origin)) return origin;
  }
  return Error{Errc::invalid,
               "'" + std::string(text) + "' is not an origin: native, imported or backfilled"};
}

}  // namespace ntt::events
