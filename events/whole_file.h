// Small files read and written whole: a reader finds the old content or the new one, never a part.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "events/result.h"

namespace ntt::events {

enum class IfThere {
  replace,
  keep,  // Errc::conflict, and the file stays as it is
};

// Writes beside the file, makes it durable, and gives it its name. What is there and no plain file
// (a pipe, a device, a link) is written into instead. `mode` is that of a new file.
Status write_whole_file(const std::filesystem::path& path, std::string_view bytes, unsigned mode,
                        IfThere if_there);

// Makes the names in a directory durable.
Status sync_directory(const std::filesystem::path& directory);

// Errors: not_found, invalid (larger than `bytes_max`), io.
Result<std::string> read_whole_file(const std::filesystem::path& path, std::size_t bytes_max);

// What is left to read from an open file.
Result<std::string> read_whole_fd(int fd, const std::string& name, std::size_t bytes_max);

}  // namespace ntt::events
