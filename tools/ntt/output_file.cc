// The file is written beside its name and renamed.

#include "tools/ntt/output_file.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <utility>

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::Result;
using events::Status;

// errno tells it no more once a log was closed after the write.
bool reader_has_left() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

Result<OutputFile> OutputFile::open(const std::string& path) {
  OutputFile out;
  if (path.empty() || path == "-") return out;
  out.path_ = path;
  std::error_code unknown;
  const auto there = std::filesystem::status(path, unknown);
  // A pipe or a device is written to, not replaced.
  if (std::filesystem::is_other(there)) {
    out.file_.open(path, std::ios::binary);
    if (!out.file_) return events::errno_error("write " + path, errno);
    return out;
  }
  // Nor is a link: what it points to is.
  if (std::filesystem::exists(there)) {
    const auto target = std::filesystem::canonical(path, unknown);
    if (!unknown) out.path_ = target;
  }
  const std::filesystem::path temporary = out.path_.string() + ".part";
  out.file_.open(temporary, std::ios::binary | std::ios::trunc);
  if (!out.file_) return events::errno_error("write " + temporary.string(), errno);
  out.temporary_ = temporary;
  return out;
}

OutputFile::~OutputFile() {
  if (temporary_.empty()) return;
  file_.close();
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::move(other.file_)) {}

std::ostream& OutputFile::stream() {
  return path_.empty() ? std::cout : file_;
}

Status OutputFile::finish() {
  stream().flush();
  if (!stream()) {
    if (path_.empty() && reader_has_left()) return {};
    return Error{Errc::io, "not all of the output could be written" +
                               (path_.empty() ? std::string() : " to " + path_.string()) +
                               ": is the disk full?"};
  }
  if (path_.empty()) return {};
  file_.close();
  if (temporary_.empty()) return {};
  std::error_code failed;
  std::filesystem::rename(temporary_, path_, failed);
  if (failed) return Error{Errc::io, "write " + path_.string() + ": " + failed.message()};
  temporary_.clear();
  return {};
}

}  // namespace ntt::tools
