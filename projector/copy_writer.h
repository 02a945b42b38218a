// CopyWriter: rows into a table with one binary COPY, encoded into one buffer that is sent in
// pieces. No allocation a row.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "events/types.h"
#include "projector/pg.h"

namespace ntt::projector {

// Usage: start(), then for each row row() and one call a column in order, then finish(). Not
// thread-safe; `pg` must outlive it and do nothing else in between.
class CopyWriter {
 public:
  explicit CopyWriter(Pg& pg) : pg_(pg) {}

  // `table` and `columns` ("a, b") go into the statement as they are. `frozen` for a table that
  // this transaction made: its rows need no later visit.
  events::Status start(const std::string& table, const std::string& columns, bool frozen);
  // Begins a row; sends what is full. An error ends the COPY and the transaction.
  events::Status row();
  events::Result<std::uint64_t> finish();  // rows written

  void null();
  void boolean(bool value);
  void int4(std::int32_t value);
  void int8(std::int64_t value);
  void bytes(std::string_view value);  // bytea
  // Text that is known to be UTF-8 without NUL.
  void plain(std::string_view value);
  // Any text: what PostgreSQL cannot hold is escaped (events/bytes.h).
  void text(std::string_view value);
  void json(std::string_view value);  // jsonb; JSON text
  void uuid(std::string_view raw);    // 16 bytes
  void timestamp(events::Timestamp time);
  // text[] with no element, or one.
  void text_array(const std::string* only);
  // The 64 hex digits of a blob id.
  void hex(std::string_view raw);

  void optional_int8(const std::optional<std::int64_t>& value) { value ? int8(*value) : null(); }

 private:
  void field(std::size_t size);
  Pg& pg_;
  std::string buffer_;
  std::uint16_t columns_ = 0;
};

// Unsigned values in PostgreSQL's signed columns: identifiers keep their 64 bits, sizes stop at the
// largest.
constexpr std::int64_t same_bits(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
constexpr std::int64_t clamped(std::uint64_t value) {
  return value > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(value);
}

}  // namespace ntt::projector
