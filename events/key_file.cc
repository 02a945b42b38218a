// Making a key once, and refusing one that others could have had their hands on.

#include "events/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "events/ed25519.h"
#include "events/whole_file.h"

namespace ntt::events {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kKeyBytesMax = 4096;

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777U));
  return text;
}

Status check_owner(const struct stat& found, const std::string& name) {
  if (found.st_uid == geteuid()) return {};
  return Error{Errc::invalid, name + " belongs to user " + std::to_string(found.st_uid) +
                                  ": a signing key is used by its owner alone"};
}

Status ensure_directory(const fs::path& directory) {
  std::error_code failed;
  if (directory.has_parent_path()) fs::create_directories(directory.parent_path(), failed);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return errno_error("make " + directory.string(), errno);
  }
  struct stat found {};
  if (::stat(directory.c_str(), &found) != 0) {
    return errno_error("look at " + directory.string(), errno);
  }
  if (!S_ISDIR(found.st_mode)) {
    return Error{Errc::invalid, directory.string() + " is no directory"};
  }
  if (auto owner = check_owner(found, directory.string()); !owner) return owner;
  if ((found.st_mode & 0022U) != 0) {
    return Error{Errc::invalid, "others may put a key into " + directory.string() + " (mode " +
                                    octal(found.st_mode) + "): make it 0700"};
  }
  return {};
}

Status check_private(int fd, const std::string& name) {
  struct stat found {};
  if (::fstat(fd, &found) != 0) return errno_error("look at " + name, errno);
  if (!S_ISREG(found.st_mode)) return Error{Errc::invalid, name + " is no plain file"};
  if (auto owner = check_owner(found, name); !owner) return owner;
  if ((found.st_mode & 0077U) != 0) {
    return Error{Errc::invalid,
                 "the signing key " + name + " is open to others (mode " + octal(found.st_mode) +
                     "). If nobody else can have read it, make it 0600; if in doubt, move it " +
                     "away: a new one is made, which verifiers have to be told of"};
  }
  return {};
}

// The line that a key file holds.
Result<std::string> line_of(Result<std::string> text, const std::string& name) {
  if (!text) return text;
  if (!text->ends_with('\n')) return Error{Errc::corruption, name + " is damaged: it has no end"};
  text->pop_back();
  return text;
}

// Nothing when there is no such file.
Result<std::optional<SignerKey>> read_private(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return std::optional<SignerKey>{};
  if (fd < 0) return errno_error("open " + path.string(), errno);
  Status allowed = check_private(fd, path.string());
  auto text = line_of(read_whole_fd(fd, path.string(), kKeyBytesMax), path.string());
  ::close(fd);
  if (!allowed) return std::move(allowed).error();
  if (!text) return std::move(text).error();
  auto key = parse_signer_key(*text);
  if (key) return std::optional(std::move(*key));
  return Error{Errc::corruption, path.string() + " is damaged: " + key.error().message +
                                     ". Put it back from a copy, or move it away: a new one is "
                                     "made, which verifiers have to be told of"};
}

Result<SignerKey> make_key(const fs::path& path, const std::string& name) {
  const SignerKey fresh{name, new_ed25519_seed()};
  auto written = write_whole_file(path, fresh.text() + "\n", 0600, IfThere::keep);
  if (written) return fresh;
  if (written.error().code != Errc::conflict) return std::move(written).error();
  auto other = read_private(path);  // another process was first
  if (!other) return std::move(other).error();
  if (!*other) return Error{Errc::unavailable, path.string() + " came and went"};
  return std::move(**other);
}

}  // namespace

Result<SignerKey> load_or_make_key(const fs::path& directory, const std::string& stem,
                                   const std::string& name) {
  CHECK(is_key_name(name));
  if (auto ready = ensure_directory(directory); !ready) return std::move(ready).error();
  const fs::path path = directory / (stem + ".key");
  // In this order: the verifier key is written last, so where it is, the other must be.
  auto beside = find_verifier_key(directory, stem);
  if (!beside) return std::move(beside).error();
  auto stored = read_private(path);
  if (!stored) return std::move(stored).error();
  if (*beside && !*stored) {
    return Error{Errc::not_found, "the signing key " + path.string() +
                                      " is gone, but verifiers know " + (*beside)->id() +
                                      ": put it back, or move " + stem +
                                      ".vkey away too to begin with a new key"};
  }
  auto key = *stored ? Result<SignerKey>(std::move(**stored)) : make_key(path, name);
  if (!key) return key;
  if (key->name != name) {
    return Error{Errc::corruption,
                 path.string() + " is the key of " + key->name + ", not of " + name};
  }
  if (!*beside) {
    const fs::path public_path = directory / (stem + ".vkey");
    auto written =
        write_whole_file(public_path, key->verifier().text() + "\n", 0644, IfThere::replace);
    if (!written) return std::move(written).error();
  } else if (**beside != key->verifier()) {
    return Error{Errc::corruption, path.string() + " and " + stem +
                                       ".vkey beside it do not belong together. Verifiers know "
                                       "the latter: put back the signing key that fits it"};
  }
  return key;
}

Result<std::optional<VerifierKey>> find_verifier_key(const fs::path& directory,
                                                     const std::string& stem) {
  const fs::path path = directory / (stem + ".vkey");
  auto text = read_whole_file(path, kKeyBytesMax);
  if (!text && text.error().code == Errc::not_found) return std::optional<VerifierKey>{};
  auto line = line_of(std::move(text), path.string());
  if (!line) return std::move(line).error();
  auto key = parse_verifier_key(*line);
  if (key) return std::optional(std::move(*key));
  return Error{Errc::corruption, path.string() + " is damaged: " + key.error().message};
}

}  // namespace ntt::events
