// Writes a large log of synthetic media, for measuring what must not grow with the log.
//
//   log_maker DIRECTORY [EVENTS]     default 1000000; DIRECTORY is a home: the log is in its log/
//
// Prints the ids of two media: an ordinary one of 100 events, and one with thousands of batches.
// The media of a group are written in step, so that the events of one are spread over the log.

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "events/batch.h"
#include "events/payload.h"
#include "events/rocks_log.h"
#include "tests/bench/lifecycle.h"

namespace {

using ntt::events::NewEvent;
using ntt::events::Sequence;
using ntt::tests::kLifecycleEvents;

constexpr std::uint64_t kGroupMedia = 500;  // written in step
constexpr std::uint64_t kAppendEvents = kGroupMedia * 20;
constexpr std::uint64_t kBatchesPerAppend = 10;  // of the medium that has many

NewEvent batch_event(std::uint64_t number, std::int64_t micros) {
  NewEvent event = ntt::tests::lifecycle_event(0, kLifecycleEvents + number, micros, {});
  ntt::events::CopyBatchData data;
  data.generation = 1;
  data.count = 1;
  ntt::events::CopyBatch batch;
  batch.records.resize(1);
  auto encoded = ntt::events::encode_copy_batch(batch);
  data.digest = encoded.records_digest.hex();
  event.type = ntt::events::CopyBatchData::kType;
  event.data = ntt::events::to_data(data);
  event.attachment = std::move(encoded.attachment);
  return event;
}

class Maker {
 public:
  Maker(ntt::events::Log& log, std::uint64_t events) : log_(log), target_(events) {}

  ntt::events::Status make() {
    for (std::uint64_t first = 0; appended_ < target_; first += kGroupMedia) {
      std::vector<std::vector<Sequence>> seqs(kGroupMedia);
      for (std::size_t index = 0; index < kLifecycleEvents; ++index) {
        for (std::uint64_t i = 0; i < kGroupMedia; ++i) {
          pending_.push_back(ntt::tests::lifecycle_event(first + i, index, ++micros_, seqs[i]));
          seqs[i].push_back({appended_ + pending_.size()});
        }
        if (pending_.size() < kAppendEvents && index + 1 < kLifecycleEvents) continue;
        for (std::uint64_t i = 0; i < kBatchesPerAppend; ++i) {
          pending_.push_back(batch_event(batches_++, ++micros_));
        }
        if (auto done = append(); !done) return done;
      }
    }
    return {};
  }

 private:
  ntt::events::Status append() {
    auto seqs = log_.append(pending_, {});
    if (!seqs) return std::move(seqs).error();
    appended_ += pending_.size();
    pending_.clear();
    return {};
  }

  ntt::events::Log& log_;
  std::uint64_t target_;
  std::uint64_t appended_ = 0;
  std::uint64_t batches_ = 0;
  std::int64_t micros_ = 1760000000000000;
  std::vector<NewEvent> pending_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "log_maker DIRECTORY [EVENTS]\n");
    return 2;
  }
  const std::filesystem::path home = argv[1];
  const std::uint64_t events = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1000000;
  ntt::events::SystemClock clock;
  auto log = ntt::events::open_rocks_log({home / "log"}, clock);
  auto made = log ? Maker(**log, events).make() : ntt::events::Status(log.error());
  if (!made) {
    std::fprintf(stderr, "%s\n", made.error().message.c_str());
    return 1;
  }
  std::printf("%s\n%s\n", ntt::tests::synthetic_medium(events / kLifecycleEvents / 2).c_str(),
              ntt::tests::synthetic_medium(0).c_str());
  return 0;
}
