// Where the live tables stand, the fold up to there, and what is asked of both.

#include "projector/examination.h"

#include "projector/checkpoint.h"
#include "projector/locks.h"

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Head;
using events::Log;
using events::Result;
using events::Status;

namespace {

constexpr const char* kShadowSchema = "ntt_shadow";

// The work in a transaction that changes nothing.
template <class Work>
auto reading(Pg& pg, const Work& work) -> decltype(work()) {
  if (auto begun = pg.begin(); !begun) return std::move(begun).error();
  auto done = work();
  pg.roll_back();
  return done;
}

// What the live tables say of themselves. Errc::corruption when that cannot be.
Result<Checkpoint> read_live(Pg& pg, const Log& log) {
  auto live = read_any_checkpoint(pg);
  if (!live) return live;
  if (live->version == 0) {
    auto rows = pg.query("SELECT EXISTS (SELECT FROM ntt.event), EXISTS (SELECT FROM ntt.medium)");
    if (!rows) return std::move(rows).error();
    if (rows->at(0).at(0) == "f" && rows->at(0).at(1) == "f") return live;
    return Error{Errc::corruption, "the tables hold rows and no checkpoint"};
  }
  if (auto same = check_witness(log, live->head); !same) return std::move(same).error();
  return live;
}

}  // namespace

Result<std::unique_ptr<Examination>> Examination::begin(
    const std::string& owner_url, const Log& log, const std::optional<events::MediumId>& medium,
    const ProjectProgress& progress) {
  std::unique_ptr<Examination> examination(new Examination());
  auto shadow = Shadow::open(owner_url, kShadowSchema);
  if (!shadow) return std::move(shadow).error();
  examination->shadow_ = std::move(*shadow);
  examination->medium_ = medium;
  Pg& pg = examination->shadow_->pg();
  auto live = reading(pg, [&] { return read_live(pg, log); });
  auto to = live ? Result<Head>(live->head) : log.head();
  if (live) {
    examination->live_ = live->head;
    examination->live_version_ = live->version;
  } else if (live.error().code == Errc::corruption || live.error().code == Errc::invalid) {
    examination->witness_problem_ = live.error().message;
  } else {
    return std::move(live).error();
  }
  if (!to) return std::move(to).error();
  auto built = examination->shadow_->build(log, *to, medium, progress);
  if (!built) return std::move(built).error();
  return examination;
}

Examination::~Examination() {
  // What stays is dropped by the next one.
  if (shadow_ && shadow_->pg().is_open()) (void)shadow_->drop();
}

// Begins a transaction in which the live tables stay where the fold is.
Status Examination::lock_where_both_stand(const Log& log) {
  Pg& pg = shadow_->pg();
  while (true) {
    if (auto begun = pg.begin(); !begun) return begun;
    if (auto locked = wait_for_tables(pg); !locked) return locked;
    if (!witness_problem_.empty()) return {};  // nothing tells where they stand
    auto now = read_live(pg, log);
    if (!now) return std::move(now).error();
    if (now->head.seq <= position().seq) return {};
    pg.roll_back();
    auto folded = shadow_->catch_up(log, now->head, {});
    if (!folded) return std::move(folded).error();
    live_ = now->head;
  }
}

Result<std::uint64_t> Examination::compare(const Log& log, bool checkpoint,
                                           const std::function<Status(const Difference&)>& visit) {
  Pg& pg = shadow_->pg();
  auto locked = lock_where_both_stand(log);
  Result<std::uint64_t> rows =
      locked ? compare_with_shadow(pg, shadow_->schema(), {medium_, checkpoint}, visit)
             : Result<std::uint64_t>(locked.error());
  pg.roll_back();
  return rows;
}

Status Examination::query(const std::string& sql, const std::function<Status(const Row&)>& visit) {
  Pg& pg = shadow_->pg();
  return reading(pg, [&]() -> Status {
    auto opened = pg.execute("DECLARE asked NO SCROLL CURSOR FOR " + sql);
    if (!opened) return std::move(opened).error();
    while (true) {
      auto rows = pg.query("FETCH 1000 FROM asked");
      if (!rows) return std::move(rows).error();
      if (rows->empty()) return {};
      for (const Row& row : *rows) {
        if (auto done = visit(row); !done) return done;
      }
    }
  });
}

Status Examination::repair(const RepairPlan& plan) {
  return repair_from(*shadow_, plan, live_);
}

}  // namespace ntt::projector
