// Images that tests make with the usual tools, and what a walk over them gives.

#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stages/source.h"
#include "tests/support/temp_dir.h"

namespace ntt::tests {

// Everything that a walk delivered, in order.
class WalkRecord final : public stages::EntrySink {
 public:
  events::Status entries(events::VolumeIndex volume,
                         std::span<const events::Entry> entries) override;
  events::Status volume_done(const events::VolumeOutcome& outcome) override;

  std::vector<std::pair<events::VolumeIndex, events::Entry>> found;
  std::vector<events::VolumeOutcome> outcomes;

  [[nodiscard]] std::vector<std::string> paths(std::uint32_t volume = 0) const;  // sorted
  // Null: there is none.
  [[nodiscard]] const events::Entry* entry(const std::string& path, std::uint32_t volume = 0) const;
  [[nodiscard]] const events::VolumeOutcome* outcome(std::uint32_t volume) const;
};

// Runs a shell command that has to succeed, with the system tools in PATH; gives its output.
std::string shell(const std::string& command);

std::unique_ptr<stages::Source> open_image(const std::filesystem::path& image,
                                           const stages::ImageSourceOptions& options = {});
WalkRecord walk_image(const std::filesystem::path& image,
                      const stages::ImageSourceOptions& options = {});

// A reader that fails on purpose: a script beside the image that adds `arguments`.
std::string faulty_reader(const std::filesystem::path& directory, const std::string& arguments);

struct FileContent {
  std::string bytes;
  stages::ReadOutcome outcome;
};
FileContent read_content(stages::Source& source, const events::Entry& entry,
                         std::uint32_t volume = 0);

}  // namespace ntt::tests
