// Packs of records come back as they were written, and nothing else is taken for one.

#include "events/record_pack.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "events/limits.h"

namespace ntt::events {
namespace {

RecordView view_of(const Record& record) {
  return {record.envelope, record.data_salt, record.attachment_salt, record.data};
}

std::vector<Record> records_of_size(std::size_t count, std::size_t bytes) {
  std::vector<Record> records;
  for (std::size_t i = 0; i < count; ++i) {
    Record record{"envelope " + std::to_string(i), {}, {}, std::string(bytes, 'd')};
    record.data_salt.fill(static_cast<std::uint8_t>(i));
    if (i % 2 == 0) record.attachment_salt.fill(0xA5);
    records.push_back(std::move(record));
  }
  return records;
}

std::string bytes_of(const std::vector<Record>& records) {
  std::string bytes;
  for (const Record& record : records) append_record(bytes, view_of(record));
  return bytes;
}

void expect_equal(const std::vector<Record>& left, const std::vector<Record>& right) {
  EXPECT_EQ(left.size(), right.size());
  EXPECT_EQ(bytes_of(left), bytes_of(right));
}

TEST(RecordPack, RecordsComeBack) {
  for (const std::size_t count : {1U, 2U, 17U, 64U}) {
    const auto records = records_of_size(count, 300);
    const std::string pack = encode_pack(count, bytes_of(records));
    EXPECT_EQ(records_in_pack(pack), count);
    expect_equal(decode_pack(pack).value(), records);
  }
}

TEST(RecordPack, OneRecordIsAsFormat1HadIt) {
  const auto records = records_of_size(1, 1'000'000);
  EXPECT_EQ(encode_pack(1, bytes_of(records)), bytes_of(records));
  expect_equal(decode_pack(bytes_of(records)).value(), records);
}

TEST(RecordPack, NothingCutOffOrPutBehindIsTakenForAPack) {
  const std::string pack = encode_pack(5, bytes_of(records_of_size(5, 40)));
  for (std::size_t length = 0; length < pack.size(); ++length) {
    EXPECT_FALSE(decode_pack(pack.substr(0, length))) << length;
  }
  EXPECT_FALSE(decode_pack(pack + "x"));
}

TEST(RecordPack, AHeadThatSaysAnythingElseIsDamage) {
  const std::string pack = encode_pack(5, bytes_of(records_of_size(5, 40)));
  for (std::size_t at = 0; at < 6; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = pack;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      EXPECT_FALSE(decode_pack(changed)) << "byte " << at << " bit " << bit;
    }
  }
}

RC_GTEST_PROP(RecordPackProperty, AnyRecordsComeBack, ()) {
  using Fields = std::pair<std::string, std::string>;
  const auto fields =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<Fields>>(rc::gen::arbitrary<Fields>()));
  RC_PRE(fields.size() <= kPackRecordsMax);
  std::vector<Record> records;
  for (const auto& [envelope, data] : fields) records.push_back({envelope, {}, {}, data});
  const std::string bytes = bytes_of(records);
  RC_PRE(bytes.size() <= kPackBytesMax);
  RC_ASSERT(bytes_of(decode_pack(encode_pack(records.size(), bytes)).value()) == bytes);
}

}  // namespace
}  // namespace ntt::events
