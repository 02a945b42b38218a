// CopyGroup: the files between two batch borders, and the threads that read them into the store.

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "events/batch.h"
#include "events/clock.h"
#include "stages/blob_store.h"
#include "stages/source.h"

namespace ntt::stages {

// A file to read.
struct CopyTask {
  events::Ordinal ordinal;
  VolumeIndex volume;
  Entry entry;
};

// What a group achieved: the outcomes of its first files, as many as `records` has.
struct CopiedGroup {
  std::vector<events::CopyRecord> records;
  std::vector<BlobId> fresh;  // new in the store with these records, each once
  std::uint64_t bytes = 0;    // read
  // Set when copying as a whole cannot go on: `error_word` to count by, and what happened.
  std::string error_word;
  std::string error_message;
};

// CopyCrew keeps what its threads need from group to group: a source and a writer each. Called by
// one thread; source and store must outlive it.
class CopyCrew {
 public:
  // Errors: those of Source::clone().
  static Result<CopyCrew> make(Source& source, BlobStore& store, unsigned workers);

  // Reads tasks in order until all are done, `stop` says so (asked before each file, by any
  // thread), or the store or the source cannot go on. `done` is told the bytes of every file.
  CopiedGroup run(const std::vector<CopyTask>& tasks, const std::function<bool()>& stop,
                  const std::function<void(std::uint64_t)>& done);

 private:
  struct Worker {
    Source* source = nullptr;
    std::unique_ptr<Source> own_source;
    std::unique_ptr<BlobWriter> writer;
  };
  struct Work;

  explicit CopyCrew(BlobStore& store) : store_(&store) {}
  static void work(Worker& worker, Work& shared);

  BlobStore* store_;
  std::vector<Worker> workers_;
};

}  // namespace ntt::stages
