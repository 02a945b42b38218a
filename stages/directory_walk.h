// DirectoryWalk lists a directory tree: every directory before what it holds, names in the order
// of their bytes.
//
// It has a stack of its own, so depth costs memory only, and keeps at most 64 directories open;
// others are opened again, by path, when the walk comes back to them.

#pragma once

#include <string>
#include <vector>

#include "stages/directory_listing.h"
#include "stages/file_descriptor.h"
#include "stages/source.h"

namespace ntt::stages {

// What the whole walk came to.
struct WalkTotals {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;       // sum of the sizes of regular files
  std::uint64_t unreadable = 0;  // entries with an error
};

// Not thread-safe; run() once.
class DirectoryWalk {
 public:
  // `root` stays open and owned by the caller.
  DirectoryWalk(int root, bool cross_filesystems, EntrySink& sink);

  // Fails only with what the sink returns; what the file system refuses is in the entries.
  Status run(WalkTotals& totals);

 private:
  // A directory whose names are being visited.
  struct Frame {
    FileDescriptor descriptor;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::size_t path_length = 0;  // of its path in path_
    std::size_t next = 0;         // index of the next name
    DirectoryListing listing;
  };

  Status visit_root();
  Status visit_next();
  void examine(int directory, const char* name, const ListedName& listed, Entry& entry);
  void examine_link(int directory, const char* name, Entry& entry);
  void enter(int directory, const char* name, Entry& entry);
  [[nodiscard]] bool is_open_above(const Entry& entry) const;
  bool ensure_open(Frame& frame);
  void leave();
  Entry& next_entry();
  Status finish_entry(const Entry& entry);
  Status flush();

  int root_;
  bool cross_filesystems_;
  EntrySink& sink_;
  std::string path_;  // of the directory on top of the stack; appended to for its children
  std::vector<Frame> frames_;
  std::size_t depth_ = 0;       // frames in use; the rest is kept for its memory
  std::size_t first_open_ = 0;  // frames below this one are closed
  std::uint64_t root_device_ = 0;
  std::vector<Entry> pending_;
  std::size_t pending_count_ = 0;
  WalkTotals totals_;
};

}  // namespace ntt::stages
