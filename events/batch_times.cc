// Times as differences to other times.

#include "events/batch_times.h"

namespace ntt::events {

namespace {

using TimeMember = std::optional<Nanos> Entry::*;

// What a time is: part of the format. Guesses are other times of the same entry.
enum State : std::uint8_t {
  kAbsent = 0,
  kAfterLast = 1,  // a difference to the time that this column stored before
  kEqualsFirstGuess = 2,
  kEqualsSecondGuess = 3,
  kNearFirstGuess = 4,  // a difference to the guess
  kNearSecondGuess = 5,
};

constexpr std::uint64_t kMuchNearer = 64;

struct SplitTime {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;  // 0 to 999,999,999
};

SplitTime split(Nanos time) {
  const SplitTime out{time / kNanosPerSecond, time % kNanosPerSecond};
  if (out.nanos >= 0) return out;
  return {out.seconds - 1, out.nanos + kNanosPerSecond};
}

bool join(SplitTime time, Nanos& out) {
  if (time.nanos < 0 || time.nanos >= kNanosPerSecond) return false;
  // The earliest second is not representable whole, so it is reached from the one after it.
  if (time.seconds < 0) time = {time.seconds + 1, time.nanos - kNanosPerSecond};
  return !__builtin_mul_overflow(time.seconds, kNanosPerSecond, &out) &&
         !__builtin_add_overflow(out, time.nanos, &out);
}

// Adds modulo 2^64, for the difference may come from anywhere.
std::int64_t add(std::int64_t a, std::uint64_t zigzag_delta) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) +
                                   static_cast<std::uint64_t>(unzigzag(zigzag_delta)));
}

std::uint64_t distance(Nanos a, Nanos b) {
  const auto x = static_cast<std::uint64_t>(a);
  const auto y = static_cast<std::uint64_t>(b);
  return a < b ? y - x : x - y;
}

const Nanos* guess(const Entry& entry, TimeMember from) {
  return from != nullptr && entry.*from ? &*(entry.*from) : nullptr;
}

// Files that were written at once have times a few milliseconds apart, while the file before may be
// years older. A guess must be much nearer than the time before, for changing states costs too.
State state_of(const Entry& entry, const TimeColumn& column, Nanos last) {
  const auto& time = entry.*(column.time);
  if (!time) return kAbsent;
  const Nanos* first = guess(entry, column.first_guess);
  const Nanos* second = guess(entry, column.second_guess);
  if (first != nullptr && *first == *time) return kEqualsFirstGuess;
  if (second != nullptr && *second == *time) return kEqualsSecondGuess;
  const std::uint64_t near = distance(last, *time) / kMuchNearer;
  if (first != nullptr && distance(*first, *time) < near) return kNearFirstGuess;
  if (second != nullptr && distance(*second, *time) < near) return kNearSecondGuess;
  return kAfterLast;
}

// The time that a stored time is a difference to; null if there is none or nothing is stored.
const Nanos* reference(State state, const Entry& entry, const TimeColumn& column,
                       const Nanos& last) {
  if (state == kAfterLast) return &last;
  if (state == kNearFirstGuess) return guess(entry, column.first_guess);
  if (state == kNearSecondGuess) return guess(entry, column.second_guess);
  return nullptr;
}

void put_list(ColumnWriter& out, std::uint8_t id, const std::vector<std::uint64_t>& values) {
  std::uint64_t any = 0;
  out.begin();
  for (const std::uint64_t value : values) {
    any |= value;
    out.put(value);
  }
  if (any != 0) out.end(id);
}

bool copy_guess(const Nanos* from, std::optional<Nanos>& time) {
  if (from != nullptr) time = *from;
  return from != nullptr;
}

}  // namespace

void put_times(ColumnWriter& out, std::uint8_t id, const std::vector<Entry>& entries,
               const TimeColumn& column) {
  std::vector<State> states;
  std::vector<std::uint64_t> seconds;
  std::vector<std::uint64_t> nanos;
  for (auto* list : {&seconds, &nanos}) list->reserve(entries.size());
  states.reserve(entries.size());
  Nanos last = 0;
  for (const Entry& entry : entries) {
    states.push_back(state_of(entry, column, last));
    const Nanos* from = reference(states.back(), entry, column, last);
    if (from == nullptr) continue;
    const SplitTime old = split(*from);
    last = *(entry.*(column.time));
    const SplitTime time = split(last);
    seconds.push_back(zigzag(time.seconds - old.seconds));
    nanos.push_back(zigzag(time.nanos - old.nanos));
  }
  out.put_runs(id, [&](std::size_t i) { return states[i]; });
  put_list(out, static_cast<std::uint8_t>(id + 1), seconds);
  put_list(out, static_cast<std::uint8_t>(id + 2), nanos);
}

void get_times(ColumnReader& in, std::uint8_t id, std::vector<Entry>& entries,
               const TimeColumn& column) {
  ByteReader seconds(in.bytes(static_cast<std::uint8_t>(id + 1)));
  ByteReader nanos(in.bytes(static_cast<std::uint8_t>(id + 2)));
  const bool has_seconds = !seconds.at_end();
  const bool has_nanos = !nanos.at_end();
  Nanos last = 0;
  in.get_runs(id, [&](std::size_t i, std::uint64_t state) {
    const Entry& entry = entries[i];
    auto& time = entries[i].*(column.time);
    if (state == kAbsent) return true;
    if (state == kEqualsFirstGuess) return copy_guess(guess(entry, column.first_guess), time);
    if (state == kEqualsSecondGuess) return copy_guess(guess(entry, column.second_guess), time);
    if (state > kNearSecondGuess) return false;
    const Nanos* from = reference(static_cast<State>(state), entry, column, last);
    if (from == nullptr) return false;
    SplitTime stored = split(*from);
    if (has_seconds) stored.seconds = add(stored.seconds, seconds.varint());
    if (has_nanos) stored.nanos = add(stored.nanos, nanos.varint());
    const bool fits = seconds.ok() && nanos.ok() && join(stored, last);
    time = last;
    return fits;
  });
  if (!seconds.at_end() || !nanos.at_end()) in.fail();
}

}  // namespace ntt::events
