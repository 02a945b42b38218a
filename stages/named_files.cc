// One pass over the few types of events that name files.

#include "stages/named_files.h"

#include <sys/stat.h>

#include <optional>

#include "events/payload.h"

namespace ntt::stages {

namespace {

using events::Event;

std::optional<std::pair<std::uint64_t, std::uint64_t>> file_id(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return std::nullopt;
  return std::pair<std::uint64_t, std::uint64_t>(facts.st_dev, facts.st_ino);
}

template <class Payload>
std::string path_in(const Event& event, events::ByteString Payload::*member) {
  auto payload = events::payload_of<Payload>(event);
  return payload ? ((*payload).*member).bytes : "";
}

std::string path_of(const Event& event) {
  if (event.type == events::ImageSuccess::kType) {
    return path_in(event, &events::ImageSuccess::image_path);
  }
  if (event.type == events::MapfileObserved::kType) {
    return path_in(event, &events::MapfileObserved::path);
  }
  return path_in(event, &events::ArchiveSuccess::path);
}

}  // namespace

std::string legacy_image_path(const events::LegacyMedium& row) {
  const auto found = row.says.find("image_path");
  return found == row.says.end() ? "" : found->second;
}

void NamedFiles::add(const std::string& path, const std::string& medium) {
  if (path.empty() || !by_path_[path].insert(medium).second) return;
  if (const auto id = file_id(path)) by_file_[*id].insert(medium);
}

void NamedFiles::add_named_in(const Event& event) {
  if (event.type == events::LegacyMedium::kType) {
    auto row = events::payload_of<events::LegacyMedium>(event);
    if (row) add(legacy_image_path(*row), event.medium.text);
    return;
  }
  if (event.type != events::MediumIdentified::kType) {
    add(path_of(event), event.medium.text);
    return;
  }
  auto payload = events::payload_of<events::MediumIdentified>(event);
  if (!payload) return;
  const events::SourceInfo& source = payload->source;
  add(source.path.bytes, event.medium.text);
  if (source.kind == "directory") directories_.insert(source.path.bytes);
}

Result<NamedFiles> NamedFiles::of(const events::Log& log) {
  NamedFiles files;
  events::Filter filter;
  filter.types = {events::MediumIdentified::kType, events::ImageSuccess::kType,
                  events::MapfileObserved::kType, events::ArchiveSuccess::kType,
                  events::LegacyMedium::kType};
  auto scanned = log.scan(filter, [&files](const Event& event) {
    files.add_named_in(event);
    return true;
  });
  if (!scanned) return std::move(scanned).error();
  return files;
}

std::string NamedFiles::other_owner(const events::MediumId& medium, const std::string& path) const {
  const auto other_in = [&medium](const std::set<std::string>& media) {
    for (const std::string& each : media) {
      if (each != medium.text) return each;
    }
    return std::string();
  };
  const auto named = by_path_.find(path);
  if (named != by_path_.end()) {
    if (std::string other = other_in(named->second); !other.empty()) return other;
  }
  for (std::size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0;
       slash = path.rfind('/', slash - 1)) {
    const std::string directory = path.substr(0, slash);
    if (!directories_.contains(directory)) continue;
    if (std::string other = other_in(by_path_.at(directory)); !other.empty()) return other;
  }
  const auto id = file_id(path);
  const auto same = id ? by_file_.find(*id) : by_file_.end();
  return same == by_file_.end() ? "" : other_in(same->second);
}

}  // namespace ntt::stages
