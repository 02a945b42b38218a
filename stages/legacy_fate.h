// What became of a file, as far as its row in an earlier system's table can tell. Pure.

#pragma once

#include <string>

#include "events/batch.h"
#include "stages/legacy_rows.h"

namespace ntt::stages {

enum class LegacyState {
  no_file,   // a directory, a link, ...: there is nothing to copy
  stored,    // `blob` has its content
  failed,    // the earlier system gave up; `error` and `message` say why
  excluded,  // it was not to be copied; `message` says why
  pending,   // not copied, or the row does not say where; `message` is a reason to count by
};

struct LegacyFate {
  LegacyState state = LegacyState::pending;
  events::BlobId blob;
  events::FileErrorType error = events::FileErrorType::none;
  std::string message;
  // The content of an empty file, whose name the earlier system took from another hash: `blob` is
  // not the row's.
  bool is_renamed_empty = false;
};

LegacyFate legacy_fate(const LegacyInode& inode);

}  // namespace ntt::stages
