// Where a medium stands as a whole: one word for it, and what the word rests on. Pure.

#pragma once

#include <optional>
#include <string>

#include "projector/medium_fold.h"

namespace ntt::tools {

// The words, docs/operating.md says what each means and what to do:
//   running                      a process is working on it
//   interrupted                  an attempt has no end, and nobody is working on it
//   failed                       the last attempt ended in an error, or verify found damage
//   complete                     its current generation is loaded and copied
//   complete (adopted)           the same, but ntt was told so and did not see it
//   complete (date unknown)      the same, and nobody knows when
//   attempted but not completed  anything less of which there was an attempt, or a claim of one
//   never tried                  it is known, and that is all
struct Standing {
  std::string word;
  std::string stage;                      // the stage that decides; "": none
  std::optional<events::Timestamp> when;  // an attempt's end, or its start while it has none
  std::string why;                        // in words; "" where the word says it all
  bool operator==(const Standing&) const = default;
};

// A trouble of a stage counts until a later attempt of it, or a success of a stage that needs it,
// comes after. What failed or was left open in events that ntt did not record while it happened
// makes a medium "attempted but not completed": nobody can say more of it.
// `running`: the run that a process is working on now; zero when none is.
Standing standing_of(const projector::MediumState& medium, const events::RunId& running);

}  // namespace ntt::tools
