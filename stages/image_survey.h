// The volumes of an image: which there are, their numbers, and how to open each again.
//
// Numbers are a function of the image alone. 0 is the whole carrier, 1 to n are the partitions in
// the order of the tables (GPT, DOS, Apple, BSD; a partition that an earlier table has too is not
// counted twice). The first thing found in a region has the region's number. Everything further,
// such as the second file system of a hybrid disc, gets the numbers after n, region by region.

#pragma once

#include <optional>
#include <vector>

#include "events/payload.h"
#include "events/result.h"
#include "stages/reader_session.h"

namespace ntt::stages {

struct SurveyedVolume {
  // Finished, unless `id` is set: then it is what is known before the walk.
  events::VolumeOutcome outcome;
  std::optional<wire::FileSystemId> id;
};

// In order of number. A reader that dies costs what it was trying, never the survey.
events::Result<std::vector<SurveyedVolume>> survey_image(ReaderSession& session,
                                                         std::uint64_t image_bytes);

}  // namespace ntt::stages
