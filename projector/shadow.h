// Shadow: a second set of tables beside the live ones, folded from the log's first event with the
// rules of this program.
//
// A rebuild puts it in the live tables' place; diff and audit compare it with them. It lies in a
// schema of its own, which is seen by readers and used by nobody.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "events/log.h"
#include "projector/log_fold.h"
#include "projector/pg.h"
#include "projector/projector.h"

namespace ntt::projector {

// Not thread-safe; one connection, and a second one while it is built.
class Shadow {
 public:
  // Connects, whatever version the live tables have. Errors: unavailable, invalid (this user may
  // not make schemas: what to grant), conflict (another one is at work on this schema).
  static events::Result<std::unique_ptr<Shadow>> open(const std::string& owner_url,
                                                      std::string schema);

  // Makes the tables anew and folds the log's events up to `to` into them. What an interrupted one
  // left is dropped. With a medium: that medium's rows only.
  events::Result<std::uint64_t> build(const events::Log& log, const events::Head& to,
                                      const std::optional<events::MediumId>& medium,
                                      const ProjectProgress& progress);

  // Folds what came after.
  events::Result<std::uint64_t> catch_up(const events::Log& log, const events::Head& to,
                                         const ProjectProgress& progress);

  events::Status drop();

  [[nodiscard]] const std::string& schema() const { return schema_; }
  [[nodiscard]] const events::Head& position() const { return position_; }
  // What could not be folded up to there.
  [[nodiscard]] const std::vector<UnfoldedEvent>& unfolded() const { return unfolded_; }
  Pg& pg() { return *pg_; }

 private:
  Shadow(std::string owner_url, std::unique_ptr<Pg> pg, std::string schema)
      : owner_url_(std::move(owner_url)), pg_(std::move(pg)), schema_(std::move(schema)) {}
  events::Result<std::uint64_t> fold(const events::Log& log, const FoldRange& range,
                                     const ProjectProgress& progress, Pg* aside);
  events::Result<std::uint64_t> fold_all(const events::Log& log, const events::Head& to,
                                         const ProjectProgress& progress);
  std::string owner_url_;
  std::unique_ptr<Pg> pg_;
  std::string schema_;
  std::optional<events::MediumId> medium_;
  events::Head position_;
  std::vector<UnfoldedEvent> unfolded_;
};

}  // namespace ntt::projector
