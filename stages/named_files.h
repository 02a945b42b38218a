// The files that the media of a log name as theirs, to find out whether one belongs to two.

#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "events/log.h"
#include "events/payload.h"
#include "stages/stage.h"

namespace ntt::stages {

// Where an earlier system had the image; empty: it does not say.
std::string legacy_image_path(const events::LegacyMedium& row);

class NamedFiles {
 public:
  // Sources, images, mapfiles and archives of all media, retracted events too. Each file is looked
  // at once, so that two names of one file are one.
  static Result<NamedFiles> of(const events::Log& log);

  // Another medium that names the file at this path, by this name or by another, or a directory
  // that it lies in; empty: none.
  [[nodiscard]] std::string other_owner(const events::MediumId& medium,
                                        const std::string& path) const;

 private:
  using FileId = std::pair<std::uint64_t, std::uint64_t>;  // device, inode

  void add(const std::string& path, const std::string& medium);
  void add_named_in(const events::Event& event);

  std::map<std::string, std::set<std::string>> by_path_;  // media
  std::map<FileId, std::set<std::string>> by_file_;
  std::set<std::string> directories_;  // those of by_path_ that media were read from
};

}  // namespace ntt::stages
