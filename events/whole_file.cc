// A temporary name, a sync, and a link or a rename.

#include "events/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

namespace ntt::events {

namespace fs = std::filesystem;

namespace {

// Closes on destruction.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

Status write_all(int fd, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("write " + name, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Status write_into(const fs::path& path, std::string_view bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (file.fd() < 0) return errno_error("open " + path.string(), errno);
  return write_all(file.fd(), bytes, path.string());
}

// Gives the finished file its name.
Status publish(const std::string& temporary, const fs::path& path, IfThere if_there) {
  if (if_there == IfThere::keep) {
    if (::link(temporary.c_str(), path.c_str()) == 0) return {};
    if (errno == EEXIST) return Error{Errc::conflict, path.string() + " is there already"};
    return errno_error("make " + path.string(), errno);
  }
  if (::rename(temporary.c_str(), path.c_str()) == 0) return {};
  return errno_error("make " + path.string(), errno);
}

}  // namespace

Status write_whole_file(const fs::path& path, std::string_view bytes, unsigned mode,
                        IfThere if_there) {
  std::error_code ignored;
  const auto kind = fs::symlink_status(path, ignored).type();
  if (kind != fs::file_type::not_found && kind != fs::file_type::regular) {
    return write_into(path, bytes);
  }
  const fs::path directory = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::string temporary = (directory / (".ntt-" + path.filename().string() + "-XXXXXX")).string();
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (file.fd() < 0) return errno_error("write in " + directory.string(), errno);
  Status done = write_all(file.fd(), bytes, temporary);
  if (done && ::fchmod(file.fd(), mode) != 0) done = errno_error("chmod " + temporary, errno);
  if (done && ::fsync(file.fd()) != 0) done = errno_error("sync " + temporary, errno);
  if (done) done = publish(temporary, path, if_there);
  ::unlink(temporary.c_str());  // there only if it was linked or not published
  if (!done) return done;
  return sync_directory(directory);
}

Status sync_directory(const fs::path& directory) {
  const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.fd() < 0 || ::fsync(opened.fd()) != 0) {
    return errno_error("sync " + directory.string(), errno);
  }
  return {};
}

Result<std::string> read_whole_fd(int fd, const std::string& name, std::size_t bytes_max) {
  std::string out;
  std::vector<char> buffer(65536);
  while (true) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("read " + name, errno);
    if (count == 0) return out;
    out.append(buffer.data(), static_cast<std::size_t>(count));
    if (out.size() > bytes_max) {
      return Error{Errc::invalid, name + " is larger than " + std::to_string(bytes_max) + " bytes"};
    }
  }
}

Result<std::string> read_whole_file(const fs::path& path, std::size_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) {
    const int number = errno;
    if (number == ENOENT) return Error{Errc::not_found, "there is no file " + path.string()};
    return errno_error("open " + path.string(), number);
  }
  return read_whole_fd(file.fd(), path.string(), bytes_max);
}

}  // namespace ntt::events
