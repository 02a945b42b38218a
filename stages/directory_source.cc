// A directory of the running system as a source.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <sstream>

#include "events/bytes.h"
#include "stages/beneath.h"
#include "stages/directory_walk.h"
#include "stages/file_error.h"
#include "stages/recipe.h"
#include "stages/small_file.h"
#include "stages/source.h"

namespace ntt::stages {

namespace {

constexpr std::size_t kReadBytes = 1U << 20U;
constexpr std::size_t kMountsBytesMax = 16U << 20U;

// The word that the system has for the filesystem that holds an open file; empty when unknown.
std::string filesystem_of(int descriptor) {
  struct stat stat {};
  if (::fstat(descriptor, &stat) != 0) return {};
  const std::string device =
      std::to_string(major(stat.st_dev)) + ":" + std::to_string(minor(stat.st_dev));
  auto mounts = read_small_file("/proc/self/mountinfo", kMountsBytesMax);
  if (!mounts) return {};
  std::istringstream lines(*mounts);
  for (std::string line; std::getline(lines, line);) {
    // "36 35 98:0 /root /mount options optional* - type source options" (proc(5))
    std::istringstream words(line);
    std::string id;
    std::string parent;
    std::string mounted;
    words >> id >> parent >> mounted;
    const std::size_t dash = line.find(" - ");
    if (mounted != device || dash == std::string::npos) continue;
    return line.substr(dash + 3, line.find(' ', dash + 3) - dash - 3);
  }
  return {};
}

ReadOutcome failed(std::uint64_t bytes_read, int error_number, std::string_view what) {
  return {bytes_read, file_error_type(error_number), error_text(what, error_number)};
}

// Not thread-safe.
class DirectorySource final : public Source {
 public:
  DirectorySource(DirectorySourceOptions options, FileDescriptor root)
      : options_(std::move(options)), root_(std::move(root)) {}

  [[nodiscard]] events::SourceInfo info() const override { return {"directory", {options_.path}}; }
  [[nodiscard]] bool has_content() const override { return true; }

  Status walk(EntrySink& sink) override {
    WalkTotals totals;
    DirectoryWalk walk(root_.get(), options_.cross_filesystems, sink);
    if (auto walked = walk.run(totals); !walked) return walked;
    VolumeOutcome outcome;
    outcome.table = "none";
    outcome.filesystem = filesystem_of(root_.get());
    outcome.outcome = "enumerated";
    outcome.time_basis = "utc";
    outcome.entries = totals.entries;
    outcome.bytes = totals.bytes;
    outcome.unreadable = totals.unreadable;
    if (totals.entries == totals.unreadable) {
      outcome.outcome = "failed";
      outcome.message = "nothing beneath the directory could be read";
    }
    return sink.volume_done(outcome);
  }

  Result<ReadOutcome> read_file(VolumeIndex /*volume*/, const Entry& file,
                                const std::function<bool(std::string_view)>& chunk) override;

  [[nodiscard]] Result<std::unique_ptr<Source>> clone() const override {
    FileDescriptor root(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
    if (!root.is_open()) return events::errno_error("cloning a directory source", errno);
    return std::unique_ptr<Source>(std::make_unique<DirectorySource>(options_, std::move(root)));
  }

 private:
  FileDescriptor open_file(const std::string& path);
  ReadOutcome read_open_file(int descriptor, const struct stat& before, const Entry& file,
                             const std::function<bool(std::string_view)>& chunk);

  DirectorySourceOptions options_;
  FileDescriptor root_;
  // The directory of the file read last: files come in the order of the walk.
  FileDescriptor parent_;
  std::string parent_path_;
  std::vector<char> buffer_ = std::vector<char>(kReadBytes);
};

FileDescriptor DirectorySource::open_file(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view directory =
      slash == std::string::npos ? std::string_view{} : std::string_view(path).substr(0, slash);
  if (!parent_.is_open() || parent_path_ != directory) {
    parent_ = open_beneath(root_.get(), directory, O_PATH | O_DIRECTORY);
    parent_path_ = directory;
    if (!parent_.is_open()) return {};
  }
  const char* name = slash == std::string::npos ? path.c_str() : path.c_str() + slash + 1;
  return open_name(parent_.get(), name, O_RDONLY | O_NONBLOCK);
}

Result<ReadOutcome> DirectorySource::read_file(VolumeIndex /*volume*/, const Entry& file,
                                               const std::function<bool(std::string_view)>& chunk) {
  const FileDescriptor opened = open_file(file.path);
  if (!opened.is_open()) return failed(0, errno, "opening");
  struct stat stat {};
  if (::fstat(opened.get(), &stat) != 0) return failed(0, errno, "examining");
  if (!S_ISREG(stat.st_mode)) {
    return ReadOutcome{0, events::FileErrorType::path_error,
                       "no longer a regular file, as it was when it was enumerated"};
  }
  return read_open_file(opened.get(), stat, file, chunk);
}

ReadOutcome DirectorySource::read_open_file(int descriptor, const struct stat& before,
                                            const Entry& file,
                                            const std::function<bool(std::string_view)>& chunk) {
  const auto size = static_cast<std::uint64_t>(before.st_size);
  if (size > buffer_.size()) ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  ReadOutcome outcome;
  bool one_read = true;
  for (;;) {
    const ssize_t bytes = ::read(descriptor, buffer_.data(), buffer_.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return failed(outcome.bytes_read, errno, "reading");
    outcome.bytes_read += static_cast<std::uint64_t>(bytes);
    if (bytes > 0 && !chunk({buffer_.data(), static_cast<std::size_t>(bytes)})) return outcome;
    if (bytes == 0 || (one_read && outcome.bytes_read == size)) break;
    one_read = false;
  }
  if (!one_read || outcome.bytes_read != size) {
    struct stat after {};
    if (::fstat(descriptor, &after) != 0) {
      return failed(outcome.bytes_read, errno, "examining after reading");
    }
    if (static_cast<std::uint64_t>(after.st_size) != outcome.bytes_read ||
        after.st_mtim.tv_sec != before.st_mtim.tv_sec ||
        after.st_mtim.tv_nsec != before.st_mtim.tv_nsec) {
      outcome.error_type = events::FileErrorType::unknown;
      outcome.error_message = "changed while it was read: its size is " +
                              std::to_string(after.st_size) + ", " +
                              std::to_string(outcome.bytes_read) + " bytes came";
      return outcome;
    }
  }
  if (file.size != outcome.bytes_read) {
    outcome.error_message = "changed since it was enumerated: its size was " +
                            std::to_string(file.size) + " bytes, now " +
                            std::to_string(outcome.bytes_read);
  }
  return outcome;
}

}  // namespace

Result<std::unique_ptr<Source>> open_directory_source(const DirectorySourceOptions& options) {
  FileDescriptor root(::open(options.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.is_open()) {
    const int error = errno;
    events::Error failure =
        events::errno_error("opening directory " + events::escape_bytes(options.path), error);
    if (error == ENOENT) failure.code = events::Errc::not_found;
    if (error == ENOTDIR) failure.code = events::Errc::invalid;
    return failure;
  }
  return std::unique_ptr<Source>(std::make_unique<DirectorySource>(options, std::move(root)));
}

}  // namespace ntt::stages
