// libarchive behind two functions: write and hash, read back and hash.

#include "stages/archive_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <thread>

#include "events/hash.h"
#include "stages/file_descriptor.h"
#include "stages/file_write.h"

namespace ntt::stages {

using events::Errc;
using events::errno_error;
using events::Error;
using events::Result;
using events::Status;

namespace {

constexpr std::size_t kBlockBytes = 1U << 20U;
constexpr unsigned kCompressionThreadsMax = 4;  // each holds some 20 MB

struct WriterFree {
  void operator()(archive* a) const { archive_write_free(a); }
};
struct ReaderFree {
  void operator()(archive* a) const { archive_read_free(a); }
};
struct EntryFree {
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};
using Writer = std::unique_ptr<archive, WriterFree>;
using Reader = std::unique_ptr<archive, ReaderFree>;
using EntryHolder = std::unique_ptr<archive_entry, EntryFree>;

Error stopped() {
  return {Errc::unavailable, "stopped"};
}

std::string reason(archive* a) {
  const char* text = archive_error_string(a);
  return text != nullptr ? text : "unknown error";
}

// Where the archive's bytes go to or come from, hashed on the way.
struct Stream {
  int fd = -1;
  std::uint64_t bytes = 0;
  events::Blake3 hasher;
  int error_number = 0;
  std::vector<char> buffer;
};

la_ssize_t write_block(archive* a, void* client, const void* data, std::size_t size) {
  auto& out = *static_cast<Stream*>(client);
  const std::string_view block(static_cast<const char*>(data), size);
  out.error_number = write_all(out.fd, block);
  if (out.error_number != 0) {
    archive_set_error(a, out.error_number, "write");
    return -1;
  }
  out.hasher.update(block);
  out.bytes += size;
  return static_cast<la_ssize_t>(size);
}

la_ssize_t read_block(archive* a, void* client, const void** data) {
  auto& in = *static_cast<Stream*>(client);
  ssize_t count = 0;
  do {
    count = ::read(in.fd, in.buffer.data(), in.buffer.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    in.error_number = errno;
    archive_set_error(a, errno, "read");
    return -1;
  }
  in.hasher.update({in.buffer.data(), static_cast<std::size_t>(count)});
  in.bytes += static_cast<std::uint64_t>(count);
  *data = in.buffer.data();
  return count;
}

// Hands a file's bytes in order to `chunk` until its end or until `chunk` fails.
Status read_whole(int fd, const std::string& path,
                  const std::function<Status(std::string_view)>& chunk) {
  std::vector<char> buffer(kBlockBytes);
  for (;;) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("read " + path, errno);
    if (count == 0) return {};
    if (auto taken = chunk({buffer.data(), static_cast<std::size_t>(count)}); !taken) return taken;
  }
}

// So that what follows reads the disk, not the memory of having written.
void forget_cached(int fd) {
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

FileDescriptor open_input(const std::string& path) {
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.is_open()) ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return fd;
}

EntryHolder make_entry(const ArchiveInput& input, const struct stat& facts) {
  EntryHolder entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), input.name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0444);
  archive_entry_set_size(entry.get(), facts.st_size);
  archive_entry_set_mtime(entry.get(), facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
  return entry;
}

// One file into the archive. A file that changes its size meanwhile is an error: its header is
// written already.
Status write_member(archive* a, const ArchiveInput& input, const ArchiveProgress& progress,
                    std::uint64_t& content_bytes, ArchiveContents& contents) {
  const FileDescriptor fd = open_input(input.path);
  struct stat facts {};
  if (!fd.is_open() || ::fstat(fd.get(), &facts) != 0) {
    return errno_error("open " + input.path, errno);
  }
  if (!S_ISREG(facts.st_mode)) return Error{Errc::invalid, input.path + " is not a regular file"};
  const EntryHolder entry = make_entry(input, facts);
  if (archive_write_header(a, entry.get()) < ARCHIVE_WARN) {
    return Error{Errc::io, "archive header of " + input.name + ": " + reason(a)};
  }
  const bool is_first = contents.members.empty();
  const auto size = static_cast<std::uint64_t>(facts.st_size);
  events::Blake3 blake3;
  events::Sha256 sha256;
  std::uint64_t done = 0;
  auto read = read_whole(fd.get(), input.path, [&](std::string_view bytes) -> Status {
    if (done + bytes.size() > size) return Error{Errc::io, input.path + " grew while it was read"};
    blake3.update(bytes);
    if (is_first) sha256.update(bytes);
    if (archive_write_data(a, bytes.data(), bytes.size()) !=
        static_cast<la_ssize_t>(bytes.size())) {
      return Error{Errc::io, "archive data of " + input.name + ": " + reason(a)};
    }
    done += bytes.size();
    content_bytes += bytes.size();
    return progress(content_bytes) ? Status() : stopped();
  });
  if (!read) return read;
  if (done != size) return Error{Errc::io, input.path + " shrank while it was read"};
  contents.members.push_back({{input.name}, size, blake3.digest().hex()});
  if (is_first) contents.first_sha256 = sha256.finish();
  return {};
}

Status set_up_writer(archive* a) {
  const unsigned threads =
      std::clamp(std::thread::hardware_concurrency(), 1U, kCompressionThreadsMax);
  if (archive_write_set_format_gnutar(a) != ARCHIVE_OK ||
      archive_write_add_filter_zstd(a) != ARCHIVE_OK) {
    return Error{Errc::io, "libarchive: " + reason(a)};
  }
  // A libarchive that cannot use threads still compresses.
  archive_write_set_filter_option(a, "zstd", "threads", std::to_string(threads).c_str());
  archive_write_set_bytes_in_last_block(a, 1);
  return {};
}

}  // namespace

