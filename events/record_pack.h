// Packs: the records of events that follow each other, compressed as one value. Pure.
//
// Format: see FORMAT.md, "Pack". A pack of one record is that record.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "events/envelope.h"

namespace ntt::events {

// `records` are `count` records, one after another as append_record() writes them; 1 to
// kPackRecordsMax, of kPackBytesMax bytes together unless it is one.
std::string encode_pack(std::size_t count, std::string_view records);

// Errc::corruption for anything that encode_pack does not write.
Result<std::vector<Record>> decode_pack(std::string_view pack);

// How many records a pack says that it has, at least 1; nothing is unpacked for it.
std::size_t records_in_pack(std::string_view pack);

}  // namespace ntt::events
