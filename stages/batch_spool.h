// BatchSpool keeps encoded batches, in order, until the event that they have to name is there.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "events/batch.h"
#include "stages/temporary_file.h"

namespace ntt::stages {

struct SpooledBatch {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // the caller's own measure
  events::Blake3Digest digest;
  std::string attachment;
};

// Not thread-safe. The attachments lie in an unlinked file.
class BatchSpool {
 public:
  static events::Result<BatchSpool> create(const std::string& temporary_directory);
  events::Status add(const events::EncodedBatch& batch, std::uint64_t records, std::uint64_t bytes);
  // Of the digests of all batches so far.
  [[nodiscard]] events::Blake3Digest digest() const;
  // An error of `visit` ends the visit.
  events::Status for_each(const std::function<events::Status(SpooledBatch&)>& visit) const;

 private:
  struct Place {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    events::Blake3Digest digest;
  };
  explicit BatchSpool(TemporaryFile file) : file_(std::move(file)) {}
  TemporaryFile file_;
  std::vector<Place> places_;
};

}  // namespace ntt::stages
