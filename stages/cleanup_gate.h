// The gate before a deletion: what of a medium's files the log gives leave to delete, and why or
// why not. Pure: whether the disk agrees is looked at by who deletes (cleanup.h).

#pragma once

#include <string>
#include <vector>

#include "stages/history.h"

namespace ntt::stages {

struct CleanupVerdict {
  bool may = false;
  std::string why;  // in words: what it rests on, or everything that is lacking
  std::vector<events::Sequence> evidence;  // the events behind `why`, if it may
};

// The image: only if every file of the current generation has an outcome, the archive was compared
// with the image member by member and holds its mapfile, and a verify that ntt itself ran found the
// blobs of that copy and that archive intact. That verify also stands for a load, a copy or an
// archive that was only claimed; a claim of a verify stands for nothing.
//
// Files that could not be read do not close the gate, for the archive has all that the image has of
// them; `why` names their number.
CleanupVerdict may_delete_image(const History& history);

// Its mapfile: as the image, and only when no image is left that it explains.
CleanupVerdict may_delete_mapfile(const History& history, bool image_stays);

// An archive that counts: never the current one; an earlier one if it has nothing that the current
// one has not, and that one is verified as for an image.
CleanupVerdict may_delete_archive(const History& history,
                                  const Recorded<events::ArchiveSuccess>& archive);

// A `.raw` file: never, for the log has no digest of it.
CleanupVerdict may_delete_raw(const History& history);

}  // namespace ntt::stages
