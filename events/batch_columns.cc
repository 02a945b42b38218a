// Taking a block of columns apart.

#include "events/batch_columns.h"

#include <algorithm>

namespace ntt::events {

std::uint32_t shared_prefix(std::string_view a, std::string_view b) {
  const std::size_t length = std::min(a.size(), b.size());
  const auto* end = std::mismatch(a.data(), a.data() + length, b.data()).first;
  return static_cast<std::uint32_t>(end - a.data());
}

ColumnReader::ColumnReader(std::string_view columns, std::size_t count) : count_(count) {
  ByteReader in(columns);
  int last_id = -1;
  while (in.ok() && in.remaining() > 0) {
    const std::uint8_t id = in.u8();
    const std::string_view bytes = in.take(in.varint());
    ok_ = ok_ && in.ok() && id > last_id && !bytes.empty();
    if (!ok_) return;
    columns_[id] = bytes;
    last_id = id;
  }
  ok_ = in.ok();
}

}  // namespace ntt::events
