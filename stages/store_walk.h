// StoreWalk lists what lies in a blob store, in the order of the blobs' ids: 256 shelves, one a
// first byte, each small enough for memory. Reads names and sizes, no contents; changes nothing.

#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "events/result.h"
#include "events/types.h"
#include "stages/file_descriptor.h"

namespace ntt::stages {

inline constexpr unsigned kShelves = 256;

// What lies where a blob has to lie.
struct StoredBlob {
  events::BlobId id;
  std::uint64_t size = 0;
  int error_number = 0;  // EISDIR: not a regular file; else why it could not be examined
};

// Something else in a store. `error_number` 0: it has no business there; `belongs` is where it
// would be a blob, if its name is one's.
struct Stray {
  std::string path;  // below the root
  std::string belongs;
  int error_number = 0;  // a directory that could not be listed
};

struct Shelf {
  std::vector<StoredBlob> blobs;  // by id, each once
  std::vector<Stray> strays;
  std::bitset<256> unlisted;  // by second byte: nothing is known of what is there
};

// Any number of threads may call shelf().
class StoreWalk {
 public:
  // Errors: not_found, io.
  static events::Result<StoreWalk> open(const std::string& root);

  // What lies beside the shelves, but for `.tmp` (store_session.h) and a file system's lost+found.
  [[nodiscard]] const std::vector<Stray>& strays() const { return strays_; }

  // What was there at some moment while it was read; what came or went meanwhile may be missing.
  [[nodiscard]] Shelf shelf(unsigned first_byte) const;

 private:
  StoreWalk() = default;
  FileDescriptor root_;
  std::vector<Stray> strays_;
};

}  // namespace ntt::stages
