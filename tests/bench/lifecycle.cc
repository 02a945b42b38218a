// A pipeline of fourteen events, then reruns that skip.

#include "tests/bench/lifecycle.h"

#include "events/hash.h"
#include "events/payload.h"

namespace ntt::tests {

using events::NewEvent;
using events::Sequence;

namespace {

template <class Payload>
void put(NewEvent& event, const Payload& payload, Sequence cause = {}) {
  event.type = Payload::kType;
  event.version = Payload::kVersion;
  event.data = events::to_data(payload);
  event.cause = cause;
}

events::EnumSuccess enumerated(Sequence start, const events::SourceInfo& source) {
  events::EnumSuccess done;
  done.manifest = start.value;
  done.manifest_digest = std::string(64, 'd');
  done.source = source;
  done.entries = 12345;
  done.bytes = 9876543210;
  done.batches = 2;
  for (std::uint32_t i = 1; i <= 2; ++i) {
    events::VolumeOutcome& volume = done.volumes.emplace_back();
    volume.volume = i;
    volume.offset = i * 1048576;
    volume.length = 500000000;
    volume.table = "dos";
    volume.filesystem = "ext4";
    volume.outcome = "enumerated";
    volume.time_basis = "utc";
  }
  return done;
}

void put_first_run(NewEvent& event, std::size_t index, const events::SourceInfo& source,
                   const std::vector<Sequence>& seq_of) {
  events::MediumIdentified facts;
  events::LoadSuccess loaded;
  events::CopyStart copying;
  events::CopySuccess copied;
  events::VerifySuccess verified;
  switch (index) {
    case 0:
      return put(event, events::PipelineStart{source, {"ntt", "run"}, "verify", false});
    case 1:
      facts.recipe = "ntt/v1";
      facts.inputs = {"size=1000204886016", "head=" + std::string(64, 'a')};
      facts.medium_human = "disk";
      facts.source = source;
      facts.size = 1000204886016;
      return put(event, facts);
    case 2:
      return put(event, events::EnumStart{});
    case 3:
      return put(event, enumerated(seq_of[2], source), seq_of[2]);
    case 4:
      return put(event, events::LoadStart{seq_of[2].value, std::string(64, 'e')});
    case 5:
      loaded.generation = 1;
      loaded.load = seq_of[4].value;
      loaded.manifest = seq_of[2].value;
      loaded.manifest_digest = std::string(64, 'd');
      loaded.path_count = 12345;
      return put(event, loaded, seq_of[4]);
    case 6:
      copying.generation = 1;
      copying.load = seq_of[5].value;
      copying.source = source;
      return put(event, copying);
    case 7:
      copied.generation = 1;
      copied.load = seq_of[5].value;
      copied.files = 10000;
      return put(event, copied, seq_of[6]);
    case 8:
      return put(event, events::ArchiveStart{source.path, {"/archives/disk.tar.zst"}});
    case 9:
      return put(event, events::ArchiveSuccess{}, seq_of[8]);
    case 10:
      return put(event, events::VerifyStart{});
    case 11:
      verified.copy = seq_of[7].value;
      verified.checked = 10000;
      return put(event, verified, seq_of[10]);
    case 12:
      return put(event, events::PipelineDone{{{"copy", "success"}, {"enum", "success"}}});
    default:
      return put(event, events::MediumLabelled{"box 4"});
  }
}

void put_rerun(NewEvent& event, std::size_t index, const events::SourceInfo& source) {
  events::LoadSkip skip;
  skip.reason = "already_done";
  skip.message = "the work is done";
  switch (index % 8) {
    case 0:
      return put(event, events::PipelineStart{source, {"ntt", "run"}, "verify", false});
    case 1: {
      events::EnumSkip enum_skip;
      enum_skip.reason = skip.reason;
      return put(event, enum_skip);
    }
    case 6:
      return put(event, events::PipelineDone{{{"copy", "skip"}, {"enum", "skip"}}});
    case 7:
      return put(event, events::Note{"looked at again"});
    default:
      return put(event, skip);
  }
}

}  // namespace

std::string synthetic_medium(std::uint64_t number) {
  return events::Blake3::of(std::to_string(number)).hex().substr(0, 32);
}

NewEvent lifecycle_event(std::uint64_t number, std::size_t index, std::int64_t micros,
                         const std::vector<Sequence>& seq_of) {
  constexpr std::size_t kFirstRun = 14;
  NewEvent event;
  const auto digest = events::Sha256::of(std::to_string(number) + "/" + std::to_string(index));
  event.id = *events::EventId::from_bytes(digest.view().substr(0, 16));
  event.run = *events::RunId::from_bytes(digest.view().substr(16, 16));
  event.medium = {synthetic_medium(number)};
  event.occurred_at = {micros};
  event.actor = {"archive-host", "archivist", "ntt 0.1.0"};
  const events::SourceInfo source{"image", {"/images/" + event.medium.text + ".img"}};
  if (index < kFirstRun) {
    put_first_run(event, index, source, seq_of);
  } else {
    put_rerun(event, index, source);
  }
  return event;
}

}  // namespace ntt::tests
