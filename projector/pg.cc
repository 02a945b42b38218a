// Pg on libpqxx 6; bulk rows go through libpq's own COPY calls on the same connection, because
// libpqxx 6 streams text only and allocates a string for each field.

#include "projector/pg.h"

#include <libpq-fe.h>

#include <pqxx/pqxx>

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Result;
using events::Status;

// Connects as usual and keeps the handle that libpqxx hides.
class HandleKeeper : public pqxx::connect_direct {
 public:
  explicit HandleKeeper(const std::string& options) : connect_direct(options) {}
  handle do_startconnect(handle original) override {
    kept_ = connect_direct::do_startconnect(original);
    return kept_;
  }
  [[nodiscard]] PGconn* kept() const { return kept_; }

 private:
  handle kept_ = nullptr;
};

class Connection : public pqxx::connection_base {
 public:
  explicit Connection(const std::string& url) : connection_base(policy_), policy_(url) { init(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() noexcept { close(); }
  [[nodiscard]] PGconn* raw() const { return policy_.kept(); }

 private:
  HandleKeeper policy_;
};

namespace {

Errc code_of(std::string_view sqlstate) {
  if (sqlstate.substr(0, 2) == "08" || sqlstate.substr(0, 3) == "57P") return Errc::unavailable;
  if (sqlstate == "55P03" || sqlstate.substr(0, 2) == "40") return Errc::conflict;
  if (sqlstate.substr(0, 2) == "53" || sqlstate.substr(0, 2) == "58") return Errc::io;
  if (sqlstate.substr(0, 2) == "XX") return Errc::corruption;
  return Errc::invalid;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

// Runs `work` and turns what it throws into an Error.
template <class Work>
auto guarded(const pqxx::connection_base* connection, const Work& work)
    -> Result<decltype(work())> {
  try {
    if constexpr (std::is_void_v<decltype(work())>) {
      work();
      return {};
    } else {
      return work();
    }
  } catch (const pqxx::in_doubt_error& error) {
    return Error{Errc::in_doubt, trimmed(error.what())};
  } catch (const pqxx::broken_connection& error) {
    return Error{Errc::unavailable, trimmed(error.what())};
  } catch (const pqxx::sql_error& error) {
    const bool open = connection != nullptr && connection->is_open();
    return Error{open ? code_of(error.sqlstate()) : Errc::unavailable, trimmed(error.what())};
  } catch (const std::exception& error) {
    const bool open = connection != nullptr && connection->is_open();
    return Error{open ? Errc::invalid : Errc::unavailable, trimmed(error.what())};
  }
}

struct ResultFreer {
  void operator()(PGresult* result) const { PQclear(result); }
};
using RawResult = std::unique_ptr<PGresult, ResultFreer>;

// The server stops sending, and what it has sent is thrown away.
void abandon_copy(PGconn* raw) {
  if (PGcancel* const cancel = PQgetCancel(raw); cancel != nullptr) {
    char ignored[256];
    PQcancel(cancel, ignored, sizeof ignored);
    PQfreeCancel(cancel);
  }
  char* row = nullptr;
  while (PQgetCopyData(raw, &row, 0) > 0) PQfreemem(row);
  while (RawResult(PQgetResult(raw))) {
  }
}

}  // namespace

struct Pg::Impl {
  Connection connection;
  std::unique_ptr<pqxx::dbtransaction> transaction;
  std::unique_ptr<char, void (*)(void*)> piece{nullptr, PQfreemem};  // of the COPY that runs
  bool copies_out = false;

  explicit Impl(const std::string& url) : connection(url) {}

  template <class Transaction>
  Status begin();

  [[nodiscard]] Error raw_error(const PGresult* result) const {
    const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const bool lost = PQstatus(connection.raw()) == CONNECTION_BAD;
    const std::string text =
        result == nullptr ? PQerrorMessage(connection.raw()) : PQresultErrorMessage(result);
    return {lost || state == nullptr ? Errc::unavailable : code_of(state), trimmed(text)};
  }
};

Pg::Pg(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pg::~Pg() {
  roll_back();
}

Result<std::unique_ptr<Pg>> Pg::connect(const std::string& url) {
  auto impl = guarded(nullptr, [&] { return std::make_unique<Impl>(url); });
  if (!impl) return std::move(impl).error();
  // Notices ("relation exists, skipping") are not for users of a command.
  PQsetNoticeProcessor((*impl)->connection.raw(), [](void*, const char*) {}, nullptr);
  return std::unique_ptr<Pg>(new Pg(std::move(*impl)));
}

bool Pg::answers(const std::string& url) {
  return PQping(url.c_str()) == PQPING_OK;
}

bool Pg::is_open() const {
  return PQstatus(impl_->connection.raw()) == CONNECTION_OK;
}

// libpqxx says BEGIN with the first statement, which must not be one that fixes what a snapshot
// sees.
template <class Transaction>
Status Pg::Impl::begin() {
  CHECK(!transaction);
  // libpqxx would reconnect silently, without the session's settings.
  if (PQstatus(connection.raw()) != CONNECTION_OK) {
    return Error{Errc::unavailable, "the connection to PostgreSQL is lost"};
  }
  return guarded(&connection, [&] {
    transaction = std::make_unique<Transaction>(connection);
    transaction->exec("SHOW transaction_isolation");
  });
}

Status Pg::begin() {
  return impl_->begin<pqxx::work>();
}

Status Pg::begin_snapshot() {
  return impl_->begin<pqxx::transaction<pqxx::isolation_level::repeatable_read,
                                        pqxx::readwrite_policy::read_only>>();
}

Status Pg::commit() {
  CHECK(impl_->transaction);
  auto done = guarded(&impl_->connection, [&] { impl_->transaction->commit(); });
  impl_->transaction.reset();
  return done;
}

void Pg::roll_back() {
  if (impl_->copies_out) abandon_copy(impl_->connection.raw());
  impl_->copies_out = false;
  impl_->transaction.reset();
}

Result<std::uint64_t> Pg::execute(const std::string& sql) {
  CHECK(impl_->transaction);
  return guarded(&impl_->connection, [&] {
    return static_cast<std::uint64_t>(impl_->transaction->exec(sql).affected_rows());
  });
}

Result<Rows> Pg::query(const std::string& sql) {
  CHECK(impl_->transaction);
  return guarded(&impl_->connection, [&] {
    Rows rows;
    for (const auto& row : impl_->transaction->exec(sql)) {
      Row& out = rows.emplace_back();
      for (const auto& field : row) {
        if (field.is_null()) {
          out.emplace_back();
        } else {
          out.emplace_back(std::string(field.c_str(), field.size()));
        }
      }
    }
    return rows;
  });
}

Status Pg::execute_alone(const std::string& sql) {
  CHECK(!impl_->transaction);
  return guarded(&impl_->connection, [&] {
    pqxx::nontransaction alone(impl_->connection);
    alone.exec(sql);
  });
}

std::string Pg::quote(const std::string& text) const {
  CHECK(text.find('\0') == std::string::npos);
  std::string quoted(text.size() * 2 + 1, '\0');
  quoted.resize(PQescapeStringConn(impl_->connection.raw(), quoted.data(), text.data(), text.size(),
                                   nullptr));
  return "'" + quoted + "'";
}

Status Pg::copy_begin(const std::string& sql) {
  CHECK(impl_->transaction);
  const RawResult result(PQexec(impl_->connection.raw(), sql.c_str()));
  if (PQresultStatus(result.get()) != PGRES_COPY_IN) return impl_->raw_error(result.get());
  return {};
}

Status Pg::copy_send(std::string_view bytes) {
  PGconn* const raw = impl_->connection.raw();
  if (PQputCopyData(raw, bytes.data(), static_cast<int>(bytes.size())) == 1) return {};
  const Error error = impl_->raw_error(nullptr);
  PQputCopyEnd(raw, "the sender failed");
  while (RawResult(PQgetResult(raw))) {
  }
  return error;
}

Result<std::uint64_t> Pg::copy_end() {
  PGconn* const raw = impl_->connection.raw();
  if (PQputCopyEnd(raw, nullptr) != 1) return impl_->raw_error(nullptr);
  RawResult result(PQgetResult(raw));
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
    const Error error = impl_->raw_error(result.get());
    while (RawResult(PQgetResult(raw))) {
    }
    return error;
  }
  const std::uint64_t rows = std::strtoull(PQcmdTuples(result.get()), nullptr, 10);
  while (RawResult(PQgetResult(raw))) {
  }
  return rows;
}

Status Pg::copy_out_begin(const std::string& sql) {
  CHECK(impl_->transaction && !impl_->copies_out);
  const RawResult result(PQexec(impl_->connection.raw(), sql.c_str()));
  if (PQresultStatus(result.get()) != PGRES_COPY_OUT) return impl_->raw_error(result.get());
  impl_->copies_out = true;
  return {};
}

Result<std::optional<std::string_view>> Pg::copy_out_next() {
  CHECK(impl_->copies_out);
  PGconn* const raw = impl_->connection.raw();
  char* buffer = nullptr;
  const int size = PQgetCopyData(raw, &buffer, 0);
  impl_->piece.reset(buffer);
  if (size > 0) return std::optional(std::string_view(buffer, static_cast<std::size_t>(size)));
  impl_->copies_out = false;
  if (size == -2) return impl_->raw_error(nullptr);
  Status ended;
  while (const RawResult result{PQgetResult(raw)}) {
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) ended = impl_->raw_error(result.get());
  }
  if (!ended) return std::move(ended).error();
  return std::optional<std::string_view>();
}

Status Pg::copy_out(const std::string& sql, const std::function<Status(std::string_view)>& take) {
  if (auto begun = copy_out_begin(sql); !begun) return begun;
  while (true) {
    auto row = copy_out_next();
    if (!row) return std::move(row).error();
    if (!*row) return {};
    if (auto taken = take(**row); !taken) {
      roll_back();
      return taken;
    }
  }
}

Status run(Pg& pg, const std::string& sql) {
  auto done = pg.execute(sql);
  if (!done) return std::move(done).error();
  return {};
}

Result<bool> asks(Pg& pg, const std::string& condition) {
  auto rows = pg.query("SELECT " + condition);
  if (!rows) return std::move(rows).error();
  return rows->at(0).at(0) == "t";
}

std::string quote_name(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace ntt::projector
