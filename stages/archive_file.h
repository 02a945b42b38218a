// A .tar.zst archive of a few large files: written in one pass, and read back whole.
//
// The adapter of libarchive. What it writes is a GNU tar, which keeps names as bytes and has no
// limit of 8 GiB: `zstd -dc | tar t` lists it.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "events/payload.h"
#include "events/result.h"
#include "events/types.h"

namespace ntt::stages {

// A file to pack, under the name it gets in the archive.
struct ArchiveInput {
  std::string path;
  std::string name;
};

// What was written, or what was read back.
struct ArchiveContents {
  std::uint64_t bytes = 0;                     // of the archive file
  events::Blake3Digest digest;                 // of the archive file
  std::vector<events::ArchiveMember> members;  // regular files, in order
  events::Sha256Digest first_sha256;           // of the first member; zero when reading back
};

// Told the bytes of content done so far; returns false to stop, which ends the call with
// Errc::unavailable.
using ArchiveProgress = std::function<bool(std::uint64_t content_bytes)>;

// Writes the archive to the open file `fd`. Errors: io (an input that cannot be read whole, a write
// that failed; *write_errno is then the errno value, else 0), unavailable (stopped).
events::Result<ArchiveContents> write_archive(int fd, const std::vector<ArchiveInput>& inputs,
                                              const ArchiveProgress& progress, int* write_errno);

// Reads the whole file `path`, every byte of it, from the disk where the system allows. Errors:
// corruption (no archive, damaged, cut off), io, not_found, unavailable (stopped).
events::Result<ArchiveContents> read_archive(const std::string& path,
                                             const ArchiveProgress& progress);

// A file read whole, as the member that it would become.
struct DigestedFile {
  events::ArchiveMember member;
  events::Sha256Digest sha256;
};
events::Result<DigestedFile> digest_file(const ArchiveInput& input,
                                         const ArchiveProgress& progress);

}  // namespace ntt::stages
