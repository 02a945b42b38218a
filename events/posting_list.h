// Posting lists: the events that an index has under one key. Pure.
//
// The key ends in the first event's sequence number; the value tells the others. Format: see
// FORMAT.md, "Posting lists".

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "events/types.h"

namespace ntt::events {

// Of the indexes of media, types and runs: events of one append, in ascending order.
struct PostingList {
  std::string label;  // what the index says of each of them: by medium its type, else nothing
  std::vector<Sequence> events;
};

// Grows the value of a posting list, one event at a time.
class PostingWriter {
 public:
  PostingWriter(Sequence first, std::string_view label);

  // `event` is above all before it.
  void add(Sequence event);

  [[nodiscard]] Sequence first() const { return first_; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] const std::string& label() const { return label_; }
  [[nodiscard]] std::string value() const;

 private:
  Sequence first_;
  Sequence last_;
  std::size_t count_ = 1;
  std::string label_;
  std::string rest_;
};

// `first`: from the key. Errc::corruption for what no PostingWriter writes.
Result<PostingList> decode_postings(Sequence first, std::string_view value);
// The label alone.
std::string_view label_of(std::string_view value);

// Of the index of times: by time, and by number where times are equal.
struct TimedEvent {
  Timestamp occurred_at;
  Sequence seq;
  auto operator<=>(const TimedEvent&) const = default;
};

// The value of 1 to kPostingsMax events in order, the last at most kTimeSpanMax behind the first.
std::string encode_times(const std::vector<TimedEvent>& events);
Result<std::vector<TimedEvent>> decode_times(TimedEvent first, std::string_view value);

}  // namespace ntt::events
