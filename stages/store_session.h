// What the processes that write a blob store keep under `<root>/.tmp`: each a directory of its own,
// its session, which it locks while it lives. In it are temporary files and lists of blobs that
// have a name and that possibly no event names yet. blob_store.h tells how they are used.

#pragma once

#include <string>
#include <vector>

#include "events/result.h"
#include "events/types.h"

namespace ntt::stages {

inline constexpr const char* kSessionsDirectory = ".tmp";
inline constexpr const char* kBlobListPrefix = "list-";

// The names in an open directory but "." and ".."; none when it cannot be read.
std::vector<std::string> names_in(int directory);

bool is_blob_list(const std::string& name);

// The ids in a list of an open session; a torn end is left out.
std::vector<events::BlobId> read_blob_list(int session, const std::string& name);

struct StoreSession {
  std::string path;                        // below the store's root
  bool is_live = false;                    // a process holds it
  std::vector<events::BlobId> unrecorded;  // published; listed until an event names them
  std::uint64_t temporary_files = 0;       // of contents that were not published
  std::uint64_t temporary_bytes = 0;
};

// Every session in which there is something, and changes none. Errors: io (one cannot be read, or
// they come and go too fast). No store, or none that was ever written: no sessions.
events::Result<std::vector<StoreSession>> read_store_sessions(const std::string& root);

}  // namespace ntt::stages
