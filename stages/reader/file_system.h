// FileSystem: what ntt-reader needs to know of any file system; one adapter a library.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "events/batch.h"
#include "events/result.h"
#include "stages/reader/content.h"
#include "stages/reader/image.h"
#include "stages/reader_protocol.h"

namespace ntt::reader {

using events::Entry;
using events::EntryType;

// How the listing of one directory ended. 0 and empty: it is whole.
struct Listing {
  int error_number = 0;
  std::string message;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // The root directory, its path empty.
  virtual Entry root() = 0;

  // Hands over the children of `directory`, "." and ".." left out; the path of each is its name
  // alone. Children that cannot be examined are handed over with an error of their own.
  virtual Listing list(const Entry& directory, const std::function<void(Entry&&)>& child) = 0;

  // Sends the content of one file.
  virtual stages::wire::ReadDone read(const stages::wire::ReadRequest& request,
                                      Content& content) = 0;

  // Named streams and resource forks met so far; they are not entries.
  [[nodiscard]] virtual std::uint64_t other_streams() const { return 0; }
};

struct OpenOptions {
  bool deleted_entries = false;
};

// A file system, or a message that says why there is none of this kind.
using Opened = events::Result<std::unique_ptr<FileSystem>>;

// What an adapter finds out about a file system while it opens it.
struct Facts {
  std::string filesystem;
  std::string label;
  std::string uuid;
  std::uint64_t length = 0;  // bytes that it claims
  std::string time_basis = "utc";
  std::string message;
};

Opened open_ext(Image& image, const stages::wire::FileSystemId& id, const OpenOptions& options,
                Facts* facts);
Opened open_iso(Image& image, const stages::wire::FileSystemId& id, Facts* facts);
Opened open_udf(Image& image, const stages::wire::FileSystemId& id, Facts* facts);
// fat, ntfs, hfsplus, ufs and one volume of apfs
Opened open_tsk(Image& image, const stages::wire::FileSystemId& id, const OpenOptions& options,
                Facts* facts);

// By the adapter that `id` names.
Opened open_file_system(Image& image, const stages::wire::FileSystemId& id,
                        const OpenOptions& options, Facts* facts = nullptr);

}  // namespace ntt::reader
