// CopyReader: rows out of a query with one binary COPY, field by field and without a copy of them.
// The format: PostgreSQL's documentation of COPY, "Binary Format".

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "events/types.h"
#include "projector/pg.h"

namespace ntt::projector {

// Usage: start(), then next() for each row and one call a column in order. Not thread-safe; `pg`
// must outlive it and do nothing else until next() said that there are no more rows. A field of
// another size than its type has makes next() fail: Errc::corruption.
class CopyReader {
 public:
  explicit CopyReader(Pg& pg) : pg_(pg) {}

  events::Status start(const std::string& query);
  // False: the rows are over.
  events::Result<bool> next();

  // What is NULL is absent. Views live until the next row.
  std::optional<std::string_view> bytes();  // text, bytea
  std::optional<std::int64_t> int8();
  std::optional<bool> boolean();
  std::optional<events::Timestamp> timestamp();  // infinity is absent

 private:
  std::uint64_t number(std::size_t size);
  std::optional<std::string_view> field(std::size_t size);
  Pg& pg_;
  std::string_view row_;
  bool is_first_ = true;
  bool is_whole_ = true;
};

}  // namespace ntt::projector
