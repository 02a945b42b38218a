// Helpers of the image reader's tests.

#include "reader_images.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/command.h"

namespace ntt::tests {

namespace fs = std::filesystem;
using events::Entry;
using events::Status;
using events::VolumeIndex;
using events::VolumeOutcome;

Status WalkRecord::entries(VolumeIndex volume, std::span<const Entry> entries) {
  for (const Entry& entry : entries) found.emplace_back(volume, entry);
  return {};
}

Status WalkRecord::volume_done(const VolumeOutcome& outcome) {
  outcomes.push_back(outcome);
  return {};
}

std::vector<std::string> WalkRecord::paths(std::uint32_t volume) const {
  std::vector<std::string> out;
  for (const auto& [index, entry] : found) {
    if (index.value == volume) out.push_back(entry.path);
  }
  std::sort(out.begin(), out.end());
  return out;
}

const Entry* WalkRecord::entry(const std::string& path, std::uint32_t volume) const {
  for (const auto& [index, entry] : found) {
    if (index.value == volume && entry.path == path) return &entry;
  }
  return nullptr;
}

const VolumeOutcome* WalkRecord::outcome(std::uint32_t volume) const {
  for (const VolumeOutcome& one : outcomes) {
    if (one.volume == volume) return &one;
  }
  return nullptr;
}

std::string shell(const std::string& command) {
  return output_of({"/bin/sh", "-ec", "PATH=$PATH:/usr/sbin:/sbin; export PATH; " + command});
}

std::unique_ptr<stages::Source> open_image(const fs::path& image,
                                           const stages::ImageSourceOptions& options) {
  stages::ImageSourceOptions complete = options;
  complete.path = image;
  auto source = stages::open_image_source(complete);
  EXPECT_TRUE(source) << (source ? "" : source.error().message);
  return source ? std::move(*source) : nullptr;
}

WalkRecord walk_image(const fs::path& image, const stages::ImageSourceOptions& options) {
  WalkRecord record;
  const auto source = open_image(image, options);
  if (source == nullptr) return record;
  const Status walked = source->walk(record);
  EXPECT_TRUE(walked) << (walked ? "" : walked.error().message);
  return record;
}

std::string faulty_reader(const fs::path& directory, const std::string& arguments) {
  const fs::path script = directory / "faulty-reader";
  const fs::path reader = fs::read_symlink("/proc/self/exe").parent_path() / "ntt-reader";
  write_file(script, "#!/bin/sh\nexec '" + reader.string() + "' \"$@\" " + arguments + "\n");
  fs::permissions(script, fs::perms::owner_all);
  return script;
}

FileContent read_content(stages::Source& source, const Entry& entry, std::uint32_t volume) {
  FileContent content;
  auto outcome = source.read_file({volume}, entry, [&](std::string_view bytes) {
    content.bytes += bytes;
    return true;
  });
  EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message);
  if (outcome) content.outcome = *outcome;
  return content;
}

}  // namespace ntt::tests
