// Story appends what the stages would append for one medium, for tests that need a log and no
// image.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "events/batch.h"
#include "events/emitter.h"
#include "events/log.h"

namespace ntt::tests {

// One microsecond a call, from 2025-10-10.
class TickingClock final : public events::Clock {
 public:
  events::Timestamp now() override { return {1760000000000000 + ticks_++}; }

 private:
  std::int64_t ticks_ = 0;
};

events::Entry file_entry(std::string path, std::uint64_t inode, std::uint64_t size = 5);
events::Entry other_entry(events::EntryType type, std::string path, std::uint64_t inode);

// Entries with names that look like a real tree's: every eighth a directory, the rest files.
events::Entry synthetic_entry(std::uint64_t ordinal);

class Story {
 public:
  Story(events::Log& log, events::Clock& clock, const std::string& medium);

  events::Sequence identify();
  // Entries of consecutive volumes; each volume one or more batches.
  void enumerate(const std::vector<std::vector<events::Entry>>& volumes);
  // `count` entries made one batch at a time.
  void enumerate(std::uint64_t count,
                 const std::function<events::Entry(std::uint64_t ordinal)>& make);
  events::Sequence load(const std::vector<events::LoadDecision>& decisions = {},
                        const std::vector<std::string>& rules = {});
  // Appends outcomes, without a start and an end: a copy that is not over.
  void copy_begin();
  void copy_some(const std::vector<events::CopyRecord>& records);
  events::Sequence copy_end();
  events::Sequence verify(const std::vector<events::VerifyRecord>& records);

  // The outcome of a file whose content is its ordinal.
  static events::CopyRecord stored(std::uint64_t ordinal, std::uint64_t size = 5);
  static events::CopyRecord duplicate(std::uint64_t ordinal, const events::BlobId& blob);
  static events::CopyRecord failed(std::uint64_t ordinal, events::CopyOutcome outcome,
                                   events::FileErrorType type, std::string message);

  template <class Payload>
  events::Sequence emit(const Payload& payload, events::Sequence cause = {},
                        std::string attachment = {}) {
    auto seq = emitter_.emit(payload, cause, std::move(attachment));
    CHECK(seq);
    return *seq;
  }

 private:
  events::Emitter emitter_;
  events::Sequence manifest_;
  events::Sequence load_;
  events::Sequence load_start_;
  events::Sequence copy_start_;
  events::Sequence copy_;
  std::uint32_t generation_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t outcomes_ = 0;
};

}  // namespace ntt::tests
