// Any text is a mapfile or an error, and any bytes are a legacy record or an error.

#include "stages/mapfile.h"
#include "stages/raw_record.h"
#include "tests/fuzz/fuzz.h"

using namespace ntt;  // NOLINT(google-build-using-namespace)

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = events::input(data, size);
  const auto mapfile = stages::parse_mapfile(bytes);
  if (mapfile) {
    CHECK(mapfile->rescued_bytes <= mapfile->total_bytes);
    CHECK(mapfile->regions.size() <= 1000);
  } else {
    CHECK(mapfile.error().code == events::Errc::invalid);
  }
  const auto record = stages::parse_raw_record(bytes);
  if (record) {
    CHECK(bytes.ends_with(record->path));
    CHECK(record->path.ends_with(stages::RawPathRule(record->path).place(record->path).path));
  } else {
    CHECK(record.error().code == events::Errc::invalid);
  }
  return 0;
}
