// Repair: brings the live tables to what a shadow says, and only where they differ from it.

#pragma once

#include <set>
#include <string>
#include <vector>

#include "projector/comparison.h"
#include "projector/shadow.h"

namespace ntt::projector {

// What has to be written, gathered from the differences.
class RepairPlan {
 public:
  void add(const Difference& difference);

  [[nodiscard]] const std::set<std::string>& tables() const { return tables_; }
  // Media whose partitions are exchanged, with the names of partitions that nothing justifies.
  [[nodiscard]] const std::set<std::string>& media() const { return media_; }
  [[nodiscard]] const std::set<std::string>& strays() const { return strays_; }
  // Every medium with a difference, for people.
  [[nodiscard]] const std::set<std::string>& touched() const { return touched_; }
  // What only a whole rebuild mends: tables, views, columns and rights of the schema.
  [[nodiscard]] const std::vector<std::string>& beyond() const { return beyond_; }
  [[nodiscard]] bool is_misshapen(const std::string& table) const {
    return misshapen_.contains(table);
  }
  [[nodiscard]] bool is_empty() const {
    return tables_.empty() && media_.empty() && strays_.empty();
  }

 private:
  std::set<std::string> tables_;
  std::set<std::string> media_;
  std::set<std::string> strays_;
  std::set<std::string> touched_;
  std::vector<std::string> beyond_;
  std::set<std::string> misshapen_;  // tables whose columns are not those of the fold
};

// In one transaction, under the lock of the tables. The partitions of the plan's media leave the
// shadow. `examined` is the checkpoint that the live tables had when they were compared. Errors:
// conflict (they were brought forward meanwhile: compare again), unavailable.
events::Status repair_from(Shadow& shadow, const RepairPlan& plan, const events::Head& examined);

}  // namespace ntt::projector
