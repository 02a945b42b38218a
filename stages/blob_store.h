// BlobStore keeps each content once, under its BLAKE3: `<root>/aa/bb/<64 hex>`, mode 0444.
//
// Contents arrive in groups. Writers put the group's new contents under temporary names on the same
// file system; publish() makes their bytes durable and then gives them their names, never in the
// place of a file that is there; the names are durable after the next publish() or sync(). Only
// then may the log name them, and recorded() tells the store that it does. So one sync serves two
// groups, and the log never claims what the disk may lose.
//
// A process that dies leaves a session directory under `<root>/.tmp`. The next open() removes its
// temporary files and takes over its list of blobs that have a name but that no event names yet:
// to the run that comes upon them they are new, as if the dead process had never been.

#pragma once

#include <sys/types.h>

#include <atomic>
#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "events/hash.h"
#include "events/types.h"
#include "stages/file_descriptor.h"

namespace ntt::stages {

using events::BlobId;
using events::Result;
using events::Status;

// Where the blob is below the store's root: "aa/bb/<64 hex>".
std::string blob_path(const BlobId& id);

// What became of one content.
struct Deposit {
  BlobId id;
  bool fresh = false;  // no event named it before this group: it came with this group
};

// Writers work in threads of their own. Everything else is called by one thread at a time, and
// close_group() while no writer is at work. Errors: io (the store as a whole cannot go on;
// failure_word() says how), conflict (a file of another size has the blob's name) and invalid (the
// file system takes no file so large), which concern one content only.
class BlobStore {
 public:
  // Creates the root when it is absent.
  static Result<std::unique_ptr<BlobStore>> open(const std::string& root);
  ~BlobStore();
  BlobStore(const BlobStore&) = delete;
  BlobStore& operator=(const BlobStore&) = delete;

  // Ends a group: `wanted` is what writers reported as fresh and is to be kept; the other contents
  // of the group are dropped. Publishes nothing yet; one closed group at a time.
  Status close_group(std::span<const BlobId> wanted);

  // Publishes the closed group and returns its number, for recorded().
  Result<std::uint64_t> publish();

  // Makes everything published so far durable. Never tried again after a failure.
  Status sync();

  // The log names the blobs of this group now.
  Status recorded(std::uint64_t group);

  // Whether a dead process left blobs that possibly no event names; already_named() takes one out
  // that an event does name.
  [[nodiscard]] bool has_taken_over() const;
  void already_named(const BlobId& id);

  // "no_space", "read_only", ... after an error of kind io.
  [[nodiscard]] std::string failure_word() const;

 private:
  friend class BlobWriter;
  struct Group {
    std::uint64_t number = 0;
    std::set<BlobId> taken_over;  // those of it that a dead process had published
  };

  explicit BlobStore(std::string root) : root_(std::move(root)) {}
  Status open_session();
  Status take_over_dead_sessions();
  Status take_over(const std::string& name);
  Status write_list(const std::string& name, std::span<const BlobId> ids);
  Status give_name(const BlobId& id, const std::string& temporary);
  void remove_temporary_directories(std::uint64_t last_group);
  Status make_directory_for(const BlobId& id);
  Status make_directory(const std::string& path);
  Result<bool> is_present(const BlobId& id, std::uint64_t size);
  events::Error failed(const std::string& what, int error_number);

  std::string root_;
  FileDescriptor root_fd_;
  FileDescriptor session_fd_;  // holds the lock that says: this session's process lives
  std::string session_;
  mode_t umask_ = 0;  // as files made here show it
  std::atomic<std::uint64_t> next_name_{0};
  Group closed_group_;  // the open group's number is one more
  bool sync_failed_ = false;
  std::vector<Group> unrecorded_groups_;

  mutable std::mutex mutex_;  // guards what follows, which writers use too
  std::vector<std::pair<std::uint64_t, std::string>> temporary_directories_;  // group, name
  std::map<BlobId, std::string> staged_;  // of the open group: content -> temporary name
  std::map<BlobId, std::string> closed_;  // of the closed group, until all have their names
  std::set<BlobId> taken_over_;           // published by dead processes, named by no event
  std::bitset<65536> directories_;        // "aa/bb" known to be there
  std::bitset<256> directories_above_;    // "aa" known to be there
  int failure_ = 0;                       // first errno that ended the store
};

// BlobWriter takes one content after the other: begin, write in pieces, then finish or discard.
// One thread; the store must outlive it. What fits into memory is hashed before anything is
// written, so a small duplicate costs no write.
class BlobWriter {
 public:
  explicit BlobWriter(BlobStore& store) : store_(store) {}
  ~BlobWriter() { discard(); }
  BlobWriter(const BlobWriter&) = delete;
  BlobWriter& operator=(const BlobWriter&) = delete;

  void begin();
  Status write(std::string_view bytes);
  Result<Deposit> finish();
  void discard();

 private:
  Status open_directory();
  Status open_temporary();
  Status flush();
  Result<Deposit> stage(const BlobId& id);

  BlobStore& store_;
  events::Blake3 hasher_;
  std::uint64_t size_ = 0;
  std::string buffer_;  // not yet written
  FileDescriptor file_;
  std::uint64_t written_ = 0;  // size of file_
  std::string temporary_;      // its name in the session's directory; empty: none
  // Each writer has a directory of its own for each group: creating files in one and renaming them
  // out of another never wait for each other.
  FileDescriptor directory_;
  std::string directory_name_;
  std::uint64_t directory_group_ = 0;  // 0: none yet
};

}  // namespace ntt::stages
