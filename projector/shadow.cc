// The same fold as the live tables', under another search_path.

#include "projector/shadow.h"

#include "projector/locks.h"
#include "projector/schema.h"

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Head;
using events::Result;
using events::Status;

namespace {

Result<std::unique_ptr<Pg>> connect(const std::string& owner_url, const std::string& schema) {
  auto pg = Pg::connect(owner_url);
  if (!pg) return pg;
  if (auto opened = open_schema_of_any_version(**pg); !opened) return std::move(opened).error();
  if (auto begun = (*pg)->begin(); !begun) return std::move(begun).error();
  if (auto locked = lock_shadow(**pg, schema); !locked) return std::move(locked).error();
  if (auto committed = (*pg)->commit(); !committed) return std::move(committed).error();
  return pg;
}

// The work and its commit, or nothing.
template <class Work>
Result<std::uint64_t> in_transaction(Pg& pg, const Work& work) {
  if (auto begun = pg.begin(); !begun) return std::move(begun).error();
  Result<std::uint64_t> rows = work();
  if (!rows) {
    pg.roll_back();
    return rows;
  }
  if (auto committed = pg.commit(); !committed) return std::move(committed).error();
  return rows;
}

}  // namespace

Result<std::unique_ptr<Shadow>> Shadow::open(const std::string& owner_url, std::string schema) {
  auto pg = connect(owner_url, schema);
  if (!pg) return std::move(pg).error().within("making tables beside the live ones");
  return std::unique_ptr<Shadow>(new Shadow(owner_url, std::move(*pg), std::move(schema)));
}

Result<std::uint64_t> Shadow::fold(const events::Log& log, const FoldRange& range,
                                   const ProjectProgress& progress, Pg* aside) {
  auto folded = fold_log(*pg_, log, range, progress, aside);
  if (!folded) return std::move(folded).error();
  unfolded_ = std::move(folded->unfolded);
  return folded->rows;
}

// Two connections write, each in its transaction.
Result<std::uint64_t> Shadow::fold_all(const events::Log& log, const Head& to,
                                       const ProjectProgress& progress) {
  auto aside = Pg::connect(owner_url_);
  if (!aside) return std::move(aside).error();
  if (auto opened = open_schema_of_any_version(**aside); !opened) return std::move(opened).error();
  return in_transaction(**aside, [&]() -> Result<std::uint64_t> {
    if (auto done = write_in(**aside, schema_); !done) return std::move(done).error();
    return in_transaction(*pg_, [&] { return fold(log, {{}, to, {}}, progress, aside->get()); });
  });
}

Result<std::uint64_t> Shadow::build(const events::Log& log, const Head& to,
                                    const std::optional<events::MediumId>& medium,
                                    const ProjectProgress& progress) {
  auto rows = in_transaction(*pg_, [&]() -> Result<std::uint64_t> {
    auto made = make_schema(*pg_, schema_);
    if (made) return 0;
    if (made.error().code != Errc::invalid) return std::move(made).error();
    return Error{Errc::invalid, made.error().message +
                                    "; an administrator can allow it: GRANT CREATE ON DATABASE "
                                    "<name> TO ntt_projector"};
  });
  if (rows && to.seq && medium) {
    rows = in_transaction(*pg_, [&] { return fold(log, {{}, to, medium}, progress, nullptr); });
  } else if (rows && to.seq) {
    rows = fold_all(log, to, progress);
  }
  if (!rows) return std::move(rows).error().within("folding the log into schema " + schema_);
  position_ = to;
  medium_ = medium;
  return rows;
}

Result<std::uint64_t> Shadow::catch_up(const events::Log& log, const Head& to,
                                       const ProjectProgress& progress) {
  if (to.seq <= position_.seq) return 0;
  auto rows = in_transaction(*pg_, [&] {
    return fold(log, {position_.seq, to, medium_}, progress, nullptr);
  });
  if (!rows) return std::move(rows).error().within("folding the log into schema " + schema_);
  position_ = to;
  return rows;
}

Status Shadow::drop() {
  auto dropped = in_transaction(
      *pg_, [&] { return pg_->execute("DROP SCHEMA IF EXISTS " + schema_ + " CASCADE"); });
  if (!dropped) return std::move(dropped).error();
  return {};
}

}  // namespace ntt::projector
