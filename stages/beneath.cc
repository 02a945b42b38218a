// open_beneath by openat2(2), in pieces where the path is longer than the kernel takes.

#include "stages/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>

namespace ntt::stages {

namespace {

constexpr std::size_t kPieceBytesMax = 4000;  // below PATH_MAX, which counts the final NUL

int openat2(int directory, const char* path, int flags) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how));
}

// O_NOATIME is for the owner of the file and for root only; others are refused with EPERM.
template <class Open>
FileDescriptor open_without_atime(int flags, const Open& open) {
  flags |= O_CLOEXEC;
  if ((flags & O_PATH) != 0) return FileDescriptor(open(flags));
  const int descriptor = open(flags | O_NOATIME);
  if (descriptor >= 0 || errno != EPERM) return FileDescriptor(descriptor);
  return FileDescriptor(open(flags));
}

// Takes the next piece off the front of `path`: as much as one call can resolve, or one component.
std::string take_piece(std::string_view& path, bool one_component) {
  std::size_t end = path.size();
  if (one_component) {
    end = path.find('/');
  } else if (path.size() > kPieceBytesMax) {
    end = path.rfind('/', kPieceBytesMax);
  }
  if (end == std::string_view::npos) end = path.size();
  std::string piece(path.substr(0, end));
  path.remove_prefix(end == path.size() ? end : end + 1);
  return piece;
}

// The path resolved piece by piece. Without openat2 (old kernels, some sandboxes) a piece is one
// component, which O_NOFOLLOW guards as well.
FileDescriptor open_pieces(int root, std::string_view path, int flags, bool one_component) {
  FileDescriptor at;
  do {
    const std::string piece = path.empty() ? "." : take_piece(path, one_component);
    const int directory = at.is_open() ? at.get() : root;
    const int piece_flags = path.empty() ? flags : O_PATH | O_DIRECTORY;
    if (one_component && (piece == ".." || piece.find('/') != std::string::npos)) {
      errno = EXDEV;
      return {};
    }
    FileDescriptor next = open_without_atime(piece_flags, [&](int all_flags) {
      return one_component ? ::openat(directory, piece.c_str(), all_flags | O_NOFOLLOW)
                           : openat2(directory, piece.c_str(), all_flags);
    });
    const int error = errno;  // closing the last piece must not change it
    at = std::move(next);
    errno = error;
  } while (at.is_open() && !path.empty());
  return at;
}

}  // namespace

FileDescriptor open_beneath(int root, std::string_view path, int flags) {
  FileDescriptor opened = open_pieces(root, path, flags, false);
  if (opened.is_open() || errno != ENOSYS) return opened;
  return open_pieces(root, path, flags, true);
}

FileDescriptor open_name(int directory, const char* name, int flags) {
  return open_without_atime(
      flags, [&](int all_flags) { return ::openat(directory, name, all_flags | O_NOFOLLOW); });
}

}  // namespace ntt::stages
