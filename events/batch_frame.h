// The frame around a block of columns: what makes it an attachment. Only the batch codec uses this.

#pragma once

#include <string>
#include <string_view>

#include "events/batch.h"
#include "events/batch_columns.h"

namespace ntt::events {

enum class BatchKind : std::uint8_t {  // part of the format
  entries = 1,
  decisions = 2,
  copies = 3,
  verifications = 4,
};

// A block begins with its kind and the number of its records.
void append_block_head(std::string& block, BatchKind kind, std::size_t count);

EncodedBatch pack_block(const Block& block);
Result<std::string> unpack_block(std::string_view attachment, ExpectedDigest expected);

Error batch_error(std::string_view what);

}  // namespace ntt::events
