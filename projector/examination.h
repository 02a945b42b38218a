// Examination: the live tables held against a fold of the log made for the purpose.
//
// The fold goes as far as the live tables do, so that a lag is no difference. It lies in schema
// ntt_shadow for as long as the examination lives; the live tables are only read, unless repaired.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "events/log.h"
#include "projector/comparison.h"
#include "projector/projector.h"
#include "projector/repair.h"
#include "projector/shadow.h"

namespace ntt::projector {

// Not thread-safe.
class Examination {
 public:
  // With a medium: its rows only. Errors: conflict (another one is at work), corruption (the
  // log is damaged), unavailable, invalid.
  static events::Result<std::unique_ptr<Examination>> begin(
      const std::string& owner_url, const events::Log& log,
      const std::optional<events::MediumId>& medium, const ProjectProgress& progress);
  ~Examination();
  Examination(const Examination&) = delete;
  Examination& operator=(const Examination&) = delete;

  // Where the live tables say that they stand, and by which rules they were folded; 0: none were.
  [[nodiscard]] const events::Head& live_position() const { return live_; }
  [[nodiscard]] int live_version() const { return live_version_; }
  // In words, if the log at that position is not the one that the live tables were made from. The
  // fold then goes up to the log's head. Empty: it is.
  [[nodiscard]] const std::string& witness_problem() const { return witness_problem_; }
  // Up to where the log was folded.
  [[nodiscard]] const events::Head& position() const { return shadow_->position(); }

  // What could not be folded up to there.
  [[nodiscard]] const std::vector<UnfoldedEvent>& unfolded() const { return shadow_->unfolded(); }

  // Returns the number of rows compared. `checkpoint`: its row too. Projectors wait meanwhile; what
  // they have brought in since begin() is folded first.
  events::Result<std::uint64_t> compare(
      const events::Log& log, bool checkpoint,
      const std::function<events::Status(const Difference&)>& visit);

  // A query over the fold's own tables ("blobs", "medium"), a thousand rows at a time.
  events::Status query(const std::string& sql,
                       const std::function<events::Status(const Row&)>& visit);

  events::Status repair(const RepairPlan& plan);

 private:
  Examination() = default;
  events::Status lock_where_both_stand(const events::Log& log);
  std::unique_ptr<Shadow> shadow_;
  std::optional<events::MediumId> medium_;
  events::Head live_;
  int live_version_ = 0;
  std::string witness_problem_;
};

}  // namespace ntt::projector
