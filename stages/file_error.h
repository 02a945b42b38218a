// How an errno value counts among the causes for which a file could not be read.

#pragma once

#include <string>
#include <string_view>

#include "events/batch.h"

namespace ntt::stages {

events::FileErrorType file_error_type(int error_number);

// `what` and the system's text for the errno value: "opening: Permission denied".
std::string error_text(std::string_view what, int error_number);

}  // namespace ntt::stages
