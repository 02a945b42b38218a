// One file, and where each batch lies in it.

#include "stages/batch_spool.h"

#include "events/hash.h"

namespace ntt::stages {

using events::Result;
using events::Status;

Result<BatchSpool> BatchSpool::create(const std::string& temporary_directory) {
  auto file = TemporaryFile::create(temporary_directory);
  if (!file) return std::move(file).error();
  return BatchSpool(std::move(*file));
}

Status BatchSpool::add(const events::EncodedBatch& batch, std::uint64_t records,
                       std::uint64_t bytes) {
  places_.push_back({file_.size(), batch.attachment.size(), records, bytes, batch.records_digest});
  return file_.append(batch.attachment.data(), batch.attachment.size());
}

events::Blake3Digest BatchSpool::digest() const {
  events::Blake3 all;
  for (const Place& place : places_) all.update(place.digest.view());
  return all.digest();
}

Status BatchSpool::for_each(const std::function<Status(SpooledBatch&)>& visit) const {
  for (const Place& place : places_) {
    SpooledBatch batch{place.records, place.bytes, place.digest, std::string(place.size, '\0')};
    auto read = file_.read_at(place.offset, batch.attachment.data(), batch.attachment.size());
    if (read) read = visit(batch);
    if (!read) return read;
  }
  return {};
}

}  // namespace ntt::stages
