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

Status BlobWriter::open_temporary() {
  temporary_ = std::to_string(store_.next_name_.fetch_add(1));
  file_ = FileDescriptor(::openat(store_.session_fd_.get(), temporary_.c_str(),
                                  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
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
  const int error_number = write_all(file_.get(), buffer_);
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
  auto present = store_.is_present(id, size_);
  if (!present) return std::move(present).error();
  {
    // The reservation comes before the write, so that of two equal files only one is written.
    const std::lock_guard lock(store_.mutex_);
    if (*present) return Deposit{id, store_.taken_over_.count(id) != 0};
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
