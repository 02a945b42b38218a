// One content on its way into the store.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "stages/blob_store.h"
#include "stages/file_write.h"

namespace ntt::stages {

using events::Errc;
using events::Error;

namespace {
constexpr std::size_t kMemoryBytesMax = 1U << 20U;  // smaller contents are written once known new
}

void BlobWriter::begin() {
  discard();
  hasher_.reset();
  size_ = 0;
}

Status BlobWriter::write(std::string_view bytes) {
  hasher_.update(bytes);
  size_ += bytes.size();
  buffer_ += bytes;
  return buffer_.size() <= kMemoryBytesMax ? Status() : flush();
}

Status BlobWriter::open_directory() {
  const std::uint64_t group = store_.closed_group_.number + 1;
  if (directory_group_ == group) return {};
  directory_group_ = 0;
  directory_name_ = std::to_string(group) + "-" + std::to_string(store_.next_name_.fetch_add(1));
  if (::mkdirat(store_.session_fd_.get(), directory_name_.c_str(), 0700) != 0) {
    return store_.failed("make a directory under .tmp", errno);
  }
  directory_ = FileDescriptor(::openat(store_.session_fd_.get(), directory_name_.c_str(),
                                       O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_.is_open()) return store_.failed("open a directory under .tmp", errno);
  directory_group_ = group;
  const std::lock_guard lock(store_.mutex_);
  store_.temporary_directories_.emplace_back(group, directory_name_);
  return {};
}

Status BlobWriter::open_temporary() {
  if (auto opened = open_directory(); !opened) return opened;
  const std::string name = std::to_string(store_.next_name_.fetch_add(1));
  temporary_ = directory_name_ + "/" + name;
  written_ = 0;
  file_ = FileDescriptor(
      ::openat(directory_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
  const bool has_mode = (store_.umask_ & 0444U) == 0;
  if (file_.is_open() && (has_mode || ::fchmod(file_.get(), 0444) == 0)) return {};
  const int error_number = errno;
  discard();
  return store_.failed("create a file under .tmp", error_number);
}

Status BlobWriter::flush() {
  if (!file_.is_open()) {
    if (auto opened = open_temporary(); !opened) return opened;
  }
  // Zeros become a hole: a sparse file of a terabyte takes no terabyte of the store.
  const bool zeros = buffer_.find_first_not_of('\0') == std::string::npos;
  int error_number = 0;
  if (zeros && !buffer_.empty()) {
    written_ += buffer_.size();
    if (::ftruncate(file_.get(), static_cast<off_t>(written_)) != 0 ||
        ::lseek(file_.get(), 0, SEEK_END) < 0) {
      error_number = errno;
    }
  } else {
    error_number = write_all(file_.get(), buffer_);
    written_ += buffer_.size();
  }
  buffer_.clear();
  if (error_number == 0) return {};
  discard();
  if (error_number == EFBIG) {
    return Error{Errc::invalid,
                 "blob store " + store_.root_ + ": its file system takes no file of this size"};
  }
  return store_.failed("write a file under .tmp", error_number);
}

Result<Deposit> BlobWriter::finish() {
  const BlobId id{hasher_.digest().bytes};
  auto deposit = stage(id);
  discard();  // what stage() has not handed over
  return deposit;
}

Result<Deposit> BlobWriter::stage(const BlobId& id) {
  // In this order: what leaves closed_ has its name by then.
  bool is_taken_over = false;
  {
    const std::lock_guard lock(store_.mutex_);
    if (store_.closed_.count(id) != 0) return Deposit{id, false};
    if (store_.staged_.count(id) != 0) return Deposit{id, true};
    is_taken_over = store_.taken_over_.count(id) != 0;
  }
  auto present = store_.is_present(id, size_);
  if (!present) return std::move(present).error();
  if (*present) return Deposit{id, is_taken_over};
  {
    // The reservation comes before the write, so that of two equal files only one is written.
    const std::lock_guard lock(store_.mutex_);
    if (!store_.staged_.emplace(id, "").second) return Deposit{id, true};
  }
  Status written = store_.make_directory_for(id);
  if (written) written = flush();
  const std::lock_guard lock(store_.mutex_);
  if (!written) {
    store_.staged_.erase(id);
    return std::move(written).error();
  }
  file_.close();
  store_.staged_[id] = std::exchange(temporary_, "");
  return Deposit{id, true};
}

void BlobWriter::discard() {
  buffer_.clear();
  file_.close();
  if (!temporary_.empty()) ::unlinkat(store_.session_fd_.get(), temporary_.c_str(), 0);
  temporary_.clear();
}

}  // namespace ntt::stages
