// What an export is made of: lines that come back as they were, CSV, body file lines.

#include "tools/ntt/export_line.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <sstream>

#include "tools/ntt/bodyfile.h"
#include "tools/ntt/csv.h"
#include "tools/ntt/line_reader.h"

namespace ntt::tools {
namespace {

using events::Envelope;
using events::Sha256Digest;
using events::WholeRecord;

const std::string kLogId(32, 'a');

std::string bytes_of(std::size_t most) {
  const auto count = *rc::gen::inRange<std::size_t>(0, most);
  return *rc::gen::container<std::string>(count, rc::gen::arbitrary<char>());
}

template <class Fixed>
Fixed some_fixed() {
  return Fixed::from_bytes(
             *rc::gen::container<std::string>(Fixed::kSize, rc::gen::arbitrary<char>()))
      .value();
}

events::Salt some_salt() {
  events::Salt salt{};
  for (auto& byte : salt) byte = *rc::gen::arbitrary<std::uint8_t>();
  return salt;
}

// Any record that a log could hold, fitting digests included.
WholeRecord some_record() {
  WholeRecord record;
  Envelope& envelope = record.envelope;
  envelope.seq = {*rc::gen::arbitrary<std::uint64_t>()};
  envelope.id = some_fixed<events::EventId>();
  envelope.type = "t" + bytes_of(20);
  envelope.version = *rc::gen::arbitrary<std::uint16_t>();
  envelope.medium.text = *rc::gen::element<std::string>("", "carved_sda_20251013", "0123abcd");
  envelope.occurred_at = {*rc::gen::inRange<std::int64_t>(-62167219200000000, 253402300799999999)};
  envelope.recorded_at = {*rc::gen::inRange<std::int64_t>(-62167219200000000, 253402300799999999)};
  envelope.origin = *rc::gen::element(events::Origin::native, events::Origin::imported,
                                      events::Origin::backfilled);
  if (*rc::gen::arbitrary<bool>()) envelope.run = some_fixed<events::RunId>();
  envelope.cause = {*rc::gen::arbitrary<std::uint64_t>()};
  envelope.actor = {bytes_of(9), bytes_of(9), bytes_of(9)};
  record.data = *rc::gen::element<std::string>(
      "{}", R"({"a":1})", R"({"b": 1, "a":[1.0,1e400,"\u0041/\/"]})", "{\"a\":1}\n", "not JSON",
      "\xEF\xBB\xBF{}", "", "{\"a\":1,\"a\":2}", std::string(5000, '['));
  if (*rc::gen::arbitrary<bool>()) record.data = bytes_of(60);
  record.data_salt = some_salt();
  envelope.data_digest = events::salted_digest(record.data_salt, record.data);
  record.attachment = bytes_of(200);
  envelope.attachment_bytes = record.attachment.size();
  if (!record.attachment.empty()) {
    record.attachment_salt = some_salt();
    envelope.attachment_digest = events::salted_digest(record.attachment_salt, record.attachment);
  }
  return record;
}

std::string without_newline(std::string line) {
  EXPECT_EQ(line.back(), '\n');
  line.pop_back();
  EXPECT_EQ(line.find('\n'), std::string::npos);
  return line;
}

RC_GTEST_PROP(ExportLine, AnyRecordComesBackAsItWas, ()) {
  const WholeRecord record = some_record();
  const std::string line = without_newline(LineWriter(kLogId).event(record));
  RC_ASSERT(LineChain().accept(line));
  const WholeRecord back = ExportLine::parse(line).value().record().value();
  RC_ASSERT(back.envelope == record.envelope);
  RC_ASSERT(back.data == record.data);
  RC_ASSERT(back.data_salt == record.data_salt);
  RC_ASSERT(back.attachment == record.attachment);
  RC_ASSERT(back.attachment_salt == record.attachment_salt);
}

RC_GTEST_PROP(ExportLine, AnyLineIsCloudEventsJson, ()) {
  const Json json = Json::parse(LineWriter(kLogId).event(some_record()), nullptr, false);
  RC_ASSERT(json.is_object());
  RC_ASSERT(json.at("specversion") == "1.0");
  for (const char* name : {"id", "source", "type"}) {
    RC_ASSERT(!json.at(name).get<std::string>().empty());
  }
  for (const auto& [name, value] : json.items()) {
    RC_ASSERT(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos);
    RC_ASSERT(name.size() <= 20U);
    RC_ASSERT(name == "data" || value.is_string() || value.is_number_integer());
  }
}

RC_GTEST_PROP(ExportLine, AnyChangedByteIsNoticed, ()) {
  std::string line = without_newline(LineWriter(kLogId).event(some_record()));
  const auto at = *rc::gen::inRange<std::size_t>(0, line.size());
  line[at] = static_cast<char>(line[at] ^ *rc::gen::inRange(1, 256));
  RC_ASSERT(!LineChain().accept(line));
}

RC_GTEST_PROP(ExportLine, AnyBytesAreALineOrAnError, (const std::string& text)) {
  const auto line = ExportLine::parse(text);
  if (!line) RC_ASSERT(line.error().code == events::Errc::invalid);
  if (line) RC_ASSERT(line->begin() || !line->begin().error().message.empty());
}

TEST(ExportLine, ChecksHoldLinesInTheirOrder) {
  LineWriter writer(kLogId);
  const std::string first = without_newline(writer.begin({kLogId, {1}, {0}, "", false, true}));
  const std::string last = without_newline(writer.end({0, {}}));
  LineChain chain;
  EXPECT_TRUE(chain.accept(first));
  EXPECT_FALSE(chain.accept(first)) << "a line that comes twice";
  EXPECT_TRUE(chain.accept(last));
  EXPECT_FALSE(LineChain().accept(last)) << "a line whose predecessor is missing";
}

TEST(ExportLine, FramesSayWhatWasPutIntoThem) {
  LineWriter writer(kLogId);
  const auto begin =
      ExportLine::parse(without_newline(writer.begin({kLogId, {3}, {9}, "abcd", true, false})))
          .value()
          .begin()
          .value();
  EXPECT_EQ(begin.log_id, kLogId);
  EXPECT_EQ(begin.last, events::Sequence{9});
  EXPECT_TRUE(begin.batches);
  EXPECT_FALSE(begin.restorable);
  const events::Head head{{9}, Sha256Digest{{1}}, Sha256Digest{{2}}};
  const auto end = ExportLine::parse(without_newline(writer.end({7, head}))).value().end().value();
  EXPECT_EQ(end.events, 7U);
  EXPECT_EQ(end.head, head);
}

TEST(Csv, FieldsAreQuotedWhereRfc4180WantsIt) {
  std::ostringstream out;
  write_csv_row(out, {"plain", "", "a,b", "say \"yes\"", "two\nlines", "caf\xC3\xA9"});
  EXPECT_EQ(out.str(), "plain,,\"a,b\",\"say \"\"yes\"\"\",\"two\nlines\",caf\xC3\xA9\r\n");
}

TEST(LineReader, RefusesLinesThatAreTooLongOrCutOff) {
  std::istringstream good("one\n\nthree\n");
  LineReader lines(good, 5);
  EXPECT_EQ(lines.next().value(), "one");
  EXPECT_EQ(lines.next().value(), "");
  EXPECT_EQ(lines.next().value(), "three");
  EXPECT_EQ(lines.number(), 3U);
  EXPECT_EQ(lines.next().value(), std::nullopt);
  std::istringstream long_line("123456\n");
  EXPECT_FALSE(LineReader(long_line, 5).next());
  std::istringstream cut("123");
  EXPECT_FALSE(LineReader(cut, 5).next());
}

TEST(Bodyfile, LinesHaveElevenFieldsWhateverTheName) {
  events::Entry entry;
  entry.type = events::EntryType::file;
  entry.path = "a|b\n\xff";
  entry.inode = 12;
  entry.mode = 04751;
  entry.uid = 1;
  entry.gid = 2;
  entry.size = 3;
  entry.modify_time = -1;
  entry.access_time = 1999999999;
  EXPECT_EQ(bodyfile_line({2}, entry), "0|/2/a\\x7cb\\x0a\\xff|12|r/rrwsr-x--x|1|2|3|1|-1|0|0\n");
  entry.allocated = false;
  EXPECT_NE(bodyfile_line({2}, entry).find("\\xff (deleted)|12|"), std::string::npos);
  entry.type = events::EntryType::symlink;
  entry.mode = 01666;
  entry.symlink_target = "x|y";
  EXPECT_NE(bodyfile_line({0}, entry).find(" -> x\\x7cy (deleted)|12|l/lrw-rw-rwT|"),
            std::string::npos);
}

}  // namespace
}  // namespace ntt::tools
