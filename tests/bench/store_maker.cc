// Writes a blob store and a log that names its blobs, for measuring `ntt reconcile`.
//
//   store_maker HOME [BLOBS [NAMES]]     default 1000000 blobs, each named once
//
// HOME/log and HOME/by-hash are made. A blob's content is a few bytes and its name their BLAKE3.
// NAMES is how many files of the media hold each blob: the log has that many records of it.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "events/batch.h"
#include "events/emitter.h"
#include "events/hash.h"
#include "events/limits.h"
#include "events/payload.h"
#include "events/rocks_log.h"

namespace {

using ntt::events::BlobId;
using ntt::events::Status;

std::string content_of(std::uint64_t number) {
  return "content of blob " + std::to_string(number) + "\n";
}

BlobId id_of(const std::string& content) {
  return *BlobId::from_bytes(ntt::events::Blake3::of(content).view());
}

bool write_blob(const std::string& store, const std::string& content) {
  const std::string hex = id_of(content).hex();
  const std::string above = store + "/" + hex.substr(0, 2);
  const std::string directory = above + "/" + hex.substr(2, 2);
  const std::string path = directory + "/" + hex;
  int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
  if (file < 0) {
    ::mkdir(above.c_str(), 0755);
    ::mkdir(directory.c_str(), 0755);
    file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
  }
  if (file < 0) return false;
  const bool written =
      ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  return ::close(file) == 0 && written;
}

Status append_batches(ntt::events::Emitter& emitter, std::uint64_t blobs, std::uint64_t names) {
  ntt::events::CopyBatch batch;
  std::uint64_t ordinal = 0;
  const auto append = [&]() -> Status {
    auto encoded = ntt::events::encode_copy_batch(batch);
    ntt::events::CopyBatchData data;
    data.generation = 1;
    data.count = batch.records.size();
    data.digest = encoded.records_digest.hex();
    batch.records.clear();
    auto appended = emitter.emit(data, {}, std::move(encoded.attachment));
    return appended ? Status() : Status(std::move(appended).error());
  };
  for (std::uint64_t i = 0; i < blobs * names; ++i) {
    const std::string content = content_of(i % blobs);
    ntt::events::CopyRecord record;
    record.ordinal = {ordinal++};
    record.outcome =
        i < blobs ? ntt::events::CopyOutcome::copied : ntt::events::CopyOutcome::duplicate;
    record.blob = id_of(content);
    record.size_read = content.size();
    batch.records.push_back(record);
    if (batch.records.size() < ntt::events::kBatchRecordsMax) continue;
    if (auto appended = append(); !appended) return appended;
  }
  return batch.records.empty() ? Status() : append();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "store_maker HOME [BLOBS [NAMES]]\n");
    return 2;
  }
  const std::filesystem::path home = argv[1];
  const std::uint64_t blobs = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1000000;
  const std::uint64_t names = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  std::filesystem::create_directories(home / "by-hash");
  for (std::uint64_t i = 0; i < blobs; ++i) {
    if (write_blob((home / "by-hash").string(), content_of(i))) continue;
    std::fprintf(stderr, "cannot write blob %llu\n", static_cast<unsigned long long>(i));
    return 1;
  }
  ntt::events::SystemClock clock;
  auto log = ntt::events::open_rocks_log({home / "log"}, clock);
  Status made;
  if (log) {
    ntt::events::Emitter emitter(**log, clock, {"00000000000000000000000000000000"},
                                 ntt::events::new_run_id(clock), ntt::events::this_actor());
    made = append_batches(emitter, blobs, names);
  } else {
    made = std::move(log).error();
  }
  if (made) return 0;
  std::fprintf(stderr, "%s\n", made.error().message.c_str());
  return 1;
}
