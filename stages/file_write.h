// The few calls that every writer of files needs, and words for their failures.

#pragma once

#include <string>
#include <string_view>

#include "events/result.h"

namespace ntt::stages {

// Writes all of it, going on after interruptions and short writes. Returns 0 or an errno value.
int write_all(int fd, std::string_view bytes);

// Makes a directory and those above it, each of mode 0755 whatever the umask; present ones are left
// as they are.
events::Status make_directories(const std::string& path);

// Renames within one file system unless `to` exists. Returns 0 or an errno value (EEXIST).
int rename_no_replace(int from_directory, const std::string& from, int to_directory,
                      const std::string& to);

// Makes the names in a directory durable. Returns 0 or an errno value.
int sync_directory(const std::string& path);

// The short word by which a failed write is counted: "no_space", "quota", "read_only", "store_io".
std::string write_failure_word(int error_number);

// What to do about it, for the end of a message: ": make room there and run the same command
// again", or nothing.
std::string write_failure_advice(int error_number);

}  // namespace ntt::stages
