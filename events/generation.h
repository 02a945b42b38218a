// Reading a manifest back from the log, joined with what load decided and what copy achieved.

#pragma once

#include <functional>
#include <optional>

#include "events/batch.h"
#include "events/log.h"

namespace ntt::events {

// Which manifest, and with which decisions and outcomes.
struct GenerationRef {
  MediumId medium;
  Sequence manifest;          // the enum_start that began it
  Sequence load_start;        // decisions of this load attempt; 0: none
  Sequence load_success;      // outcomes of copies of this generation; 0: none
  Sequence last{UINT64_MAX};  // events after this one do not count
  // Nor do batches after this one, but retractions of what is before it do.
  Sequence last_batch{UINT64_MAX};
};

// One entry with everything the log says of it. Pointers live until the visit returns.
struct GenerationRow {
  Ordinal ordinal;
  std::uint64_t id = 0;  // seq of its enum_batch * 8192 + index in it: unique in the log, rising
  VolumeIndex volume;
  const Entry* entry = nullptr;
  std::optional<std::uint32_t> rule;
  std::optional<Ordinal> same_inode_as;
  const CopyRecord* copy = nullptr;  // latest attempt's outcome; null: none yet
  Sequence copy_seq;                 // the copy_batch that has it; 0: none
  Timestamp copied_at;               // when that batch occurred

  // True for the one entry of each inode that stands for it in copy and in the inode table.
  [[nodiscard]] bool is_inode() const { return !same_inode_as; }
  // True for what copy has to read.
  [[nodiscard]] bool is_pending_file() const {
    return is_inode() && !rule && entry->type == EntryType::file && entry->allocated &&
           copy == nullptr;
  }
};

// Visits every entry in order of ordinal. Memory: a batch of each kind and a list of batch
// positions. Errors: corruption (a batch is missing, repeated or does not decode: Error::event),
// what the log gives, or what `visit` gives, which stops the reading.
Status read_generation(const Log& log, const GenerationRef& ref,
                       const std::function<Status(const GenerationRow&)>& visit);

}  // namespace ntt::events
