// Times as differences to other times.

#include "events/batch_times.h"

namespace ntt::events {

namespace {

enum State : std::uint8_t {  // part of the format
  kAbsent = 0,
  kStored = 1,
  kFirstGuess = 2,
  kSecondGuess = 3,
};

constexpr Nanos kNanosPerSecond = 1'000'000'000;

struct SplitTime {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;  // 0 to 999,999,999
};

SplitTime split(Nanos time) {
  SplitTime out{time / kNanosPerSecond, time % kNanosPerSecond};
  if (out.nanos < 0) out = {out.seconds - 1, out.nanos + kNanosPerSecond};
  return out;
}

bool join(SplitTime time, Nanos& out) {
  if (time.nanos < 0 || time.nanos >= kNanosPerSecond) return false;
  // The earliest second is not representable whole, so it is reached from the one after it.
  if (time.seconds < 0) time = {time.seconds + 1, time.nanos - kNanosPerSecond};
  return !__builtin_mul_overflow(time.seconds, kNanosPerSecond, &out) &&
         !__builtin_add_overflow(out, time.nanos, &out);
}

State state_of(const Entry& entry, const TimeColumn& column) {
  const auto& time = entry.*(column.time);
  if (!time) return kAbsent;
  if (column.first_guess != nullptr && entry.*(column.first_guess) == time) return kFirstGuess;
  if (column.second_guess != nullptr && entry.*(column.second_guess) == time) return kSecondGuess;
  return kStored;
}

// Adds modulo 2^64, for the difference may come from anywhere.
std::int64_t add(std::int64_t a, std::uint64_t zigzag_delta) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) +
                                   static_cast<std::uint64_t>(unzigzag(zigzag_delta)));
}

bool guess(const Entry& entry, std::optional<Nanos> Entry::*from, std::optional<Nanos>& time) {
  if (from == nullptr || !(entry.*from)) return false;
  time = entry.*from;
  return true;
}

}  // namespace

void put_times(ColumnWriter& out, std::uint8_t id, const std::vector<Entry>& entries,
               const TimeColumn& column) {
  out.put_runs(id, [&](std::size_t i) { return state_of(entries[i], column); });
  for (const bool nanos : {false, true}) {
    std::int64_t last = 0;
    out.begin();
    bool any = false;
    for (const Entry& entry : entries) {
      if (state_of(entry, column) != kStored) continue;
      const SplitTime time = split(*(entry.*(column.time)));
      const std::int64_t value = nanos ? time.nanos : time.seconds;
      out.put(zigzag(value - last));
      any = any || value != 0;
      last = value;
    }
    if (any) out.end(static_cast<std::uint8_t>(nanos ? id + 2 : id + 1));
  }
}

void get_times(ColumnReader& in, std::uint8_t id, std::vector<Entry>& entries,
               const TimeColumn& column) {
  ByteReader seconds(in.bytes(static_cast<std::uint8_t>(id + 1)));
  ByteReader nanos(in.bytes(static_cast<std::uint8_t>(id + 2)));
  const bool has_seconds = !seconds.at_end();
  const bool has_nanos = !nanos.at_end();
  SplitTime last;
  in.get_runs(id, [&](std::size_t i, std::uint64_t state) {
    auto& time = entries[i].*(column.time);
    if (state == kFirstGuess) return guess(entries[i], column.first_guess, time);
    if (state == kSecondGuess) return guess(entries[i], column.second_guess, time);
    if (state != kStored) return state == kAbsent;
    if (has_seconds) last.seconds = add(last.seconds, seconds.varint());
    if (has_nanos) last.nanos = add(last.nanos, nanos.varint());
    return seconds.ok() && nanos.ok() && join(last, time.emplace());
  });
  if (!seconds.at_end() || !nanos.at_end()) in.fail();
}

}  // namespace ntt::events
