// The copy batches of the log, by the index of types.

#include "tools/ntt/blob_claims.h"

#include <map>
#include <string>

#include "events/batch.h"
#include "events/payload.h"
#include "events/retractions.h"

namespace ntt::tools {

using events::CopyOutcome;
using events::Event;
using events::Sequence;
using events::Status;

namespace {

// By medium: what is retracted, and by what.
using RetractedByMedium = std::map<std::string, std::map<std::uint64_t, std::uint64_t>>;

// A scan whose visit can fail.
Status scan_type(const events::Log& log, const char* type, Sequence first, Sequence last,
                 const std::function<Status(const Event&)>& visit) {
  events::Filter filter;
  filter.types = {type};
  filter.first = first;
  filter.last = last;
  Status status;
  auto scanned = log.scan(filter, [&](const Event& event) {
    status = visit(event);
    if (!status) {
      status = std::move(status).error().within("event " + std::to_string(event.seq.value));
    }
    return status.has_value();
  });
  return scanned ? std::move(status) : scanned;
}

events::Result<RetractedByMedium> read_retracted(const events::Log& log, Sequence last) {
  std::map<std::string, events::Retractions> streams;
  auto read = scan_type(log, events::Retraction::kType, Sequence{1}, last, [&](const Event& event) {
    streams[event.medium.text].add(event);
    return Status();
  });
  if (!read) return std::move(read).error();
  RetractedByMedium retracted;
  for (const auto& [medium, retractions] : streams) retracted[medium] = retractions.in_force();
  return retracted;
}

}  // namespace

Status visit_blob_claims(
    const events::Log& log, Sequence first, Sequence last,
    const std::function<Status(const BlobClaim&)>& visit,
    const std::function<void(const Event&, const events::Error&)>& unreadable) {
  auto retracted = read_retracted(log, last);
  if (!retracted) return std::move(retracted).error();
  return scan_type(
      log, events::CopyBatchData::kType, first, last, [&](const Event& event) -> Status {
        const auto of_medium = retracted->find(event.medium.text);
        const bool counts =
            of_medium == retracted->end() || !of_medium->second.contains(event.seq.value);
        auto attachment = event.has_attachment() ? log.attachment(event.seq)
                                                 : events::Result<std::string>(std::string());
        if (!attachment) return std::move(attachment).error();
        auto batch = events::decode_copy_batch(*attachment);
        if (!batch) {
          if (counts) unreadable(event, batch.error());
          return {};
        }
        for (const events::CopyRecord& record : batch->records) {
          if (record.outcome != CopyOutcome::copied && record.outcome != CopyOutcome::duplicate) {
            continue;
          }
          auto visited = visit({record.blob, record.size_read, event.seq.value, !counts});
          if (!visited) return visited;
        }
        return {};
      });
}

}  // namespace ntt::tools