Result<ArchiveContents> write_archive(int fd, const std::vector<ArchiveInput>& inputs,
                                      const ArchiveProgress& progress, int* write_errno) {
  Stream out;
  out.fd = fd;
  ArchiveContents contents;
  const Writer a(archive_write_new());
  Status done = set_up_writer(a.get());
  if (done && archive_write_open(a.get(), &out, nullptr, write_block, nullptr) != ARCHIVE_OK) {
    done = Error{Errc::io, "archive: " + reason(a.get())};
  }
  std::uint64_t content_bytes = 0;
  for (const ArchiveInput& input : inputs) {
    if (done) done = write_member(a.get(), input, progress, content_bytes, contents);
  }
  if (done && archive_write_close(a.get()) != ARCHIVE_OK) {
    done = Error{Errc::io, "archive: " + reason(a.get())};
  }
  *write_errno = out.error_number;
  if (!done) {
    archive_write_fail(a.get());  // free must not go on writing
    return std::move(done).error();
  }
  contents.bytes = out.bytes;
  contents.digest = out.hasher.digest();
  return contents;
}

namespace {

Result<events::ArchiveMember> read_member(archive* a, archive_entry* entry,
                                          const ArchiveProgress& progress,
                                          std::uint64_t& content_bytes) {
  events::ArchiveMember member;
  const char* name = archive_entry_pathname(entry);
  member.name.bytes = name != nullptr ? name : "";
  events::Blake3 hasher;
  std::vector<char> buffer(kBlockBytes);
  for (;;) {
    const la_ssize_t count = archive_read_data(a, buffer.data(), buffer.size());
    if (count < 0) {
      return Error{Errc::corruption, "member " + member.name.bytes + ": " + reason(a)};
    }
    if (count == 0) break;
    hasher.update({buffer.data(), static_cast<std::size_t>(count)});
    member.size += static_cast<std::uint64_t>(count);
    content_bytes += static_cast<std::uint64_t>(count);
    if (!progress(content_bytes)) return stopped();
  }
  if (archive_entry_size_is_set(entry) == 0 ||
      static_cast<std::uint64_t>(archive_entry_size(entry)) != member.size) {
    return Error{Errc::corruption, "member " + member.name.bytes + " is cut off"};
  }
  member.blake3 = hasher.digest().hex();
  return member;
}

Status read_members(archive* a, const ArchiveProgress& progress, ArchiveContents& contents) {
  std::uint64_t content_bytes = 0;
  for (;;) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(a, &entry);
    if (result == ARCHIVE_EOF) return {};
    if (result < ARCHIVE_WARN) return Error{Errc::corruption, reason(a)};
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    auto member = read_member(a, entry, progress, content_bytes);
    if (!member) return std::move(member).error();
    contents.members.push_back(std::move(*member));
  }
}

}  // namespace

Result<ArchiveContents> read_archive(const std::string& path, const ArchiveProgress& progress) {
  const FileDescriptor fd = open_input(path);
  if (!fd.is_open()) {
    Error error = errno_error("open " + path, errno);
    if (errno == ENOENT) error.code = Errc::not_found;
    return error;
  }
  forget_cached(fd.get());
  Stream in;
  in.fd = fd.get();
  in.buffer.resize(kBlockBytes);
  ArchiveContents contents;
  const Reader a(archive_read_new());
  if (archive_read_support_filter_zstd(a.get()) != ARCHIVE_OK ||
      archive_read_support_format_tar(a.get()) != ARCHIVE_OK) {
    return Error{Errc::io, "libarchive: " + reason(a.get())};
  }
  Status read;
  if (archive_read_open(a.get(), &in, nullptr, read_block, nullptr) != ARCHIVE_OK) {
    read = Error{Errc::corruption, reason(a.get())};
  }
  if (read) read = read_members(a.get(), progress, contents);
  // What follows the end of the archive counts for the file's digest.
  const void* rest = nullptr;
  while (read && read_block(a.get(), &in, &rest) > 0) {
  }
  if (in.error_number != 0) return errno_error("read " + path, in.error_number);
  if (!read) return Error(read.error()).within(path);
  contents.bytes = in.bytes;
  contents.digest = in.hasher.digest();
  return contents;
}

Result<DigestedFile> digest_file(const ArchiveInput& input, const ArchiveProgress& progress) {
  const FileDescriptor fd = open_input(input.path);
  if (!fd.is_open()) return errno_error("open " + input.path, errno);
  events::Blake3 hasher;
  events::Sha256 sha256;
  std::uint64_t size = 0;
  auto read = read_whole(fd.get(), input.path, [&](std::string_view bytes) -> Status {
    hasher.update(bytes);
    sha256.update(bytes);
    size += bytes.size();
    return progress(size) ? Status() : stopped();
  });
  if (!read) return std::move(read).error();
  return DigestedFile{{{input.name}, size, hasher.digest().hex()}, sha256.finish()};
}

}  // namespace ntt::stages
