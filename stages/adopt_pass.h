// AdoptPass: one pass over a medium's rows in an earlier system's tables. Entries go into the
// manifest as they come; decisions and outcomes, which have to name events that come later, wait in
// temporary files.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "events/batch.h"
#include "events/payload.h"
#include "stages/batch_spool.h"
#include "stages/file_descriptor.h"
#include "stages/legacy_fate.h"
#include "stages/legacy_rows.h"
#include "stages/manifest_writer.h"

namespace ntt::stages {

// Whether a blob store has a content, by name and size.
class StoreCheck {
 public:
  // Errc::not_found: there is no such directory.
  Status open(const std::string& root);
  // Empty, or what is wrong in a few words to count by.
  [[nodiscard]] const char* look_for(const events::BlobId& id, std::uint64_t size) const;

 private:
  FileDescriptor root_;
};

// What the rows were found to be.
struct AdoptTotals {
  events::LoadSuccess load;                      // counts and rules
  events::CopySuccess copy;                      // counts
  std::map<std::string, std::uint64_t> pending;  // why: files without an outcome
  std::uint64_t unverified = 0;                  // files whose content may be another's
  std::uint64_t paths_without_inode = 0;
  std::uint64_t inodes_without_path = 0;
  bool needs_empty_blob = false;  // an empty file is named as its content is named here

  [[nodiscard]] std::uint64_t pending_files() const;
  // "3: not copied, 1: success without a blob"
  [[nodiscard]] std::string pending_in_words() const;
};

// Not thread-safe. All arguments must outlive it.
class AdoptPass {
 public:
  static Result<AdoptPass> create(StageContext& context, const StoreCheck& store,
                                  const std::string& temporary_directory, std::uint64_t paths);

  // Reads every volume. `database` names where the rows come from, in words.
  Status run(LegacyRows& rows, const std::vector<LegacyVolume>& volumes,
             const std::string& database, ManifestWriter& manifest);

  [[nodiscard]] const AdoptTotals& totals() const { return totals_; }
  [[nodiscard]] const BatchSpool& decisions() const { return decisions_; }
  [[nodiscard]] const BatchSpool& outcomes() const { return outcomes_; }

 private:
  AdoptPass(StageContext& context, const StoreCheck& store, BatchSpool decisions,
            BatchSpool outcomes, std::uint64_t paths)
      : context_(context),
        store_(store),
        paths_(paths),
        decisions_(std::move(decisions)),
        outcomes_(std::move(outcomes)) {}
  Status add(const LegacyVolume& volume, LegacyFile& file);
  Status add_entry(const LegacyVolume& volume, const LegacyFile& file, const LegacyPath& path);
  void add_pathless(const LegacyInode& inode);
  void check_content(LegacyFate& fate, const LegacyFile& file);
  Status decide(const LegacyFile& file, const LegacyFate& fate, std::uint64_t first);
  Status add_decision(const events::LoadDecision& decision);
  Status add_outcome(const LegacyFile& file, const LegacyFate& fate, std::uint64_t ordinal);
  Status flush_decisions();
  Status flush_outcomes();
  std::uint32_t rule_of(const std::string& reason);

  StageContext& context_;
  const StoreCheck& store_;
  std::uint64_t paths_;
  ManifestWriter* manifest_ = nullptr;  // of run()
  std::uint64_t entries_ = 0;
  BatchSpool decisions_;
  BatchSpool outcomes_;
  events::LoadBatch decision_batch_;
  events::CopyBatch outcome_batch_;
  std::size_t outcome_text_ = 0;    // bytes of texts in it
  std::uint64_t outcome_read_ = 0;  // bytes of contents in it
  std::map<std::string, std::uint32_t> rule_index_;
  AdoptTotals totals_;
};

}  // namespace ntt::stages
