// Source: where the entries and the bytes of a medium come from: a directory, an image, a .raw
// file.

#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "events/batch.h"
#include "events/payload.h"
#include "events/result.h"
#include "stages/byte_range.h"

namespace ntt::stages {

using events::Entry;
using events::Result;
using events::Status;
using events::VolumeIndex;
using events::VolumeOutcome;

// Receives a walk. Returning an error stops the walk with that error.
class EntrySink {
 public:
  virtual ~EntrySink() = default;
  virtual Status entries(VolumeIndex volume, std::span<const Entry> entries) = 0;
  virtual Status volume_done(
      const VolumeOutcome& outcome) = 0;  // every volume, whatever its outcome
};

// How reading one file ended.
struct ReadOutcome {
  std::uint64_t bytes_read = 0;  // that came from reads that succeeded
  // none: every byte of the file was read. Otherwise what went wrong; the content is not whole.
  events::FileErrorType error_type = events::FileErrorType::none;
  std::string error_message;
};

// One thread at a time. Copying with several threads needs a source each (see clone()).
class Source {
 public:
  virtual ~Source() = default;

  [[nodiscard]] virtual events::SourceInfo info() const = 0;

  // Walks every volume in a fixed order: the same unchanged source gives the same entries in the
  // same order each time. One failing volume is an outcome, not an error of the walk.
  virtual Status walk(EntrySink& sink) = 0;

  // Whether read_file can work at all (a .raw file has names but no contents).
  [[nodiscard]] virtual bool has_content() const = 0;

  // Hands the file's bytes in order to `chunk`, which returns false to stop early. `file` is an
  // entry that walk() gave, path and inode as they were then. Never zeros in place of unreadable
  // bytes: the outcome says what is missing. An error Result means the source as a whole cannot go
  // on.
  virtual Result<ReadOutcome> read_file(VolumeIndex volume, const Entry& file,
                                        const std::function<bool(std::string_view)>& chunk) = 0;

  // An independent source for the same bytes, for another thread.
  [[nodiscard]] virtual Result<std::unique_ptr<Source>> clone() const = 0;
};

struct DirectorySourceOptions {
  std::string path;
  bool cross_filesystems = false;
};
Result<std::unique_ptr<Source>> open_directory_source(const DirectorySourceOptions& options);

struct ImageSourceOptions {
  std::string path;                   // an image file or a device
  std::vector<ByteRange> unreadable;  // what was not rescued when it was imaged (mapfile.h)
  bool deleted_entries = false;       // also list deleted entries, marked as such
  std::string reader_program;         // the ntt-reader executable; empty: beside this program
  std::uint64_t memory_bytes_max = 1ULL << 30U;  // address space of the reader
  std::uint64_t cpu_seconds_max = 0;             // of one reader; 0: by the size of the image
  std::uint32_t stall_seconds_max = 10;          // no progress for so long ends the volume
};
Result<std::unique_ptr<Source>> open_image_source(const ImageSourceOptions& options);

// A legacy find(1) record file, any of its three field variants.
Result<std::unique_ptr<Source>> open_raw_source(const std::string& path);

}  // namespace ntt::stages
