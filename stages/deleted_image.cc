// Deletions are few: all of them are looked through.

#include "stages/deleted_image.h"

namespace ntt::stages {

std::optional<events::Sequence> deletion_of(const History& history, const std::string& image_path) {
  std::optional<events::Sequence> by;
  for (const auto& deleted : history.deleted) {
    if (deleted.payload.kind == "image" && deleted.payload.path.bytes == image_path) {
      by = deleted.seq;
    }
  }
  const bool is_made_again = by && history.image &&
                             history.image->payload.image_path.bytes == image_path &&
                             history.image->seq > *by;
  return is_made_again ? std::nullopt : by;
}

Result<std::optional<DeletedImage>> find_deleted_image(const events::Log& log,
                                                       const std::string& path) {
  std::optional<events::Event> found;
  events::Filter filter;
  filter.types = {events::CleanupDone::kType};
  auto scanned = log.scan(filter, [&](const events::Event& event) {
    auto done = events::payload_of<events::CleanupDone>(event);
    if (done && done->kind == "image" && done->path.bytes == path) found = event;
    return true;
  });
  if (!scanned) return std::move(scanned).error();
  if (!found) return std::optional<DeletedImage>();
  auto history = read_history(log, found->medium);
  if (!history) return std::move(history).error();
  const auto by = deletion_of(*history, path);
  if (!by || !history->identified) return std::optional<DeletedImage>();
  return std::optional(DeletedImage{{found->medium, history->identified->payload}, *by});
}

}  // namespace ntt::stages
