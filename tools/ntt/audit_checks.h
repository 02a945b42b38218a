// The checks of `ntt audit`, each a pass over one kind of evidence.

#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "events/log.h"
#include "projector/examination.h"
#include "stages/stage.h"

namespace ntt::tools {

// Something that is not as the log says, or a note: something that may be so.
struct Finding {
  std::string check;    // "log", "tables", "blob", ...
  std::string medium;   // empty: of none
  std::string subject;  // what it is about: a row, an event, a file
  std::string message;
  events::Sequence event;  // that justifies what ought to be; 0: none
  bool is_note = false;
  std::optional<projector::Difference> difference;  // of check "tables"
};
using Report = std::function<void(const Finding&)>;

// Every digest and the Merkle tree. False: the log is damaged.
events::Result<bool> audit_log(const events::Log& log, stages::Progress& progress,
                               const Report& report);

// Invariants of the events themselves, asked of the fold made for the examination.
events::Status audit_events(projector::Examination& examination, const Report& report);

// Blobs that the log names: there, regular files, of the right size; `deep`: of the right content.
events::Status audit_store(projector::Examination& examination, const std::filesystem::path& store,
                           bool deep, stages::Progress& progress, const Report& report);

// The same of archives.
events::Status audit_archives(projector::Examination& examination, bool deep, const Report& report);

}  // namespace ntt::tools
