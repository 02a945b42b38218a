// Messages on standard error, in words or as JSON lines; messages.cc alone knows spdlog.

#pragma once

#include <string>

#include "tools/ntt/settings.h"

namespace ntt::tools {

// Once, before any message.
void set_up_messages(const std::string& program, const Settings& settings);

void say_error(const std::string& text);
void say_warning(const std::string& text);
void say_info(const std::string& text);

}  // namespace ntt::tools
