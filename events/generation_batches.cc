// Which batch events belong to a generation.

#include "events/generation_batches.h"

#include <set>

#include "events/payload.h"
#include "events/retractions.h"

namespace ntt::events {

namespace {

template <class Payload>
Result<BatchRef> batch_ref(const Event& event, const Payload& data) {
  const auto digest = Blake3Digest::from_hex(data.digest);
  if (!digest) return corrupt_event(event.seq, "its digest is not one");
  return BatchRef{event.seq, event.occurred_at, data.count, *digest};
}

Error unreadable(const Event& event, Error error) {
  return std::move(error).within("event " + std::to_string(event.seq.value) + " (" + event.type +
                                 ")");
}

// Collects the batches of one generation from the events of its medium.
class Collector {
 public:
  explicit Collector(const GenerationRef& ref) : ref_(ref) {}

  void add(const Event& event) {
    const bool is_later = event.seq > ref_.last_batch;
    // A later retraction counts, but what cannot be read there does not matter yet.
    if (!is_later || check_payload(event)) retractions_.add(event);
    if (is_later) return;
    Status added;
    if (event.type == EnumBatchData::kType) added = add_entries(event);
    if (event.type == LoadBatchData::kType) added = add_decisions(event);
    if (event.type == CopyBatchData::kType) added = add_copies(event);
    if (!added) unreadable_.push_back(std::move(added).error());
  }

  // What cannot be read does not matter if it was retracted.
  Result<Batches> take() && {
    const auto retracted = retractions_.retracted();
    if (!retracted) return retracted.error();
    for (const Error& error : unreadable_) {
      if (!retracted->contains(error.event)) return error;
    }
    const auto is_retracted = [&](const BatchRef& batch) {
      return retracted->contains(batch.seq.value);
    };
    std::erase_if(batches_.entries, is_retracted);
    std::erase_if(batches_.decisions, is_retracted);
    for (auto& [attempt, batches] : batches_.copies) std::erase_if(batches, is_retracted);
    return std::move(batches_);
  }

 private:
  Status add_entries(const Event& event) {
    auto data = payload_of<EnumBatchData>(event);
    if (!data) return unreadable(event, std::move(data).error());
    if (data->manifest != ref_.manifest.value) return {};
    auto batch = batch_ref(event, *data);
    if (!batch) return std::move(batch).error();
    batches_.entries.push_back({*batch, {data->volume}, {data->first_ordinal}});
    return {};
  }

  Status add_decisions(const Event& event) {
    auto data = payload_of<LoadBatchData>(event);
    if (!data) return unreadable(event, std::move(data).error());
    if (!ref_.load_start || data->load != ref_.load_start.value) return {};
    auto batch = batch_ref(event, *data);
    if (!batch) return std::move(batch).error();
    batches_.decisions.push_back(*batch);
    return {};
  }

  Status add_copies(const Event& event) {
    auto data = payload_of<CopyBatchData>(event);
    if (!data) return unreadable(event, std::move(data).error());
    if (!ref_.load_success || data->load != ref_.load_success.value) return {};
    auto batch = batch_ref(event, *data);
    if (!batch) return std::move(batch).error();
    batches_.copies[event.cause].push_back(*batch);
    return {};
  }

  GenerationRef ref_;
  Batches batches_;
  Retractions retractions_;
  std::vector<Error> unreadable_;  // each names its event
};

}  // namespace

Result<Batches> collect_batches(const Log& log, const GenerationRef& ref) {
  Filter filter;
  filter.first = ref.manifest;
  filter.last = ref.last;
  filter.medium = ref.medium;
  Collector collector(ref);
  const Status scanned = log.scan(filter, [&](const Event& event) {
    collector.add(event);
    return true;
  });
  if (!scanned) return scanned.error();
  return std::move(collector).take();
}

Error corrupt_event(Sequence seq, std::string_view what) {
  return {Errc::corruption, "event " + std::to_string(seq.value) + ": " + std::string(what),
          seq.value};
}

}  // namespace ntt::events
