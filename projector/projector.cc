// Projector: one transaction from the checkpoint to the log's head.

#include "projector/projector.h"

#include "projector/checkpoint.h"
#include "projector/locks.h"
#include "projector/log_fold.h"
#include "projector/pg.h"
#include "projector/schema.h"
#include "projector/unfolded.h"

namespace ntt::projector {

using events::Errc;
using events::Error;
using events::Head;
using events::Log;
using events::Result;
using events::Status;

namespace {

class PgProjector final : public Projector {
 public:
  explicit PgProjector(std::string url) : url_(std::move(url)) {}

  Status open();
  Result<ProjectReport> catch_up(const Log& log, const ProjectProgress& progress) override;
  Result<Head> checkpoint() override;

 private:
  Status begin();
  Result<ProjectReport> fold(const Log& log, const ProjectProgress& progress);
  Result<ProjectReport> resolve(const ProjectReport& report, const Error& error);

  std::string url_;
  std::unique_ptr<Pg> pg_;
};

Status PgProjector::open() {
  auto pg = Pg::connect(url_);
  if (!pg) return std::move(pg).error();
  pg_ = std::move(*pg);
  auto opened = open_schema(*pg_);
  if (!opened) pg_.reset();
  return opened;
}

// Begins a transaction, on a new connection if the old one is lost.
Status PgProjector::begin() {
  if (!pg_ || !pg_->is_open()) {
    if (auto opened = open(); !opened) return opened;
  }
  auto begun = pg_->begin();
  if (begun || begun.error().code != Errc::unavailable) return begun;
  if (auto opened = open(); !opened) return opened;
  return pg_->begin();
}

Result<Head> PgProjector::checkpoint() {
  if (auto begun = begin(); !begun) return std::move(begun).error();
  auto head = read_checkpoint(*pg_);
  pg_->roll_back();
  return head;
}

// Everything but the commit.
Result<ProjectReport> PgProjector::fold(const Log& log, const ProjectProgress& progress) {
  if (auto locked = lock_tables(*pg_); !locked) return std::move(locked).error();
  auto from = read_checkpoint(*pg_);
  if (!from) return std::move(from).error();
  if (auto same = check_witness(log, *from); !same) return std::move(same).error();
  auto to = log.head();
  if (!to) return std::move(to).error();
  ProjectReport report{from->seq, to->seq, 0, {}};
  if (to->seq == from->seq) {
    auto unfolded = read_unfolded(*pg_);
    if (!unfolded) return std::move(unfolded).error();
    if (unfolded->empty()) return report;
  }
  auto folded = fold_log(*pg_, log, {from->seq, *to, {}}, progress);
  if (!folded) return std::move(folded).error();
  report.rows = folded->rows;
  report.unfolded = std::move(folded->unfolded);
  return report;
}

// The connection broke during the commit: the checkpoint, written in the same transaction, tells.
Result<ProjectReport> PgProjector::resolve(const ProjectReport& report, const Error& error) {
  auto now = checkpoint();
  if (!now) return Error{Errc::unavailable, error.message};
  if (now->seq >= report.to) return report;
  return Error{Errc::unavailable, "the commit was lost with the connection; call again"};
}

Result<ProjectReport> PgProjector::catch_up(const Log& log, const ProjectProgress& progress) {
  if (auto begun = begin(); !begun) return std::move(begun).error().within("projecting");
  auto report = fold(log, progress);
  if (!report) {
    pg_->roll_back();
    return std::move(report).error().within("projecting");
  }
  auto committed = pg_->commit();
  if (committed) return report;
  if (committed.error().code == Errc::in_doubt) return resolve(*report, committed.error());
  return std::move(committed).error().within("projecting");
}

}  // namespace

Result<std::unique_ptr<Projector>> Projector::connect(const std::string& owner_url) {
  auto projector = std::make_unique<PgProjector>(owner_url);
  auto opened = projector->open();
  if (!opened) return std::move(opened).error();
  return std::unique_ptr<Projector>(std::move(projector));
}

}  // namespace ntt::projector
