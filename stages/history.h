// What a medium's events say is already done. Read by every stage before it works.

#pragma once

#include <optional>
#include <vector>

#include "events/log.h"
#include "events/payload.h"

namespace ntt::stages {

// A payload together with the event that carried it.
template <class Payload>
struct Recorded {
  events::Sequence seq;
  events::Timestamp occurred_at;
  Payload payload;
  events::Origin origin = events::Origin::native;
};

// The latest of each kind, retracted events left out.
struct History {
  std::optional<Recorded<events::MediumIdentified>> identified;
  std::optional<Recorded<events::LegacyMedium>> legacy;  // its row in an earlier system's table
  std::optional<Recorded<events::ImageSuccess>> image;
  std::optional<Recorded<events::MapfileObserved>> mapfile;
  std::optional<Recorded<events::EnumStart>> enum_start;  // the latest attempt, ended or not
  bool enum_ended = true;                                 // whether that attempt has an end
  events::Sequence open_manifest;  // manifest of an interrupted enum that may be resumed; 0: none
  std::uint64_t open_manifest_entries = 0;
  std::optional<Recorded<events::EnumSuccess>> enumerated;
  std::uint32_t generations = 0;                        // load_success events so far
  std::optional<Recorded<events::LoadSuccess>> loaded;  // the current generation
  std::optional<Recorded<events::CopySuccess>> copied;  // of the current generation only
  std::optional<Recorded<events::ArchiveSuccess>> archived;
  std::optional<Recorded<events::VerifySuccess>> verified;
  std::vector<Recorded<events::ArchiveSuccess>> archives;     // all; the last one is `archived`
  std::vector<Recorded<events::CleanupStart>> open_cleanups;  // deletions that have no end
  std::vector<Recorded<events::CleanupDone>> deleted;
};

events::Result<History> read_history(const events::Log& log, const events::MediumId& medium);

}  // namespace ntt::stages
