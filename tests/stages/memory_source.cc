// The walks and the failing reads of MemorySource and HookedSource.

#include "tests/stages/memory_source.h"

#include <algorithm>

namespace ntt::stages {

using events::EntryType;

Status MemorySource::walk(EntrySink& sink) {
  for (std::size_t i = 0; i < files_.size();) {
    VolumeOutcome outcome;
    outcome.volume = files_[i].volume;
    outcome.outcome = "enumerated";
    for (; i < files_.size() && files_[i].volume == outcome.volume; ++i) {
      Entry entry;
      entry.type = EntryType::file;
      entry.inode = files_[i].inode;
      entry.link_count = 1;
      entry.size = files_[i].content.size();
      entry.path = files_[i].path;
      outcome.entries += 1;
      outcome.bytes += entry.size;
      if (auto taken = sink.entries({outcome.volume}, {&entry, 1}); !taken) return taken;
    }
    if (auto done = sink.volume_done(outcome); !done) return done;
  }
  return {};
}

Result<ReadOutcome> MemorySource::read_file(VolumeIndex volume, const Entry& file,
                                            const std::function<bool(std::string_view)>& chunk) {
  const auto found = std::find_if(files_.begin(), files_.end(), [&](const MemoryFile& f) {
    return f.volume == volume.value && f.path == file.path;
  });
  if (found == files_.end()) {
    return ReadOutcome{0, events::FileErrorType::path_error, "no such file"};
  }
  if (found->ends_source) return events::Error{events::Errc::io, "the device is gone"};
  const std::string_view whole = found->content;
  ReadOutcome outcome;
  const std::string_view readable = whole.substr(0, found->fails_after);
  for (std::size_t at = 0; at < readable.size(); at += 65536) {
    const std::string_view bytes = readable.substr(at, 65536);
    outcome.bytes_read += bytes.size();
    if (!chunk(bytes)) return outcome;
  }
  if (readable.size() < whole.size() || found->fails_after == 0) {
    outcome.error_type = found->error;
    outcome.error_message = "read failed";
  }
  return outcome;
}

Result<std::unique_ptr<Source>> MemorySource::clone() const {
  return std::unique_ptr<Source>(std::make_unique<MemorySource>(files_, has_content_));
}

Result<ReadOutcome> HookedSource::read_file(VolumeIndex volume, const Entry& file,
                                            const std::function<bool(std::string_view)>& chunk) {
  bool is_first = true;
  return source_->read_file(volume, file, [&](std::string_view bytes) {
    if (std::exchange(is_first, false)) hook_(file);
    return chunk(bytes);
  });
}

Result<std::unique_ptr<Source>> HookedSource::clone() const {
  auto inner = source_->clone();
  if (!inner) return std::move(inner).error();
  return std::unique_ptr<Source>(std::make_unique<HookedSource>(std::move(*inner), hook_));
}

}  // namespace ntt::stages
