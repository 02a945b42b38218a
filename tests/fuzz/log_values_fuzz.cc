// What lies under the keys of a log is read or refused, and never more than it may be.

#include "events/limits.h"
#include "events/posting_list.h"
#include "events/record_pack.h"
#include "tests/fuzz/fuzz.h"

using namespace ntt::events;  // NOLINT(google-build-using-namespace)

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = input(data, size);
  if (const auto records = decode_pack(bytes)) {
    CHECK(records->size() == records_in_pack(bytes));
    std::string again;
    for (const Record& record : *records) {
      append_record(again,
                    {record.envelope, record.data_salt, record.attachment_salt, record.data});
    }
    if (records->size() == 1 && bytes.front() == 1) CHECK(again == bytes);
  }
  if (const auto list = decode_postings({1}, bytes)) {
    PostingWriter writer({1}, list->label);
    for (std::size_t i = 1; i < list->events.size(); ++i) writer.add(list->events[i]);
    CHECK(decode_postings({1}, writer.value())->events == list->events);
    CHECK(list->events.size() <= kPostingsMax);
  }
  if (const auto times = decode_times({{0}, {1}}, bytes)) {
    CHECK(times->size() <= kPostingsMax);
    CHECK(times->back().occurred_at.micros <= kTimeSpanMax);
  }
  return 0;
}
