// TemporaryFile is an unlinked file for what does not fit in memory.

#pragma once

#include <cstdint>
#include <string>

#include "events/result.h"
#include "stages/file_descriptor.h"

namespace ntt::stages {

// Not thread-safe. The system frees the space when the object, or the process, ends.
class TemporaryFile {
 public:
  static events::Result<TemporaryFile> create(const std::string& directory);

  events::Status append(const void* bytes, std::size_t size);
  // Exactly `size` bytes; less is an error, for only what was appended is ever read.
  events::Status read_at(std::uint64_t offset, void* bytes, std::size_t size) const;
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  FileDescriptor descriptor_;
  std::string directory_;
  std::uint64_t size_ = 0;
};

}  // namespace ntt::stages
