// Any bytes are a line of an export, which then gives a record or an error, or are refused.

#include "tests/fuzz/fuzz.h"
#include "tools/ntt/export_line.h"

using namespace ntt::events;  // NOLINT(google-build-using-namespace)
using ntt::tools::ExportLine;
using ntt::tools::LineKind;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = input(data, size);
  ntt::tools::LineChain().accept(text);
  const auto line = ExportLine::parse(text);
  if (!line) {
    CHECK(line.error().code == Errc::invalid);
    return 0;
  }
  if (line->kind() == LineKind::begin)
    CHECK(line->begin() || !line->begin().error().message.empty());
  if (line->kind() == LineKind::end) CHECK(line->end() || !line->end().error().message.empty());
  if (line->kind() != LineKind::event) return 0;
  const auto record = line->record();
  if (!record) return 0;
  // What was read is written so that it is read again.
  std::string again = ntt::tools::LineWriter("").event(*record);
  again.pop_back();
  const auto parsed = ExportLine::parse(again);
  CHECK(parsed && parsed->kind() == LineKind::event);
  if (const auto back = parsed->record()) CHECK(back->data == record->data);
  return 0;
}
