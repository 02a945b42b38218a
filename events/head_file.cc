// The head file: one line, written in place.

#include "events/head_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <utility>

#include "events/hash.h"

namespace ntt::events {

namespace {

constexpr std::size_t kCheckDigits = 16;

std::string check_of(std::string_view text) {
  return Sha256::of(text).hex().substr(0, kCheckDigits);
}

// Every line has the same length, so a later one covers an earlier one whole.
std::string to_line(const Witness& witness) {
  char seq[32];
  std::snprintf(seq, sizeof seq, "%020" PRIu64, witness.head.seq.value);
  const std::string body = "ntt-head 1 " + witness.log_id + " " + seq + " " +
                           witness.head.envelope_hash.hex() + " " + witness.head.root.hex() + " ";
  return body + check_of(body) + "\n";
}

std::optional<Witness> from_line(std::string_view line) {
  char log_id[33] = {};
  char hash[65] = {};
  char root[65] = {};
  std::uint64_t seq = 0;
  const std::string text(line);
  if (std::sscanf(text.c_str(), "ntt-head 1 %32[0-9a-f] %" SCNu64 " %64[0-9a-f] %64[0-9a-f] ",
                  log_id, &seq, hash, root) != 4) {
    return std::nullopt;
  }
  Witness witness;
  witness.log_id = log_id;
  witness.head.seq.value = seq;
  witness.head.envelope_hash = Sha256Digest::from_hex(hash).value_or(Sha256Digest{});
  witness.head.root = Sha256Digest::from_hex(root).value_or(Sha256Digest{});
  if (to_line(witness) != text) return std::nullopt;
  return witness;
}

}  // namespace

Result<HeadFile> HeadFile::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return errno_error("open " + path.string(), errno);
  return HeadFile(fd);
}

HeadFile::~HeadFile() {
  if (fd_ >= 0) ::close(fd_);
}

HeadFile::HeadFile(HeadFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Status HeadFile::write(const Witness& witness) {
  const std::string line = to_line(witness);
  // One write of less than a sector: a crash leaves the old line, the new one, or one that its
  // check digits give away.
  const ssize_t written = ::pwrite(fd_, line.data(), line.size(), 0);
  if (written != static_cast<ssize_t>(line.size())) {
    return errno_error("write the head file", written < 0 ? errno : ENOSPC);
  }
  return {};
}

Result<std::optional<Witness>> HeadFile::read(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return std::optional<Witness>{};
    return errno_error("open " + path.string(), errno);
  }
  char buffer[512];
  const ssize_t size = ::read(fd, buffer, sizeof buffer);
  const int error = errno;
  ::close(fd);
  if (size < 0) return errno_error("read " + path.string(), error);
  return from_line({buffer, static_cast<std::size_t>(size)});
}

}  // namespace ntt::events
