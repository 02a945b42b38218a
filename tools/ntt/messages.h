// Messages: spdlog's default logger on standard error, in words or as JSON lines.

#pragma once

#include <string>

#include "tools/ntt/settings.h"

namespace ntt::tools {

// Once, before any message.
void set_up_messages(const std::string& program, const Settings& settings);

}  // namespace ntt::tools
