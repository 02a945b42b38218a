// MemorySource: files in memory that fail to read in the ways that media do.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stages/source.h"

namespace ntt::stages {

struct MemoryFile {
  std::uint32_t volume = 1;
  std::uint64_t inode = 0;
  std::string path;
  std::string content;
  // How reading ends: after this many bytes with this error; SIZE_MAX: it does not fail.
  std::size_t fails_after = SIZE_MAX;
  events::FileErrorType error = events::FileErrorType::io_error;
  bool ends_source = false;  // reading it ends the whole source
};

class MemorySource final : public Source {
 public:
  explicit MemorySource(std::vector<MemoryFile> files, bool has_content = true)
      : files_(std::move(files)), has_content_(has_content) {}

  [[nodiscard]] events::SourceInfo info() const override { return {"image", {"memory"}}; }
  Status walk(EntrySink& sink) override;
  [[nodiscard]] bool has_content() const override { return has_content_; }
  Result<ReadOutcome> read_file(VolumeIndex volume, const Entry& file,
                                const std::function<bool(std::string_view)>& chunk) override;
  [[nodiscard]] Result<std::unique_ptr<Source>> clone() const override;

 private:
  std::vector<MemoryFile> files_;
  bool has_content_;
};

// Another source, with a hook that is called when a file's first bytes have come.
class HookedSource final : public Source {
 public:
  using Hook = std::function<void(const Entry&)>;
  HookedSource(std::unique_ptr<Source> source, Hook hook)
      : source_(std::move(source)), hook_(std::move(hook)) {}

  [[nodiscard]] events::SourceInfo info() const override { return source_->info(); }
  Status walk(EntrySink& sink) override { return source_->walk(sink); }
  [[nodiscard]] bool has_content() const override { return source_->has_content(); }
  Result<ReadOutcome> read_file(VolumeIndex volume, const Entry& file,
                                const std::function<bool(std::string_view)>& chunk) override;
  [[nodiscard]] Result<std::unique_ptr<Source>> clone() const override;

 private:
  std::unique_ptr<Source> source_;
  Hook hook_;
};

}  // namespace ntt::stages
