// One pass over a medium's events in fold order.

#include "tools/ntt/recorded_files.h"

#include <set>

#include "events/payload.h"
#include "projector/fold_order.h"

namespace ntt::tools {

using events::Event;
using events::Result;
using events::Sequence;
using events::Status;

namespace {

bool is_file_source(const std::string& kind) {
  return kind == "image" || kind == "raw";
}

class FileFold {
 public:
  Status take(const Event& event) {
    if (event.type == events::ArchiveSuccess::kType) return with(event, &FileFold::take_archive);
    if (event.type == events::CleanupDone::kType) return with(event, &FileFold::take_cleanup);
    if (event.type == events::EnumSuccess::kType) return with(event, &FileFold::take_enum);
    if (event.type == events::LoadSuccess::kType) return with(event, &FileFold::take_load);
    if (event.type == events::ImageSuccess::kType) return with(event, &FileFold::take_image);
    if (event.type == events::MediumIdentified::kType) return with(event, &FileFold::take_identity);
    return {};
  }

  RecordedFiles finish() && {
    const auto loaded = manifests_.find(manifest_);
    if (loaded != manifests_.end()) {
      files_.source = loaded->second;
    } else if (manifest_ == 0) {  // nothing loaded, or nobody knows from what
      files_.source = latest_;
    }
    if (!files_.source) return std::move(files_);
    const auto size = sizes_.find(files_.source->path);
    if (size != sizes_.end()) files_.source->size = size->second;
    if (deleted_.contains(files_.source->path)) files_.source.reset();
    return std::move(files_);
  }

 private:
  template <class Payload>
  Status with(const Event& event, void (FileFold::*step)(const Event&, const Payload&)) {
    auto payload = events::payload_of<Payload>(event);
    if (!payload) return std::move(payload).error();
    (this->*step)(event, *payload);
    return {};
  }

  void take_archive(const Event& event, const events::ArchiveSuccess& archive) {
    const std::string& path = archive.path.bytes;
    if (files_.archive && files_.archive->path != path) {
      files_.former_archives[files_.archive->path] = event.seq;
    }
    files_.former_archives.erase(path);
    files_.archive = {path, archive.bytes, archive.blake3, event.seq};
  }

  void take_cleanup(const Event& event, const events::CleanupDone& cleanup) {
    const std::string& path = cleanup.path.bytes;
    if (cleanup.kind != "archive") {
      deleted_.insert(path);
      return;
    }
    if (files_.archive && files_.archive->path == path) files_.archive.reset();
    files_.former_archives[path] = event.seq;
  }

  void take_enum(const Event& event, const events::EnumSuccess& enumerated) {
    const events::SourceInfo& source = enumerated.source;
    deleted_.erase(source.path.bytes);
    if (!is_file_source(source.kind)) return;
    latest_ = RecordedSource{source.kind, source.path.bytes, std::nullopt, event.seq,
                             enumerated.manifest != 0};
    manifests_[enumerated.manifest] = *latest_;
  }

  void take_load(const Event& /*event*/, const events::LoadSuccess& loaded) {
    manifest_ = loaded.manifest;
  }

  void take_image(const Event& event, const events::ImageSuccess& image) {
    deleted_.erase(image.image_path.bytes);
    if (image.image_path.bytes.empty()) return;
    latest_ = RecordedSource{"image", image.image_path.bytes, std::nullopt, event.seq, false};
  }

  void take_identity(const Event& /*event*/, const events::MediumIdentified& identified) {
    if (!is_file_source(identified.source.kind)) return;
    if (identified.size) sizes_[identified.source.path.bytes] = *identified.size;
  }

  RecordedFiles files_;
  std::uint64_t manifest_ = 0;                         // of the current generation
  std::map<std::uint64_t, RecordedSource> manifests_;  // enumerated from a file
  std::optional<RecordedSource> latest_;               // enumerated or imaged
  std::map<std::string, std::uint64_t> sizes_;
  std::set<std::string> deleted_;  // and not read again since
};

}  // namespace

Result<RecordedFiles> recorded_files(const std::vector<Event>& medium_events) {
  auto order = projector::fold_order(medium_events);
  if (!order) return std::move(order).error();
  FileFold fold;
  for (const Event* event : *order) {
    if (auto taken = fold.take(*event); !taken) {
      return std::move(taken).error().within("event " + std::to_string(event->seq.value));
    }
  }
  return std::move(fold).finish();
}

}  // namespace ntt::tools
