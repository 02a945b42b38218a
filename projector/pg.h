// Pg: one connection to PostgreSQL. pg.cc is the only file that knows libpqxx and libpq.
//
// Exceptions of libpqxx end there and become Errors: unavailable (no server, or it went away),
// in_doubt (the connection broke while committing), conflict (a lock or a concurrent change), io
// (out of disk or memory), invalid (anything else the server refuses).

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/result.h"

namespace ntt::projector {

using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

// Not thread-safe.
class Pg {
 public:
  static events::Result<std::unique_ptr<Pg>> connect(const std::string& url);
  // Whether a server answers at `url`, without logging in.
  static bool answers(const std::string& url);

  ~Pg();
  Pg(const Pg&) = delete;
  Pg& operator=(const Pg&) = delete;

  [[nodiscard]] bool is_open() const;

  // One transaction at a time; everything below but execute_alone() needs one.
  events::Status begin();
  // One that only reads, and sees one state of all tables: that of the first query after it, which
  // LOCK TABLE and SET are not.
  events::Status begin_snapshot();
  events::Status commit();  // after an error the transaction is over all the same
  void roll_back();         // does nothing without a transaction

  // Runs statements, several if separated by semicolons. Returns the number of rows that the last
  // one changed.
  events::Result<std::uint64_t> execute(const std::string& sql);
  events::Result<Rows> query(const std::string& sql);
  // Runs a statement that must not be in a transaction (CREATE DATABASE).
  events::Status execute_alone(const std::string& sql);

  // An SQL literal. NUL cannot be in it.
  [[nodiscard]] std::string quote(const std::string& text) const;

  // COPY ... FROM STDIN: begin, send any number of pieces, end. After an error the transaction is
  // lost.
  events::Status copy_begin(const std::string& sql);
  events::Status copy_send(std::string_view bytes);
  events::Result<std::uint64_t> copy_end();  // rows

  // COPY ... TO STDOUT: begin, then a row at a time as the server sends them, until there is none.
  // Until then nothing else may be called but roll_back(). After an error the transaction is lost.
  events::Status copy_out_begin(const std::string& sql);
  // Lives until the next call.
  events::Result<std::optional<std::string_view>> copy_out_next();
  // The whole of one; an error of `take` ends it.
  events::Status copy_out(const std::string& sql,
                          const std::function<events::Status(std::string_view)>& take);

 private:
  struct Impl;
  explicit Pg(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// execute() where the number of rows does not matter.
events::Status run(Pg& pg, const std::string& sql);
// Whether an SQL condition holds.
events::Result<bool> asks(Pg& pg, const std::string& condition);

// An SQL identifier, quoted.
std::string quote_name(std::string_view name);

}  // namespace ntt::projector
