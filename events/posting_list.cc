// Differences as varints.

#include "events/posting_list.h"

#include "events/bytes.h"
#include "events/limits.h"

namespace ntt::events {

namespace {

constexpr char kRestFollows = '\0';  // no label has this byte in it

Error posting_error() {
  return {Errc::corruption, "a posting list of an index is damaged"};
}

}  // namespace

PostingWriter::PostingWriter(Sequence first, std::string_view label)
    : first_(first), last_(first), label_(label) {}

void PostingWriter::add(Sequence event) {
  append_varint(rest_, event.value - last_.value);
  last_ = event;
  count_ += 1;
}

std::string PostingWriter::value() const {
  return rest_.empty() ? label_ : label_ + kRestFollows + rest_;
}

std::string_view label_of(std::string_view value) {
  return value.substr(0, value.find(kRestFollows));
}

Result<PostingList> decode_postings(Sequence first, std::string_view value) {
  PostingList list{std::string(label_of(value)), {first}};
  if (list.label.size() == value.size()) return list;
  ByteReader rest(value.substr(list.label.size() + 1));
  Sequence last = first;
  do {
    const std::uint64_t step = rest.varint();
    if (step == 0 || step > UINT64_MAX - last.value || list.events.size() == kPostingsMax) {
      return posting_error();  // also where a varint was cut off
    }
    last.value += step;
    list.events.push_back(last);
  } while (!rest.at_end());
  return list;
}

std::string encode_times(const std::vector<TimedEvent>& events) {
  std::string out;
  for (std::size_t i = 1; i < events.size(); ++i) {
    const TimedEvent& before = events[i - 1];
    append_varint(
        out, static_cast<std::uint64_t>(events[i].occurred_at.micros - before.occurred_at.micros));
    append_varint(out, zigzag(static_cast<std::int64_t>(events[i].seq.value - before.seq.value)));
  }
  return out;
}

Result<std::vector<TimedEvent>> decode_times(TimedEvent first, std::string_view value) {
  std::vector<TimedEvent> events = {first};
  ByteReader rest(value);
  while (rest.remaining() > 0) {
    TimedEvent next = events.back();
    const std::uint64_t later = rest.varint();
    next.seq.value += static_cast<std::uint64_t>(unzigzag(rest.varint()));
    const std::int64_t span = next.occurred_at.micros - first.occurred_at.micros;
    if (!rest.ok() || later > static_cast<std::uint64_t>(kTimeSpanMax - span) ||
        events.size() == kPostingsMax) {
      return posting_error();
    }
    next.occurred_at.micros += static_cast<std::int64_t>(later);
    if (next <= events.back()) return posting_error();
    events.push_back(next);
  }
  return events;
}

}  // namespace ntt::events
